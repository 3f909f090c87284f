//! What readers do by themselves: they come and go. Looking at a page changes nothing, whoever looks
//! how often: mail programs and scanners fetch every link. A button, or a mail program's own (RFC
//! 8058), does it by POST, and needs no cookie and no script.

mod dress;
mod fields;
mod program;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{MethodRouter, get};

use super::answer::sentence;
use super::serve::{ClientAddress, Live};
use crate::address::masked;
use crate::publish::{Shown, Stop};
use dress::dressed;
use fields::{form, is_in_parts, is_json};

/// The routes of readers, below the path of `[serve] url`.
pub(super) fn routes() -> Router<Live> {
    let join = get(join_page).post(join).options(program::may_ask);
    Router::new()
        .with_or_without_slash("/subscribe", &join)
        .with_or_without_slash("/confirm/{token}", &get(confirm_page).post(confirm))
        .with_or_without_slash("/u/{token}", &get(leave_page).post(leave))
        .with_or_without_slash("/preferences/{token}", &get(preferences_page).post(prefer))
        .with_or_without_slash("/u", &get(dead_page).post(ask_for_links))
        // What a mail program leaves of a link that it breaks.
        .with_or_without_slash("/confirm", &get(dead_page))
        .with_or_without_slash("/preferences", &get(dead_page))
}

/// Whoever copies a link by hand may add a slash, or lose one.
trait Slashes {
    fn with_or_without_slash(self, path: &str, methods: &MethodRouter<Live>) -> Self;
}

impl Slashes for Router<Live> {
    fn with_or_without_slash(self, path: &str, methods: &MethodRouter<Live>) -> Self {
        self.route(path, methods.clone())
            .route(&format!("{path}/"), methods.clone())
    }
}

async fn join_page(State(live): State<Live>) -> Response {
    match live.readers() {
        Some(readers) => dressed(&live, readers.join_page()),
        None => nobody(),
    }
}

async fn join(
    State(live): State<Live>,
    ClientAddress(client): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(readers) = live.readers() else {
        return nobody();
    };
    if is_json(&headers) {
        return program::join(&live, readers, client, &body).await;
    }
    if is_in_parts(&headers) {
        return sentence(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the form as application/x-www-form-urlencoded, or application/json",
        );
    }
    match form(&body) {
        Some(fields) => told(&live, readers.join(&fields, client).await),
        None => too_much(),
    }
}

async fn dead_page(State(live): State<Live>) -> Response {
    match live.readers() {
        Some(readers) => dressed(&live, readers.dead_page()),
        None => nobody(),
    }
}

async fn ask_for_links(
    State(live): State<Live>,
    ClientAddress(client): ClientAddress,
    body: Bytes,
) -> Response {
    match (live.readers(), form(&body)) {
        (Some(readers), Some(fields)) => told(&live, readers.ask_for_links(&fields, client).await),
        (Some(_), None) => too_much(),
        (None, _) => nobody(),
    }
}

async fn confirm_page(State(live): State<Live>, uri: Uri) -> Response {
    match live.readers() {
        Some(readers) => dressed(&live, readers.confirm_page(token(&uri))),
        None => nobody(),
    }
}

async fn confirm(
    State(live): State<Live>,
    ClientAddress(client): ClientAddress,
    uri: Uri,
    body: Bytes,
) -> Response {
    match (live.readers(), form(&body)) {
        (Some(readers), Some(fields)) => {
            told(&live, readers.confirm(token(&uri), &fields, client).await)
        }
        (Some(_), None) => too_much(),
        (None, _) => nobody(),
    }
}

async fn leave_page(State(live): State<Live>, uri: Uri) -> Response {
    match live.readers() {
        Some(readers) => dressed(&live, readers.leave_page(token(&uri))),
        None => nobody(),
    }
}

/// RFC 8058 §3.1: the token is all that counts. What the body says, in which of two forms, and
/// whether it says anything, makes no difference: nobody sends a POST here for another reason.
async fn leave(State(live): State<Live>, uri: Uri) -> Response {
    match live.readers() {
        Some(readers) => told(&live, readers.leave(token(&uri)).await),
        None => nobody(),
    }
}

async fn preferences_page(State(live): State<Live>, uri: Uri) -> Response {
    match live.readers() {
        Some(readers) => told(&live, readers.preferences_page(token(&uri)).await),
        None => nobody(),
    }
}

async fn prefer(State(live): State<Live>, uri: Uri, body: Bytes) -> Response {
    match (live.readers(), form(&body)) {
        (Some(readers), Some(fields)) => told(&live, readers.prefer(token(&uri), &fields).await),
        (Some(_), None) => too_much(),
        (None, _) => nobody(),
    }
}

/// The token as it stands in the address. Nothing is decoded: a genuine one needs none of that.
fn token(uri: &Uri) -> &str {
    let path = uri.path();
    let path = path.strip_suffix('/').unwrap_or(path);
    path.rsplit('/').next().unwrap_or_default()
}

fn told(live: &Live, shown: Result<Shown, Stop>) -> Response {
    match shown {
        Ok(shown) => dressed(live, shown),
        Err(stop) => {
            note(&stop);
            live.readers()
                .map_or_else(nobody, |readers| dressed(live, readers.later_page()))
        }
    }
}

/// The ledger cannot be written now; it may be in a while.
fn note(stop: &Stop) {
    let told = masked(&stop.to_string());
    tracing::warn!("a reader's request could not be written down: {told}");
}

fn too_much() -> Response {
    sentence(
        StatusCode::PAYLOAD_TOO_LARGE,
        "this is more than a form can hold",
    )
}

fn nobody() -> Response {
    sentence(StatusCode::NOT_FOUND, "there is nothing at this address")
}
