//! The live server: the archive and the feeds from memory, and the routes of readers.

mod client;
mod live;
mod site;

use std::io;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use url::Url;

use super::answer::{HTML, media_type_of, sentence};
use super::readers;
use crate::config::{Environment, is_loopback};
use crate::diagnostic::Diagnostic;
use crate::publish::{Publication, Stop};
use client::client_address;
use site::{Shelf, Site};

pub(super) use client::ClientAddress;
pub(super) use live::Live;

/// The folder that `build` writes.
const PUBLIC: &str = "public";

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    live: Live,
}

impl Server {
    /// Reads what is served, and listens; at `listen`, if that is given, instead of where the
    /// settings say.
    pub async fn bind(
        publication: &Publication,
        environment: Environment,
        listen: Option<SocketAddr>,
    ) -> Result<Self, Stop> {
        refuse_unsafe_addresses(publication)?;
        let wanted = listen.unwrap_or(publication.config.serve.listen);
        let listener = TcpListener::bind(wanted)
            .await
            .map_err(|error| cannot_listen(wanted, &error))?;
        let address = listener
            .local_addr()
            .map_err(|error| cannot_listen(wanted, &error))?;
        let shelf = Shelf::default();
        let base = path_of(&publication.config.base_url);
        shelf.put(Site::read(&publication.folder.join(PUBLIC), &base));
        Ok(Self {
            listener,
            address,
            live: Live::new(publication, environment, shelf),
        })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Answers until `stopped`, and then ends what it has begun.
    pub async fn run(self, stopped: impl Future<Output = ()> + Send + 'static) -> Result<(), Stop> {
        let router = router(self.live).into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, router)
            .with_graceful_shutdown(stopped)
            .await
            .map_err(|error| Diagnostic::error("the server ended").cause(error).into())
    }
}

fn router(live: Live) -> Router {
    let below = live
        .config()
        .serve
        .url
        .as_deref()
        .map_or_else(|| "/".to_owned(), path_of);
    let routes = readers::routes().route("/healthz", get(healthz));
    let mounted = match below.trim_end_matches('/') {
        "" => routes,
        below => Router::new().nest(below, routes),
    };
    mounted
        .fallback(file)
        .layer(middleware::from_fn_with_state(live.clone(), introduce))
        .with_state(live)
}

/// Tells the routes where a request comes from.
async fn introduce(
    State(live): State<Live>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let trusted = &live.config().serve.trusted_proxies;
    let address = client_address(peer.ip(), request.headers(), trusted);
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

/// `healthz`: whether readers are served.
async fn healthz(State(live): State<Live>) -> Response {
    let looked = tokio::task::spawn_blocking(move || live.publication().is_ok()).await;
    match looked {
        Ok(true) => sentence(StatusCode::OK, "ok"),
        _ => sentence(StatusCode::SERVICE_UNAVAILABLE, "publication"),
    }
}

async fn file(State(live): State<Live>, request: Request) -> Response {
    let path = request.uri().path();
    match live.shelf().site().file(path) {
        Some(bytes) => {
            let media_type = if path.ends_with('/') {
                HTML
            } else {
                media_type_of(path)
            };
            ([(CONTENT_TYPE, media_type)], bytes).into_response()
        }
        None => sentence(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
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
