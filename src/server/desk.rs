//! The server of `desk`: one page for the author's own browser, and the part of it that changes.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::get;
use data_encoding::HEXLOWER;
use tokio::net::TcpListener;

use super::answer::{HTML, answer, sentence};
use super::listen_on_loopback;
use super::local::{LocalPages, guard};
use crate::diagnostic::Diagnostic;
use crate::overview::{Overview, OverviewPage};
use crate::publish::{Outlook, fill_random};

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct DeskServer {
    listener: TcpListener,
    address: SocketAddr,
    shared: Shared,
}

#[derive(Debug, Clone)]
struct Shared {
    outlook: Arc<Mutex<Outlook>>,
    page: Arc<OverviewPage>,
}

impl DeskServer {
    /// Listens on this machine alone; port 0 takes any free one.
    pub async fn bind(outlook: Outlook, port: u16) -> Result<Self, Diagnostic> {
        let (listener, address) = listen_on_loopback(port).await?;
        Ok(Self {
            listener,
            address,
            shared: Shared {
                outlook: Arc::new(Mutex::new(outlook)),
                page: Arc::new(OverviewPage::new()?),
            },
        })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until `stopped`.
    pub async fn run(
        self,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Diagnostic> {
        let pages = LocalPages {
            address: self.address,
            name: "desk",
        };
        let router = Router::new()
            .route("/", get(page))
            .route("/content", get(content))
            .fallback(async || sentence(StatusCode::NOT_FOUND, "there is nothing at this address"))
            .layer(middleware::from_fn_with_state(pages, guard))
            .with_state(self.shared);
        tokio::select! {
            () = stopped => Ok(()),
            ended = async { axum::serve(self.listener, router).await } => {
                ended.map_err(|error| Diagnostic::error("the desk ended").cause(error))
            }
        }
    }
}

/// `/`: everything.
async fn page(State(shared): State<Shared>) -> Response {
    let made = shared.look(|page, overview| {
        let mut random = [0_u8; 16];
        fill_random(&mut random)?;
        let nonce = HEXLOWER.encode(&random);
        let written = page.write(overview, &nonce)?;
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Ok((written, policy))
    });
    told(made.await)
}

/// `/content`: what changes of it.
async fn content(State(shared): State<Shared>) -> Response {
    let made = shared.look(|page, overview| {
        let written = page.write_content(overview)?;
        Ok((written, "default-src 'none'".to_owned()))
    });
    told(made.await)
}

impl Shared {
    /// Looks at the publication, away from the threads that answer.
    async fn look(
        &self,
        write: impl FnOnce(&OverviewPage, &Overview) -> Result<(String, String), Diagnostic>
        + Send
        + 'static,
    ) -> Result<(String, String), Diagnostic> {
        let shared = self.clone();
        let looked = tokio::task::spawn_blocking(move || {
            // A panic during a look leaves nothing half-done that the next one could see.
            let mut outlook = shared
                .outlook
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let overview = outlook.look();
            write(&shared.page, &overview)
        });
        looked
            .await
            .map_err(|error| Diagnostic::error("the desk could not look").cause(error))?
    }
}

fn told(made: Result<(String, String), Diagnostic>) -> Response {
    match made {
        Ok((body, policy)) => answer(StatusCode::OK, HTML, &policy, body),
        Err(problem) => sentence(StatusCode::INTERNAL_SERVER_ERROR, problem.render(false)),
    }
}
