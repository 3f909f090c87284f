//! `healthz`: whether readers are served and the rounds are made.

use chrono::TimeDelta;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::Response;

use super::live::Live;
use crate::server::answer::sentence;

/// The rounds look every few seconds, also while they mail. Who did not look for this long, and is
/// neither writing pages nor telling the author, is dead.
const LONGEST_ABSENCE: TimeDelta = TimeDelta::minutes(2);

/// `/healthz`: 200 and `ok`, or 503 and what is wrong, in a word.
pub(super) async fn healthz(State(live): State<Live>) -> Response {
    let (status, word) = match what_is_wrong(&live).await {
        None => (StatusCode::OK, "ok"),
        Some(word) => (StatusCode::SERVICE_UNAVAILABLE, word),
    };
    let mut answer = sentence(status, word);
    let fields = answer.headers_mut();
    fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

async fn what_is_wrong(live: &Live) -> Option<&'static str> {
    if live.shelf().site().is_empty() {
        return Some("site");
    }
    if live.vitals().await.is_err() {
        return Some("ledger");
    }
    let rounds = live.rounds().now();
    let looked = rounds.looked_at.unwrap_or_else(|| live.began());
    let is_absent = live.clock().now() - looked > LONGEST_ABSENCE;
    (is_absent && !rounds.is_occupied).then_some("rounds")
}
