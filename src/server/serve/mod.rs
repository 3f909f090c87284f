//! The live server: the archive and the feeds from memory, and the routes of readers.

mod answering;
mod client;
mod conditions;
mod connection;
mod counters;
mod crew;
mod descriptors;
mod encoding;
mod follow;
mod front;
mod health;
mod limits;
mod live;
mod log;
mod metrics;
mod payload;
mod polls;
mod pulse;
mod range;
mod site;
mod stream;
mod turnstile;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::routing::get;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use url::Url;

use super::readers;
use crate::config::is_loopback;
use crate::diagnostic::Diagnostic;
use crate::publish::{Publication, Readers, RoundsView, Stop};
use crew::Crew;
use front::{Front, NoRoute};
use site::{Manner, Shelf, Site};

pub use limits::Limits;

pub(super) use client::ClientAddress;
pub(super) use live::Live;

/// The folder that `build` writes.
const PUBLIC: &str = "public";

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    crew: Crew,
    live: Live,
}

impl Server {
    /// Reads what is served, and listens; at `listen`, if that is given, instead of where the
    /// settings say.
    pub async fn bind(
        publication: &Publication,
        rounds: RoundsView,
        listen: Option<SocketAddr>,
        limits: Limits,
    ) -> Result<Self, Stop> {
        refuse_unsafe_addresses(publication)?;
        let wanted = listen.unwrap_or(publication.config.serve.listen);
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| cannot_listen(wanted, &error))?;
        let address = listener
            .local_addr()
            .map_err(|error| cannot_listen(wanted, &error))?;
        let folder = publication.folder.join(PUBLIC);
        let manner = Manner::new(&publication.config, publication.clock);
        let site = Site::read(&folder, &manner, &Site::default())
            .map_err(|error| Diagnostic::error("cannot read `public/`").cause(error))?;
        let shelf = Shelf::default();
        shelf.put(site);
        let crew = Crew::gather().map_err(|error| {
            Diagnostic::error("cannot start the threads that answer").cause(error)
        })?;
        let live = Live::new(publication, rounds, limits, shelf);
        follow::follow(folder, manner, &live);
        Ok(Self {
            listener,
            address,
            crew,
            live,
        })
    }

    /// Lets readers come and go by themselves.
    pub fn admit(&self, readers: Arc<Readers>) {
        self.live.admit(readers);
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until `stopped`, and then ends what it has begun.
    pub async fn run(self, stopped: impl Future<Output = ()>) {
        descriptors::raise(self.live.limits());
        let routes = TowerToHyperService::new(router(self.live.clone()));
        let live = self.live.clone();
        let front = move |peer, pulse| Front {
            live: live.clone(),
            routes: routes.clone(),
            peer,
            pulse,
        };
        let polls = tokio::spawn(record_polls(self.live.clone()));
        connection::accept(self.listener, self.crew, self.live.clone(), front, stopped).await;
        polls.abort();
        // What was counted since the last minute.
        let live = self.live;
        let _ = tokio::task::spawn_blocking(move || live.record_polls()).await;
    }
}

/// Writes down who polled the feeds, once a minute.
async fn record_polls(live: Live) {
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    // The first one comes at once.
    minutes.tick().await;
    loop {
        minutes.tick().await;
        let live = live.clone();
        let _ = tokio::task::spawn_blocking(move || live.record_polls()).await;
    }
}

fn router(live: Live) -> Router {
    let below = live
        .config()
        .serve
        .url
        .as_deref()
        .map_or_else(|| "/".to_owned(), path_of);
    let routes = readers::routes()
        .route("/healthz", get(health::healthz))
        .route("/metrics", get(metrics::metrics));
    let mounted = match below.trim_end_matches('/') {
        "" => routes,
        below => Router::new().nest(below, routes),
    };
    mounted
        .fallback(no_route)
        .layer(DefaultBodyLimit::max(live.limits().body_bytes))
        .with_state(live)
}

/// What is none of the routes may be a file.
async fn no_route() -> Response {
    let mut answer = Response::default();
    answer.extensions_mut().insert(NoRoute);
    answer
}

/// The path of an address of ours, which ends with a slash.
fn path_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "/".to_owned(), |url| url.path().to_owned())
}

/// Pages that readers trust with their address go over https. On this machine they need not; a proxy
/// in front has the certificate.
fn refuse_unsafe_addresses(publication: &Publication) -> Result<(), Diagnostic> {
    let base_url = &publication.config.base_url;
    let is_safe = Url::parse(base_url)
        .is_ok_and(|url| url.scheme() == "https" || url.host_str().is_some_and(is_loopback));
    if is_safe {
        return Ok(());
    }
    Err(Diagnostic::error("`base_url` must be an https address for `serve`")
        .cause(format!("it is `{base_url}`"))
        .hint("write it as `https://letters.example.org/`; a proxy in front of `serve` has the certificate, see docs/serving.md"))
}

fn cannot_listen(wanted: SocketAddr, error: &io::Error) -> Diagnostic {
    let problem = Diagnostic::error(format!("cannot listen on {wanted}")).cause(error);
    let port = wanted.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => problem.hint(format!(
            "another program listens there: `ss -ltnp 'sport = :{port}'` tells which; choose another port with `--listen` or `[serve] listen`"
        )),
        io::ErrorKind::PermissionDenied => problem.hint(
            "ports below 1024 belong to the system: listen on another one, and let a proxy pass requests on",
        ),
        io::ErrorKind::AddrNotAvailable => problem.hint(
            "this machine does not have that address: `ip address` shows those it has; 127.0.0.1 is always there",
        ),
        _ => problem,
    }
}
