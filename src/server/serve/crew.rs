//! The threads that answer, one for each core. A connection stays with the thread that it was given to,
//! so that what a core has at hand of it is not fetched by another one for the next request.

use std::io;
use std::thread;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// All threads. They end when this goes out of scope, and their connections with them.
#[derive(Debug)]
pub(super) struct Crew {
    members: Vec<Member>,
    /// Whose turn it is.
    next: usize,
}

#[derive(Debug)]
struct Member {
    runtime: Handle,
    /// Held as long as the thread is to run.
    _stay: oneshot::Sender<()>,
}

impl Crew {
    /// Starts the threads.
    pub(super) fn gather() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let members = (0..count).map(|_| Member::start());
        Ok(Self {
            members: members.collect::<io::Result<_>>()?,
            next: 0,
        })
    }

    /// Gives a connection to the thread whose turn it is. One that breaks on the way is the peer's loss.
    pub(super) fn give<F>(
        &mut self,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        // It leaves the runtime that took it in, for another one to look after.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let turn = self.next % self.members.len();
        self.next = turn + 1;
        if let Some(member) = self.members.get(turn) {
            member.runtime.spawn(async move {
                if let Ok(stream) = TcpStream::from_std(stream) {
                    serve(stream).await;
                }
            });
        }
    }
}

impl Member {
    fn start() -> io::Result<Self> {
        // The thread that looks for news of a connection is the one that answers it.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stay, left) = oneshot::channel();
        thread::Builder::new()
            .name("answers".to_owned())
            .spawn(move || drop(runtime.block_on(left)))?;
        Ok(Self {
            runtime: handle,
            _stay: stay,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::time::Duration;

    use tokio::net::TcpListener;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn each_thread_has_its_share_and_what_is_open_ends_with_the_crew() {
        let mut crew = Crew::gather().unwrap();
        let threads = crew.members.len();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (told, mut heard) = mpsc::unbounded_channel();
        for _ in 0..2 * threads {
            let _client = TcpStream::connect(address).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let told = told.clone();
            crew.give(stream, move |_stream| async move {
                told.send(thread::current().id()).unwrap();
                std::future::pending::<()>().await;
            });
        }
        drop(told);
        let mut shares = HashMap::new();
        for _ in 0..2 * threads {
            *shares.entry(heard.recv().await.unwrap()).or_insert(0) += 1;
        }
        assert_eq!(shares.len(), threads);
        assert!(shares.values().all(|share| *share == 2), "{shares:?}");
        drop(crew);
        let ended = tokio::time::timeout(Duration::from_secs(30), heard.recv());
        assert_eq!(ended.await, Ok(None));
    }
}
