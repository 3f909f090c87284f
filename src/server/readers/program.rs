//! Requests to join in JSON, from a page of another site or from a program. The same is asked of
//! them, and the same is told.

use core::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::dress::{come_back, status_of, unkept};
use super::note;
use crate::publish::{PageKind, Readers};
use crate::readers::request::{EMAIL, FormFields, MOST_FIELDS, NAME, STAMP, TAG, TRAP};
use crate::server::answer::answer;
use crate::server::serve::Live;

/// What a program may send.
#[derive(Debug, Deserialize)]
struct Asked {
    email: String,
    // Programs write nothing as `null` as often as they leave it out.
    name: Option<String>,
    tags: Option<Vec<String>>,
    stamp: Option<String>,
    website: Option<String>,
}

/// Any site may ask for somebody, as any site may have a form: nothing here depends on who is logged
/// in where, and nobody is.
const FIELDS: [(&str, &str); 4] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "POST"),
    ("access-control-allow-headers", "content-type"),
    ("access-control-max-age", "86400"),
];

/// What a browser asks before it sends JSON to another site.
pub(super) async fn may_ask() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let allow = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
    response.headers_mut().insert("allow", allow);
    shared(response)
}

/// Takes a request to join.
pub(super) async fn join(
    live: &Live,
    readers: &Arc<Readers>,
    client: IpAddr,
    body: &[u8],
) -> Response {
    let Some(fields) = fields_of(body) else {
        return unreadable(live);
    };
    match readers.join(&fields, client).await {
        Ok(shown) => said(live, shown.kind),
        Err(stop) => {
            note(&stop);
            said(live, PageKind::Later)
        }
    }
}

fn fields_of(body: &[u8]) -> Option<FormFields> {
    let asked: Asked = serde_json::from_slice(body).ok()?;
    let mut fields = vec![
        (EMAIL.to_owned(), asked.email),
        (NAME.to_owned(), asked.name.unwrap_or_default()),
        (STAMP.to_owned(), asked.stamp.unwrap_or_default()),
        (TRAP.to_owned(), asked.website.unwrap_or_default()),
    ];
    let tags = asked.tags.unwrap_or_default();
    let tags = tags.into_iter().take(MOST_FIELDS);
    fields.extend(tags.map(|tag| (TAG.to_owned(), tag)));
    Some(fields)
}

/// The body is no JSON in UTF-8 (RFC 8259 §8.1), or another one than is asked for.
fn unreadable(live: &Live) -> Response {
    shared(worded(live, StatusCode::BAD_REQUEST, "not-understood"))
}

fn said(live: &Live, kind: PageKind) -> Response {
    let (status, word) = match kind {
        PageKind::Wrong => (status_of(kind), "no-address"),
        PageKind::Later => (status_of(kind), "later"),
        // A program cannot press a button: a person opens the page.
        PageKind::Proof => (StatusCode::FORBIDDEN, "use-the-page"),
        PageKind::Fine | PageKind::Dead => (StatusCode::OK, "look-into-the-mailbox"),
    };
    let response = worded(live, status, word);
    shared(match kind {
        PageKind::Later => come_back(response),
        _ => response,
    })
}

fn worded(live: &Live, status: StatusCode, word: &str) -> Response {
    let page = live.config().serve.url.as_ref();
    let page = page.map(|url| format!("{url}subscribe"));
    let body = serde_json::json!({ "status": word, "page": page }).to_string();
    unkept(answer(
        status,
        "application/json",
        "default-src 'none'",
        body,
    ))
}

fn shared(mut response: Response) -> Response {
    for (name, value) in FIELDS {
        let value = HeaderValue::from_static(value);
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
    response
}
