//! What a page for readers comes with: who may keep it, follow from it, and find it.

use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use url::Url;

use crate::publish::{PageKind, Shown};
use crate::server::answer::{HTML, answer};
use crate::server::serve::Live;

/// Seconds after which one may come back.
const LATER: &str = "3600";

/// Its address may hold a token: nobody keeps the page, and no link from it tells where it was.
const FIELDS: [(&str, &str); 4] = [
    ("referrer-policy", "no-referrer"),
    ("x-robots-tag", "noindex"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

/// The answer with a page.
pub(super) fn dressed(live: &Live, shown: Shown) -> Response {
    let status = status_of(shown.kind);
    let response = answer(status, HTML, &policy(live), shown.html);
    let response = unkept(response);
    match shown.kind {
        PageKind::Later => come_back(response),
        _ => response,
    }
}

/// The status that goes with a page.
pub(super) fn status_of(kind: PageKind) -> StatusCode {
    match kind {
        PageKind::Fine | PageKind::Proof => StatusCode::OK,
        PageKind::Wrong => StatusCode::BAD_REQUEST,
        PageKind::Dead => StatusCode::NOT_FOUND,
        PageKind::Later => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Says when to come back.
pub(super) fn come_back(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(RETRY_AFTER, HeaderValue::from_static(LATER));
    response
}

/// With the fields that keep it from being kept.
pub(super) fn unkept(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in FIELDS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    response
}

/// The stylesheet is the archive's, which may be on another host than the server of readers.
fn policy(live: &Live) -> String {
    let archive = Url::parse(&live.config().base_url)
        .map_or_else(|_| String::new(), |url| url.origin().ascii_serialization());
    format!(
        "default-src 'none'; style-src 'self' {archive}; img-src 'self' {archive} data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
