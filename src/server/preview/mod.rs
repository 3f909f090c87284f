//! The server of `preview`: one page for the author's own browser, and an event when something that
//! it shows was saved.

mod events;
mod faces;
mod follow;
mod pages;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use data_encoding::HEXLOWER;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::answer::sentence;
use super::listen_on_loopback;
use super::local::{LocalPages, guard};
use crate::diagnostic::Diagnostic;
use crate::preview::{Choice, PreviewPage};
use crate::publish::{Desk, Stop, fill_random};

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct PreviewServer {
    listener: TcpListener,
    address: SocketAddr,
    shared: Shared,
    /// What is wrong with watching the folder.
    pub warnings: Vec<Diagnostic>,
}

/// What all answers are made of.
#[derive(Debug, Clone)]
struct Shared {
    desk: Arc<Mutex<Desk>>,
    page: Arc<PreviewPage>,
    /// The revision of the desk; whoever waits for it is told of each change.
    revision: watch::Sender<u64>,
    /// Tells this run from an earlier one on the same port.
    run: Arc<str>,
    /// The issue that was named on the command line.
    named: Option<Arc<str>>,
    address: SocketAddr,
}

impl PreviewServer {
    /// Listens, and follows what is saved in the folder. `named` is the issue that is shown first.
    pub async fn bind(
        folder: &Path,
        desk: Desk,
        named: Option<&str>,
        port: u16,
    ) -> Result<Self, Stop> {
        let (listener, address) = listen_on_loopback(port).await?;
        let mut random = [0_u8; 8];
        fill_random(&mut random)?;
        let shared = Shared {
            revision: watch::Sender::new(desk.revision()),
            desk: Arc::new(Mutex::new(desk)),
            page: Arc::new(PreviewPage::new()?),
            run: HEXLOWER.encode(&random).into(),
            named: named.map(Into::into),
            address,
        };
        let warnings = follow::follow(folder, &shared);
        Ok(Self {
            listener,
            address,
            shared,
            warnings,
        })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until `stopped`.
    pub async fn run(self, stopped: impl Future<Output = ()>) -> Result<(), Diagnostic> {
        let router = router(self.shared);
        tokio::select! {
            // A page that listens for events would keep a graceful end waiting for ever.
            () = stopped => Ok(()),
            ended = async { axum::serve(self.listener, router).await } => {
                ended.map_err(|error| Diagnostic::error("the preview ended").cause(error))
            }
        }
    }
}

fn router(shared: Shared) -> Router {
    let pages = LocalPages {
        address: shared.address,
        name: "preview",
    };
    Router::new()
        .route("/", get(pages::page))
        .route("/events", get(events::events))
        .route("/mail", get(faces::mail))
        .route("/attached", get(faces::attached))
        .route("/entry", get(faces::entry))
        .route("/message.eml", get(faces::message))
        .route("/web/{scheme}/{images}/{stem}/{*path}", get(faces::web))
        .fallback(async || sentence(StatusCode::NOT_FOUND, "there is nothing at this address"))
        .layer(middleware::from_fn_with_state(pages, guard))
        .with_state(shared)
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        // A panic while an issue was made leaves nothing half-done that the next one could see.
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a query asks for; without an issue, the one that was named or is worked on.
    fn choice(&self, query: Option<&str>, desk: &Desk) -> Choice {
        let mut choice = Choice::of_query(query.unwrap_or_default());
        if choice.issue.is_none() {
            let named = self.named.as_deref().map(str::to_owned);
            choice.issue = named.or_else(|| desk.usual());
        }
        choice
    }

    /// The name of the state that the desk shows.
    fn state_of(&self, desk: &Desk) -> String {
        format!("{}-{}", self.run, desk.revision())
    }

    /// Does work that reads files and renders, away from the threads that answer.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &mut Desk) -> T + Send + 'static,
    ) -> Result<T, Response> {
        let shared = self.clone();
        tokio::task::spawn_blocking(move || work(&shared, &mut shared.desk()))
            .await
            .map_err(|_| {
                let told = "this could not be made; what went wrong stands where `preview` runs";
                sentence(StatusCode::INTERNAL_SERVER_ERROR, told)
            })
    }
}
