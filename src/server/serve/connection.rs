//! Connections: let in, watched, and ended.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::crew::Crew;
use super::front::Front;
use super::live::Live;
use super::pulse::{Pulse, Watched};
use super::turnstile::Ticket;

/// After an error of the system, such as no file left to open.
const AFTER_TROUBLE: Duration = Duration::from_millis(100);

/// Lets connections in until `stopped`, then waits for those that are open, as long as the limits say.
pub(super) async fn accept(
    listener: TcpListener,
    mut crew: Crew,
    live: Live,
    front: impl Fn(SocketAddr, Arc<Pulse>) -> Front,
    stopped: impl Future<Output = ()>,
) {
    let (end, ending) = watch::channel(false);
    // Each connection holds a sender: when the last one is gone, nothing is received.
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    tokio::pin!(stopped);
    loop {
        let accepted = tokio::select! {
            () = &mut stopped => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let pulse = Arc::new(Pulse::new());
                let trusted = &live.config().serve.trusted_proxies;
                let is_trusted = trusted.iter().any(|known| known.contains(peer.ip()));
                let entered = live
                    .turnstile()
                    .enter(peer.ip(), is_trusted, &pulse, live.limits());
                let Some(ticket) = entered else {
                    live.counters().turned_away.fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                let connection = Connection {
                    front: front(peer, pulse.clone()),
                    live: live.clone(),
                    pulse,
                    ticket,
                    ending: ending.clone(),
                };
                let open = open.clone();
                crew.give(stream, |stream| async move {
                    connection.run(stream).await;
                    drop(open);
                });
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                warn!("cannot take a connection: {error}");
                tokio::time::sleep(AFTER_TROUBLE).await;
            }
        }
    }
    drop(listener);
    drop(open);
    end.send_replace(true);
    let _ = tokio::time::timeout(live.limits().farewell, all_closed.recv()).await;
}

/// The peer was gone before it was let in.
fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

struct Connection {
    front: Front,
    live: Live,
    pulse: Arc<Pulse>,
    ticket: Ticket,
    ending: watch::Receiver<bool>,
}

impl Connection {
    async fn run(mut self, stream: TcpStream) {
        // An answer is written at once; nothing is gained by waiting for more of it.
        let _ = stream.set_nodelay(true);
        let limits = *self.live.limits();
        let stream = TokioIo::new(Watched::new(stream, self.pulse.clone()));
        let connection = http1::Builder::new()
            .max_header_size(limits.head_bytes)
            .max_headers(limits.head_fields)
            .max_buf_size(limits.head_bytes)
            // Our own pulse knows more: the time before the first byte, between requests, and how
            // fast an answer is taken.
            .header_read_timeout(None)
            .half_close(false)
            .serve_connection(stream, self.front.clone());
        tokio::pin!(connection);
        let look = sleep_until(Instant::now() + limits.shortest());
        tokio::pin!(look);
        let mut is_ending = false;
        loop {
            tokio::select! {
                // An error is the client's: a request that is none, or a connection that broke.
                _ = &mut connection => return,
                () = &mut look => {
                    let Some(left) = self.pulse.patience(&limits) else {
                        self.live.counters().timed_out.fetch_add(1, Ordering::Relaxed);
                        return;
                    };
                    look.as_mut().reset(Instant::now() + left.min(limits.shortest()));
                }
                () = self.ticket.leave.notified() => return,
                _ = self.ending.changed(), if !is_ending => {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}
