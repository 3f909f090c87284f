//! `metrics`: the server in numbers, as Prometheus reads them (text format 0.0.4). For this machine
//! alone.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::client::DirectPeer;
use super::live::Live;
use crate::publish::Vitals;
use crate::server::answer::{answer, sentence};

/// `/metrics`: for whoever asks from this machine, and not through a proxy.
pub(super) async fn metrics(
    State(live): State<Live>,
    peer: Option<Extension<DirectPeer>>,
) -> Response {
    let is_here = peer.is_some_and(|Extension(peer)| peer.0.to_canonical().is_loopback());
    if !is_here {
        return sentence(StatusCode::NOT_FOUND, "there is nothing at this address");
    }
    // Without the ledger the rest is as true.
    let vitals = live.vitals().await.ok();
    let text = text_of(&live, vitals.as_deref());
    answer(
        StatusCode::OK,
        "text/plain; version=0.0.4; charset=utf-8",
        "default-src 'none'",
        text,
    )
}

fn text_of(live: &Live, vitals: Option<&Vitals>) -> String {
    let mut text = Text::default();
    let counters = live.counters();
    text.family(
        "postrider_http_answers_total",
        "counter",
        "Answers, by what was asked for and the class of their status.",
    );
    for (asked, class, count) in counters.answers() {
        text.line(
            &format!("{{asked=\"{asked}\",status=\"{class}xx\"}}"),
            count,
        );
    }
    text.family(
        "postrider_http_unchanged_total",
        "counter",
        "Answers 304, by what was asked for.",
    );
    for (asked, count) in counters.unchanged() {
        text.line(&format!("{{asked=\"{asked}\"}}"), count);
    }
    let present = live.turnstile().count() as u64;
    text.single(
        "postrider_http_connections",
        "gauge",
        "Open connections.",
        present,
    );
    let turned_away = counters.turned_away.load(Ordering::Relaxed);
    text.single(
        "postrider_http_connections_turned_away_total",
        "counter",
        "Connections that were not let in.",
        turned_away,
    );
    let timed_out = counters.timed_out.load(Ordering::Relaxed);
    text.single(
        "postrider_http_connections_timed_out_total",
        "counter",
        "Connections that were closed because they took too long.",
        timed_out,
    );
    if let Some(vitals) = vitals {
        for (name, help, label, counts) in [
            (
                "postrider_deliveries",
                "Deliveries of issues that are not finished, by state.",
                "state",
                &vitals.deliveries,
            ),
            (
                "postrider_sign_ups",
                "Sign-ups, by state.",
                "state",
                &vitals.sign_ups,
            ),
            (
                "postrider_suppressions",
                "Suppressed addresses, by reason.",
                "reason",
                &vitals.suppressions,
            ),
        ] {
            text.family(name, "gauge", help);
            for (value, count) in counts {
                text.line(&format!("{{{label}=\"{value}\"}}"), *count);
            }
        }
    }
    if let Some(looked) = live.rounds().now().looked_at {
        let seconds = u64::try_from(looked.timestamp()).unwrap_or(0);
        text.single(
            "postrider_rounds_last_look_seconds",
            "gauge",
            "When the rounds last looked at clock and folder, in seconds since 1970.",
            seconds,
        );
    }
    text.text
}

/// The text as it grows.
#[derive(Default)]
struct Text {
    text: String,
    name: &'static str,
}

impl Text {
    /// Begins a family of numbers.
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A number of the family. Labels are words of our own.
    fn line(&mut self, labels: &str, value: u64) {
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }

    fn single(&mut self, name: &'static str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help);
        self.line("", value);
    }
}
