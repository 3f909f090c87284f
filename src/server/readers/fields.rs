//! The body of a form.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use url::form_urlencoded;

use crate::readers::request::{FormFields, MOST_FIELDS};

/// The fields of a form in the usual coding; `None` where there are too many.
pub(super) fn form(body: &[u8]) -> Option<FormFields> {
    let pairs = form_urlencoded::parse(body).take(MOST_FIELDS + 1);
    let fields: FormFields = pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    (fields.len() <= MOST_FIELDS).then_some(fields)
}

/// Whether the body says that it is JSON. A browser asks before it sends that to another site
/// (Fetch §4.8), while it sends a form without asking.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    is_of_type(headers, "application/json")
}

/// Whether the body says that it comes in parts, as a browser sends files (RFC 7578). No form of ours
/// does, and a script that does would hear that it named no address.
pub(super) fn is_in_parts(headers: &HeaderMap) -> bool {
    is_of_type(headers, "multipart/form-data")
}

fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let told = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = told.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(media_type))
}
