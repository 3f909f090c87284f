//! A publication at a glance: what is to come, how far each issue is, how the roster grows, what came
//! back and who polls the feeds. Here are the values, the charts and the page; who gathers the values
//! is `publish`.

mod chart;
mod months;
mod page;

use chrono::NaiveDate;
use serde::Serialize;

use crate::delivery::State;

pub use months::{Month, Months};
pub use page::OverviewPage;

/// Everything that the page shows.
#[derive(Debug, Default)]
pub struct Overview {
    /// Title of the publication; empty if its settings cannot be read.
    pub publication: String,
    /// When it was looked at, on the publication's clocks.
    pub at: String,
    /// The day on which that was.
    pub today: NaiveDate,
    /// Process and machine that send at this moment.
    pub sender: Option<String>,
    /// What a running server does and did last, each in a line.
    pub rounds: Vec<String>,
    /// What needs the author, the gravest first.
    pub notices: Vec<Notice>,
    /// Issues that have their time, and free slots, the earliest first.
    pub coming: Vec<Coming>,
    /// Issues with a plan, the latest first.
    pub issues: Vec<IssueProgress>,
    /// How many issues with a plan are older than those.
    pub older_issues: u64,
    /// The roster.
    pub readers: Readers,
    /// Addresses that failed, by domain and reason, the most frequent first.
    pub failures: Vec<Failures>,
    /// Who polled the feeds during the last seven days, the most frequent first.
    pub polls: Vec<Poller>,
}

/// Something that the author should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// `error` or `warning`.
    pub severity: &'static str,
    /// In plain text.
    pub text: String,
}

/// A line of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Coming {
    /// Seconds since 1970; the order.
    pub instant: i64,
    /// On the publication's clocks, with the weekday.
    pub local: String,
    /// In UTC.
    pub utc: String,
    /// How far away.
    pub away: String,
    /// Title; empty for a free slot.
    pub title: String,
    /// Slug; empty for a free slot.
    pub slug: String,
    /// How many would get it, where that is quickly known; `web only` for one that is not mailed.
    pub readers: String,
}

/// How far an issue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueProgress {
    /// Slug at the time of the plan.
    pub slug: String,
    /// Title at the time of the plan.
    pub title: String,
    /// `sending`, `paused`, `finished`, `cancelled`, or `held` where only doubtful ones are open.
    pub state: String,
    /// When it was planned, on the publication's clocks.
    pub planned_at: String,
    /// For how many.
    pub planned: u64,
    /// How many deliveries are in which state.
    pub counts: Vec<(State, u64)>,
    /// Messages a minute, while it is being sent and two looks have shown it.
    pub a_minute: Option<u64>,
    /// How long the rest takes at this pace.
    pub still: Option<String>,
}

/// The roster, now and in the past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readers {
    /// How many would be mailed if nothing narrowed the audience; `None` where that cannot be read.
    pub now: Option<u64>,
    /// How many were planned for each issue, the oldest first: a short name and the number.
    pub planned: Vec<(String, u64)>,
    /// Who came and who left, by month.
    pub months: Months,
    /// Addresses that are not mailed, by reason.
    pub suppressed: Vec<(String, u64)>,
}

/// Addresses of one domain that failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Failures {
    /// Domain of the recipients; empty where it is not known.
    pub domain: String,
    /// In a word or two.
    pub reason: String,
    /// Enhanced code, where there is one.
    pub status: String,
    /// How many.
    pub count: u64,
}

/// A reader of feeds that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Poller {
    /// Name of the program, as it calls itself.
    pub reader: String,
    /// How often it asked.
    pub polls: u64,
    /// For how many people it says that it asks; `None` if it does not say.
    pub subscribers: Option<u64>,
}
