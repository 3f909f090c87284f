//! From a file and a request to an answer.

use axum::body::{Body, Bytes};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LAST_MODIFIED, LOCATION,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::conditions::{is_another, is_unchanged};
use super::encoding::Accepted;
use super::payload::Payload;
use super::range::{Part, part_of};
use super::site::{Choice, Content, Form, Kind, Stored};
use super::stream::{Cut, open};
use crate::server::answer::TEXT;

/// What a request for a file comes to.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// The answer is there.
    Answer(Response<Payload>),
    /// A part of a file on the disk.
    Stream(&'a Form, Part),
    /// Something must be compressed first.
    Squeeze,
}

/// Answers a GET or HEAD for a file. `now` gives seconds since 1970.
pub(super) fn answer_with<'a>(
    stored: &'a Stored,
    method: &Method,
    headers: &HeaderMap,
    now: impl FnOnce() -> u64,
) -> Found<'a> {
    if let Some(target) = &stored.moved_to {
        return Found::Answer(moved(target.clone()));
    }
    let form = match stored.choose(Accepted::of(headers)) {
        Choice::Ready(form) => form,
        Choice::Squeeze => return Found::Squeeze,
    };
    if is_another(headers, &form.tag, stored.modified) {
        return Found::Answer(plain(
            StatusCode::PRECONDITION_FAILED,
            "this file is not the one that is meant",
        ));
    }
    if is_unchanged(headers, &form.tag, stored.modified, now) {
        let answer = with(
            StatusCode::NOT_MODIFIED,
            &form.dress.unchanged,
            Bytes::new(),
        );
        return Found::Answer(answer);
    }
    let length = match &form.content {
        Content::Memory(bytes) => bytes.len() as u64,
        Content::Disk { stamp, .. } => stamp.length,
    };
    let part = match (stored.kind, form.dress.found.get(LAST_MODIFIED)) {
        // RFC 9110 §14.2: of GET alone a part can be asked for.
        (Kind::Other, Some(date)) if method == Method::GET => {
            part_of(headers, length, &form.tag, date)
        }
        _ => Part::Whole,
    };
    match (&form.content, part) {
        (_, Part::Nothing) => Found::Answer(unsatisfiable(length)),
        (Content::Memory(bytes), Part::Whole) => {
            Found::Answer(with(StatusCode::OK, &form.dress.found, bytes.clone()))
        }
        (Content::Memory(bytes), Part::Bytes(first, last)) => {
            let index = |at: u64| usize::try_from(at).unwrap_or(bytes.len());
            let piece = bytes.slice(index(first)..index(last + 1).min(bytes.len()));
            let mut answer = with(StatusCode::PARTIAL_CONTENT, &form.dress.found, piece);
            tell_part(answer.headers_mut(), first, last, length);
            Found::Answer(answer)
        }
        (Content::Disk { .. }, part) => Found::Stream(form, part),
    }
}

/// Answers with a file that lies on the disk. What was replaced since it was read is not sent under
/// the old tag: the new site is about to be there.
pub(super) async fn stream(form: &Form, part: Part, method: &Method) -> Response<Payload> {
    let Content::Disk { path, stamp } = &form.content else {
        return plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "this file is not on the disk",
        );
    };
    let length = stamp.length;
    let (first, last) = match part {
        Part::Bytes(first, last) => (first, last),
        Part::Whole | Part::Nothing => (0, length.saturating_sub(1)),
    };
    let cut = Cut {
        first,
        length: last + 1 - first,
    };
    let body = match method {
        &Method::HEAD => Some(Body::empty()),
        _ => open(path, *stamp, cut).await,
    };
    let Some(body) = body else {
        let mut answer = plain(
            StatusCode::SERVICE_UNAVAILABLE,
            "this file is being replaced",
        );
        let fields = answer.headers_mut();
        fields.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        return answer;
    };
    let mut answer = Response::new(Payload::Other(body));
    *answer.headers_mut() = form.dress.found.clone();
    let fields = answer.headers_mut();
    fields.insert(CONTENT_LENGTH, HeaderValue::from(cut.length));
    if matches!(part, Part::Bytes(..)) {
        tell_part(fields, first, last, length);
        *answer.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    answer
}

fn with(status: StatusCode, fields: &HeaderMap, body: Bytes) -> Response<Payload> {
    let mut answer = Response::new(Payload::Memory(body));
    *answer.status_mut() = status;
    *answer.headers_mut() = fields.clone();
    answer
}

fn tell_part(fields: &mut HeaderMap, first: u64, last: u64, length: u64) {
    if let Ok(range) = HeaderValue::from_str(&format!("bytes {first}-{last}/{length}")) {
        fields.insert(CONTENT_RANGE, range);
    }
}

/// RFC 9110 §15.5.17.
fn unsatisfiable(length: u64) -> Response<Payload> {
    let mut answer = plain(StatusCode::RANGE_NOT_SATISFIABLE, "this file is shorter");
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{length}")) {
        answer.headers_mut().insert(CONTENT_RANGE, range);
    }
    answer
}

/// To another path of ours, for good (RFC 9110 §15.4.2).
pub(super) fn moved(target: HeaderValue) -> Response<Payload> {
    let mut answer = plain(
        StatusCode::MOVED_PERMANENTLY,
        "this page has another address",
    );
    let fields = answer.headers_mut();
    fields.insert(LOCATION, target);
    fields.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=900"),
    );
    answer
}

/// Only for reading (RFC 9110 §15.5.6).
pub(super) fn not_allowed() -> Response<Payload> {
    let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "this can only be read");
    let fields = answer.headers_mut();
    fields.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

/// There is nothing: the archive's own page says so, where there is one.
pub(super) fn nothing(page: Option<&Stored>, headers: &HeaderMap) -> Response<Payload> {
    let form = page.map(|page| match page.choose(Accepted::of(headers)) {
        Choice::Ready(form) => form,
        Choice::Squeeze => &page.plain,
    });
    let Some(Form {
        content: Content::Memory(bytes),
        dress,
        ..
    }) = form
    else {
        return plain(StatusCode::NOT_FOUND, "there is nothing at this address");
    };
    with(StatusCode::NOT_FOUND, &dress.for_nothing(), bytes.clone())
}

/// Nothing was built yet. 404 would say that the page is gone for good, and who hears that forgets it.
pub(super) fn not_yet() -> Response<Payload> {
    let mut answer = plain(
        StatusCode::SERVICE_UNAVAILABLE,
        "the pages are being made; please come again in a moment",
    );
    let fields = answer.headers_mut();
    fields.insert(RETRY_AFTER, HeaderValue::from_static("5"));
    answer
}

/// A sentence.
pub(super) fn plain(status: StatusCode, text: &'static str) -> Response<Payload> {
    let mut answer = Response::new(Payload::Memory(Bytes::from_static(text.as_bytes())));
    *answer.status_mut() = status;
    let fields = answer.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, TEXT),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    answer
}
