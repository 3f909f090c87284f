//! Answers: a body with its media type and what a browser may do with it.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// HTML.
pub(super) const HTML: &str = "text/html; charset=utf-8";
/// Plain text.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// An answer. Whatever is not said to be allowed to it is not.
pub(super) fn answer(
    status: StatusCode,
    media_type: &str,
    policy: &str,
    body: impl Into<Body>,
) -> Response {
    let mut response = (status, body.into()).into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(CONTENT_TYPE, media_type);
    set(CONTENT_SECURITY_POLICY, policy);
    response
}

/// A sentence for a person.
pub(super) fn sentence(status: StatusCode, text: impl Into<String>) -> Response {
    let mut text = text.into();
    text.push('\n');
    answer(status, TEXT, "default-src 'none'", text)
}

/// What every answer to this machine's own browser has: nothing is kept, nothing is guessed, no other
/// site may use it.
pub(super) fn private(mut response: Response) -> Response {
    const FIELDS: [(&str, &str); 3] = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
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

/// The media type of a file of the archive, by its name.
pub(super) fn media_type_of(path: &str) -> &'static str {
    let (_, ending) = path.rsplit_once('.').unwrap_or_default();
    match ending.to_ascii_lowercase().as_str() {
        "html" => HTML,
        "css" => "text/css; charset=utf-8",
        "txt" => TEXT,
        "xml" => "application/xml; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "pdf" => "application/pdf",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        _ => "application/octet-stream",
    }
}
