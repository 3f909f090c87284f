//! A mail server that keeps everything: each message that reaches it becomes one file of a
//! [Maildir](https://cr.yp.to/proto/maildir.html), with the exact bytes that came.
//!
//! For trying a publication out without mailing anyone. It listens on this machine alone, takes
//! any sender and any recipient, relays nothing, and says "250" only when the message would
//! survive a power cut.
//!
//! ```text
//! Wire (socket) -> Command -> Session -> Unstuffer -> Maildir -> Accepted
//! ```

mod command;
mod directory_sync;
mod incoming;
mod maildir;
mod path;
mod receive;
mod session;
mod subject;
mod turn;
mod unstuff;
mod wire;

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as StdTcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::maildir::Maildir;
use self::session::{Session, Shared};
pub use self::turn::{Arrival, Director, Moment, Says, Then, Turn};

/// What a client may ask of a [`Catcher`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at the same time; one more is told 421 and closed.
    pub connections: usize,
    /// Size of a message, in bytes, as announced by SIZE (RFC 1870).
    pub message_bytes: usize,
    /// Recipients of one message; RFC 5321 §4.5.3.1.8 asks for at least 100.
    pub recipients: usize,
    /// How long a client may be silent; RFC 5321 §4.5.3.2.7 asks for at least five minutes.
    pub idle: Duration,
    /// How long messages under way may take when the server ends.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            message_bytes: 50 * 1024 * 1024,
            recipients: 100,
            idle: Duration::from_mins(5),
            grace: Duration::from_secs(5),
        }
    }
}

/// A message that was stored; its client was told so, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The envelope's sender, empty for the null path.
    pub from: String,
    /// The envelope's recipients, in the order they came; at least one.
    pub to: Vec<String>,
    /// The file in the Maildir's `new/`.
    pub path: PathBuf,
    /// Size of the file, in bytes.
    pub size: usize,
    /// The message's subject as text on one line, if it has one.
    pub subject: Option<String>,
}

/// Why a [`Catcher`] cannot work.
#[derive(Debug, Error)]
pub enum CatchError {
    /// The address can be reached from other machines, and the server takes mail from anyone.
    #[error(
        "cannot listen on `{0}`: only this machine may reach the mail catcher, try `127.0.0.1`"
    )]
    NotLoopback(SocketAddr),
    /// The address is taken, or not this machine's.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder for the messages cannot be used.
    #[error("cannot keep messages in `{}`", maildir.display())]
    Maildir {
        /// The folder.
        maildir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A server that listens, and has not begun to answer.
pub struct Catcher {
    listener: StdTcpListener,
    address: SocketAddr,
    maildir: Maildir,
    limits: Limits,
    director: Option<Arc<dyn Director>>,
}

impl std::fmt::Debug for Catcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Catcher({})", self.address)
    }
}

impl Catcher {
    /// Listens on `address`, which must be a loopback address; port 0 takes any free port. The
    /// folder `maildir` is made if it is not there; what is in it stays.
    pub fn bind(address: SocketAddr, maildir: &Path) -> Result<Self, CatchError> {
        if !address.ip().to_canonical().is_loopback() {
            return Err(CatchError::NotLoopback(address));
        }
        let listen = |source| CatchError::Listen { address, source };
        let listener = StdTcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let maildir = Maildir::open(maildir).map_err(|source| CatchError::Maildir {
            maildir: maildir.to_owned(),
            source,
        })?;
        Ok(Self {
            address: listener.local_addr().map_err(listen)?,
            listener,
            maildir,
            limits: Limits::default(),
            director: None,
        })
    }

    /// The same server with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same server, doing at each moment what the director says.
    #[must_use]
    pub fn directed_by(self, director: Arc<dyn Director>) -> Self {
        let director = Some(director);
        Self { director, ..self }
    }

    /// Where it listens, with the true port.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready, then lets messages that are under way come to their end
    /// for at most [`Limits::grace`].
    ///
    /// `on_accepted` is called once a message, in the task of its connection, after the message
    /// is durable and before its reply leaves: it should be quick.
    pub async fn run(
        self,
        on_accepted: impl Fn(&Accepted) + Send + Sync + 'static,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), CatchError> {
        let address = self.address;
        let listener = TcpListener::from_std(self.listener)
            .map_err(|source| CatchError::Listen { address, source })?;
        let shared = Arc::new(Shared {
            maildir: Arc::new(self.maildir),
            limits: self.limits,
            director: self.director,
            on_accepted: Box::new(on_accepted),
        });
        let (stop, stopping) = watch::channel(false);
        let mut sessions = JoinSet::new();
        tokio::select! {
            () = shutdown => {}
            () = accept_all(&listener, &shared, &stopping, &mut sessions) => {}
        }
        drop(listener);
        stop.send_replace(true);
        let all_ended = async { while sessions.join_next().await.is_some() {} };
        // Whoever is not done by then is cut off: an unfinished message was promised to nobody.
        let _ = tokio::time::timeout(self.limits.grace, all_ended).await;
        Ok(())
    }
}

/// Takes connections for ever.
async fn accept_all(
    listener: &TcpListener,
    shared: &Arc<Shared>,
    stopping: &watch::Receiver<bool>,
    sessions: &mut JoinSet<()>,
) {
    /// A pause after a failed accept, which most often means too many open files.
    const PAUSE: Duration = Duration::from_millis(100);

    let places = Arc::new(Semaphore::new(shared.limits.connections));
    let mut number = 0;
    loop {
        while sessions.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            turn_away(stream).await;
            continue;
        };
        number += 1;
        let (shared, stopping) = (Arc::clone(shared), stopping.clone());
        sessions.spawn(async move {
            let ended = Session::hold(stream, number, shared, stopping).await;
            if let Err(reason) = ended {
                tracing::debug!(%reason, "a connection ended early");
            }
            drop(place);
        });
    }
}

/// Says why, without waiting: a fresh socket has room for one line.
async fn turn_away(mut stream: TcpStream) {
    let _ = stream
        .write_all(b"421 4.3.2 too many connections\r\n")
        .await;
}

#[cfg(test)]
mod tests;
