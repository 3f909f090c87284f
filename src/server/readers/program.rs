//! Requests to join in JSON, from a page of another site or from a program. The same is asked of
//! them, and the same is told.

use core::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::dress::{come_back, status_of, unkept};
use super::not_now;
use crate::publish::{PageKind, Readers};
use crate::readers::request::{EMAIL, FormFields, MOST_FIELDS, NAME, STAMP, TAG, TRAP};
use crate::server::answer::answer;
use crate::server::serve::Live;

/// What a program may send.
#[derive(Debug, Deserialize)]
struct Asked {
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    stamp: String,
    #[serde(default)]
    website: String,
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
        return said(live, PageKind::Wrong);
    };
    match readers.join(&fields, client).await {
        Ok(shown) => said(live, shown.kind),
        Err(stop) => shared(not_now(&stop)),
    }
}

fn fields_of(body: &[u8]) -> Option<FormFields> {
    let asked: Asked = serde_json::from_slice(body).ok()?;
    let mut fields = vec![
        (EMAIL.to_owned(), asked.email),
        (NAME.to_owned(), asked.name),
        (STAMP.to_owned(), asked.stamp),
        (TRAP.to_owned(), asked.website),
    ];
    let tags = asked.tags.into_iter().take(MOST_FIELDS);
    fields.extend(tags.map(|tag| (TAG.to_owned(), tag)));
    Some(fields)
}

fn said(live: &Live, kind: PageKind) -> Response {
    let page = live.config().serve.url.as_ref();
    let page = page.map(|url| format!("{url}subscribe"));
    let (status, word) = match kind {
        PageKind::Wrong => (status_of(kind), "no-address"),
        PageKind::Later => (status_of(kind), "later"),
        // A program cannot press a button: a person opens the page.
        PageKind::Proof => (StatusCode::FORBIDDEN, "use-the-page"),
        PageKind::Fine | PageKind::Dead => (StatusCode::OK, "look-into-the-mailbox"),
    };
    let body = serde_json::json!({ "status": word, "page": page }).to_string();
    let response = unkept(answer(
        status,
        "application/json",
        "default-src 'none'",
        body,
    ));
    shared(match kind {
        PageKind::Later => come_back(response),
        _ => response,
    })
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
