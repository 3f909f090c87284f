//! What a running server does, and what it, a timer or a relay could not do.

use chrono::{DateTime, Utc};

use super::local;
use crate::diagnostic::visible;
use crate::ledger::Ledger;
use crate::overview::{Notice, Overview};
use crate::publish::{Publication, Stop, told_rounds};

/// Relays that are left in peace.
pub(super) fn add_rests(
    publication: &Publication,
    ledger: &mut Ledger,
    now: DateTime<Utc>,
    overview: &mut Overview,
) -> Result<(), Stop> {
    for (relay, rest) in ledger.rests()? {
        if rest.until > now {
            overview.notices.push(Notice {
                severity: "warning",
                text: format!(
                    "{relay} is left in peace until {}: it said {}",
                    local(publication, rest.until),
                    visible(&rest.told)
                ),
            });
        }
    }
    Ok(())
}

/// Whether a server runs, what it did last, and what it or a timer could not do.
pub(super) fn add_rounds_and_troubles(
    publication: &Publication,
    ledger: &mut Ledger,
    now: DateTime<Utc>,
    overview: &mut Overview,
) -> Result<(), Stop> {
    let note = ledger.rounds()?;
    let told = note
        .as_ref()
        .map(|note| told_rounds(note, now, |at| local(publication, at)));
    let mut wrong = told.as_ref().and_then(|told| told.wrong.clone());
    for (teller, troubles) in ledger.troubles()? {
        let at = local(publication, troubles.at);
        for told in &troubles.told {
            let explained = note.as_ref().is_some_and(|note| note.explains(told));
            let reason = wrong.take_if(|_| explained);
            let text = format!("{} ({at}): {}", teller.says(), visible(told));
            overview.notices.push(Notice {
                severity: "error",
                text: reason.unwrap_or(text),
            });
        }
    }
    match told {
        Some(told) if told.are_made => {
            overview.rounds = told.lines;
            overview.rounds.extend(wrong);
        }
        Some(told) => overview.notices.push(Notice {
            severity: "warning",
            text: told
                .lines
                .into_iter()
                .chain(wrong)
                .collect::<Vec<_>>()
                .join("\n"),
        }),
        None => {}
    }
    Ok(())
}
