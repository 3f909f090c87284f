//! Tells the author what readers meet: a flood of requests, during which more is asked of everybody, and
//! mails to readers that no relay takes. Each is told once as long as it lasts.

use super::courier::End;
use crate::address::masked;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Ledger, Teller};
use crate::publish::telling::{Trouble, tell_troubles};
use crate::publish::{Publication, Stop, Tell, Told};
use crate::readers::{Limits, Mood};

/// So often a mail was tried before its waiting is more than a hiccup: a quarter of an hour.
const MANY_TRIES: u32 = 4;

/// What was told, and whom.
pub(super) struct Watch {
    limits: Limits,
    tell: Tell,
    /// The causes that were told last; `None` before the first look, when the ledger may still hold what
    /// was so before a restart.
    told: Option<Vec<String>>,
    /// Why a mail has waited for long, until one goes out.
    waits: Option<String>,
}

impl Watch {
    pub(super) fn new(limits: Limits, tell: Tell) -> Self {
        Self {
            limits,
            tell,
            told: None,
            waits: None,
        }
    }

    /// Says what is wrong.
    pub(super) fn tell(&self, text: &str) {
        (self.tell)(Told::Wrong(text));
    }

    /// Takes note of how a mail fared that was tried `tries` times before.
    pub(super) fn note(&mut self, tries: u32, end: &End) {
        match end {
            End::HandedOver => self.waits = None,
            End::Again(why) if tries >= MANY_TRIES => self.waits = Some(masked(why)),
            End::Again(_) | End::GivenUp => {}
        }
    }

    /// Looks at the requests of the last hour, and tells what is new.
    pub(super) fn look(
        &mut self,
        publication: &Publication,
        ledger: &mut Ledger,
    ) -> Result<(), Stop> {
        let lately = ledger.answers_this_hour(publication.clock.now())?;
        let flood = self.flood(self.limits.mood(lately));
        let waiting = self.waits.as_deref().map(|why| {
            Diagnostic::warning("mails to readers wait: nobody can confirm a sign-up")
                .cause(why)
                .hint("`postrider send --test ADDRESS` tries the relays by hand; what waits goes out by itself when one works")
        });
        let problems = [flood, waiting].into_iter().flatten();
        let troubles: Vec<Trouble> = problems.map(|one| Trouble::in_full(&one)).collect();
        let causes: Vec<String> = troubles.iter().map(|one| one.cause.clone()).collect();
        if self.told.as_ref() == Some(&causes) {
            return Ok(());
        }
        let before = self.told.replace(causes).unwrap_or_default();
        for trouble in &troubles {
            if !before.contains(&trouble.cause) {
                (self.tell)(Told::Wrong(&trouble.line));
            }
        }
        if troubles.is_empty() && !before.is_empty() {
            (self.tell)(Told::Done("sign-ups go on as usual"));
        }
        let relay_answers = self.waits.is_none();
        let tell = self.tell.clone();
        tell_troubles(
            publication,
            Teller::Readers,
            troubles,
            relay_answers,
            &mut |text| tell(Told::Wrong(&masked(text))),
        );
        Ok(())
    }

    fn flood(&self, mood: Mood) -> Option<Diagnostic> {
        let Limits {
            proof_from,
            most_in_hour,
            ..
        } = self.limits;
        let problem = match mood {
            Mood::Open => return None,
            Mood::Proof => Diagnostic::warning(format!(
                "sign-ups caused {proof_from} mails within an hour: everybody is asked for one more click"
            )),
            Mood::Closed => Diagnostic::warning(format!(
                "sign-ups caused {most_in_hour} mails within an hour: nobody can sign up for a while"
            )),
        };
        Some(problem.hint(
            "this ends by itself within an hour; if you told nobody of the newsletter just now, a program is at work, and this is what keeps it from flooding other people's mailboxes",
        ))
    }
}
