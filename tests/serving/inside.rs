//! The server inside the test, with limits of the test's own and without the rounds.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread::JoinHandle;

use postrider::clock::Clock;
use postrider::config::Environment;
use postrider::publish::{Publication, RoundsView};
use postrider::server::{Limits, Server};

use crate::support::DEADLINE;
use crate::support::browser::Browser;
use crate::support::newsroom::Newsroom;

/// A server inside the test.
pub(super) struct Served {
    pub(super) room: Newsroom,
    pub(super) browser: Browser,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    #[track_caller]
    pub(super) fn start(room: Newsroom, limits: Limits) -> Self {
        room.run(["build"]).succeeds();
        Self::start_as_it_is(room, limits)
    }

    /// Serves what is there, and builds nothing before.
    #[track_caller]
    pub(super) fn start_as_it_is(room: Newsroom, limits: Limits) -> Self {
        let publication =
            Publication::open(room.folder(), &Environment::default(), Clock::system()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let bound = Server::bind(&publication, RoundsView::default(), Some(any), limits);
        let server = runtime.block_on(bound).unwrap();
        let port = server
            .url()
            .trim_end_matches('/')
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(server.run(async move {
                let _ = stopped.await;
            }));
        });
        Self {
            room,
            browser: Browser::at(&format!("http://127.0.0.1:{port}/")),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    #[track_caller]
    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.browser.address()).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }

    pub(super) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        }
    }
}
