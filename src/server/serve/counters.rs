//! What the server has done since it began, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::StatusCode;

use super::site::Kind;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Feed,
    Page,
    File,
    /// A route of readers.
    Route,
    Nothing,
}

impl Asked {
    /// All of them with their names, in the order of the counters.
    const ALL: [(Self, &'static str); 5] = [
        (Self::Feed, "feed"),
        (Self::Page, "page"),
        (Self::File, "file"),
        (Self::Route, "route"),
        (Self::Nothing, "nothing"),
    ];
}

impl From<Kind> for Asked {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Feed(_) => Self::Feed,
            Kind::Page => Self::Page,
            Kind::Vector | Kind::Text | Kind::Other => Self::File,
        }
    }
}

/// Answers by what was asked for and by the class of their status.
#[derive(Debug, Default)]
pub(super) struct Counters {
    answers: [[AtomicU64; 5]; 5],
    unchanged: [AtomicU64; 5],
    /// Connections that were not let in.
    pub(super) turned_away: AtomicU64,
    /// Connections that were closed because they took too long.
    pub(super) timed_out: AtomicU64,
}

impl Counters {
    /// Counts an answer.
    pub(super) fn count(&self, asked: Asked, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        let row = asked as usize;
        if let Some(counter) = self.answers.get(row).and_then(|row| row.get(class)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if status == StatusCode::NOT_MODIFIED
            && let Some(counter) = self.unchanged.get(row)
        {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All counts that are not zero: what was asked for, the class of the status, how many.
    pub(super) fn answers(&self) -> Vec<(&'static str, usize, u64)> {
        let rows = Asked::ALL.iter().zip(&self.answers);
        rows.flat_map(|((_, name), row)| {
            let counts = row.iter().zip(1..);
            counts.map(|(count, class)| (*name, class, count.load(Ordering::Relaxed)))
        })
        .filter(|(_, _, count)| *count > 0)
        .collect()
    }

    /// How many answers were "not modified", by what was asked for.
    pub(super) fn unchanged(&self) -> Vec<(&'static str, u64)> {
        let rows = Asked::ALL.iter().zip(&self.unchanged);
        rows.map(|((_, name), count)| (*name, count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect()
    }
}
