//! Pages for this machine's own browser alone.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::Response;

use super::answer::{private, sentence};
use super::host::is_loopback_host;

/// Where such pages are, and what they are called.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocalPages {
    pub(super) address: SocketAddr,
    pub(super) name: &'static str,
}

/// Answers only to a browser that asked for this machine, and keeps what it is told to itself.
pub(super) async fn guard(
    State(pages): State<LocalPages>,
    request: Request,
    next: Next,
) -> Response {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| is_loopback_host(host, pages.address)) {
        let LocalPages { address, name } = pages;
        let told = format!("this {name} answers to http://{address}/ alone");
        return private(sentence(StatusCode::MISDIRECTED_REQUEST, told));
    }
    private(next.run(request).await)
}
