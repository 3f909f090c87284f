//! When an issue goes out.

use chrono::{DateTime, Utc};

use super::{Galley, Rule};
use crate::diagnostic::Diagnostic;

const PAST: Rule = Rule::warning(
    "past-date",
    "the date has passed and the issue was never mailed: `send` holds it",
);
const FAR: Rule = Rule::warning("far-date", "the date is more than a year ahead");
const NIGHT: Rule = Rule::note("night", "the mail goes out between midnight and five");

pub(super) const RULES: &[Rule] = &[PAST, FAR, NIGHT];

/// Days ahead after which a date is more likely a slip.
const YEAR: i64 = 366;

pub(super) fn check(galley: &Galley<'_>, found: &mut Vec<Diagnostic>) {
    let issue = galley.issue;
    if !galley.is_to_be_mailed || galley.goes_out_now {
        return;
    }
    let tell = |problem: Diagnostic| match &galley.front.send_at {
        Some(send_at) => galley.in_front(problem, Some(send_at)),
        None => problem.at(&issue.source, 0..0),
    };
    let now = galley.around.now;
    if is_held(galley) {
        let problem = PAST.found(format!(
            "`{}` was due on {} and was never mailed",
            issue.slug, issue.date
        ));
        found.push(tell(problem).hint(format!(
            "`postrider send {}` mails it, a later date plans it anew, `mail = false` leaves it \
             to the web",
            issue.slug
        )));
    } else if (issue.published - now).num_days() > YEAR {
        let days = (issue.published - now).num_days();
        let problem = FAR.found(format!("`{}` goes out in {days} days", issue.slug));
        found.push(tell(problem).hint("is the year right?"));
    } else if issue.published > now && is_night(galley, issue.published) {
        let problem = NIGHT.found(format!("`{}` goes out at night", issue.slug));
        found.push(tell(problem).hint("set `send_time`, or `send_at` for this issue alone"));
    }
}

/// An issue that is later than `max_lateness` waits until it is named.
fn is_held(galley: &Galley<'_>) -> bool {
    let around = galley.around;
    let late = (around.now - galley.issue.published).to_std();
    late.is_ok_and(|late| late > around.max_lateness)
}

fn is_night(galley: &Galley<'_>, instant: DateTime<Utc>) -> bool {
    let Ok(instant) = jiff::Timestamp::from_second(instant.timestamp()) else {
        return false;
    };
    instant.to_zoned(galley.around.zone.clone()).hour() < 5
}
