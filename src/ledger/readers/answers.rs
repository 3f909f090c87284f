//! Mails that answer readers: those that wait to be handed over, and by which requests are counted.
//! A limit is counted from here, so that no restart forgets it.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;

use super::super::identity::{get, set};
use super::super::planning::instant;
use super::super::store::{Session, read_key};
use super::super::{Ledger, LedgerError};
use super::joining::{Asked, standing};
use super::parse_address;
use crate::address::EmailAddress;
use crate::readers::{Act, Answer, Limits, Recent, SignUp, Turn};
use crate::token::AddressKey;

/// In `meta`: how many requests a limit held back.
const HELD_BACK: &str = "requests_held_back";

/// How long what was answered is counted and kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// A mail that waits to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// Row number.
    pub id: i64,
    /// Keyed hash of the address.
    pub key: AddressKey,
    /// Where it goes.
    pub address: EmailAddress,
    /// Which mail.
    pub answer: Answer,
    /// The request that it answers.
    pub asked: Act,
    /// How often it was tried.
    pub tries: u32,
}

/// A mail on its way into the ledger.
pub(super) struct NewAnswer<'a> {
    key: &'a AddressKey,
    address: Option<&'a EmailAddress>,
    answer: Answer,
    network: &'a str,
    at: DateTime<Utc>,
    from: &'a str,
}

impl<'a> NewAnswer<'a> {
    pub(super) fn to(asked: &'a Asked, answer: Answer) -> Self {
        Self {
            key: &asked.key,
            address: Some(&asked.address),
            answer,
            network: &asked.network,
            at: asked.act.at,
            from: &asked.act.from,
        }
    }

    pub(super) fn welcome(
        sign_up: &'a SignUp,
        network: &'a str,
        at: DateTime<Utc>,
        from: &'a str,
    ) -> Self {
        Self {
            key: &sign_up.key,
            address: sign_up.address.as_ref(),
            answer: Answer::Welcome,
            network,
            at,
            from,
        }
    }
}

impl Ledger {
    /// Writes down a request for a lost link, and the mail that answers it.
    pub fn ask_for_link(&mut self, asked: &Asked, limits: &Limits) -> Result<Turn, LedgerError> {
        self.store
            .write(|session| ask_for_link(session, asked, limits))
    }

    /// The mails whose time has come, oldest first.
    pub fn due_answers(
        &mut self,
        now: DateTime<Utc>,
        most: usize,
    ) -> Result<Vec<AnswerRow>, LedgerError> {
        let sql = "SELECT id, addr_key, address, kind, asked_at, asked_from, tries FROM answer
                    WHERE state = 'due' AND next_at <= $1 AND address IS NOT NULL ORDER BY next_at, id LIMIT $2";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.store.read(|session| {
            session.rows(sql, params![now.timestamp_millis(), most], |row| {
                let kind: String = row.get(3)?;
                Ok(AnswerRow {
                    id: row.get(0)?,
                    key: read_key(row, 1)?,
                    address: parse_address(&row.get::<_, String>(2)?)?,
                    answer: Answer::from_stored(&kind)
                        .ok_or_else(|| LedgerError::Unknown(format!("answer `{kind}`")))?,
                    asked: Act {
                        at: instant(row.get(4)?)?,
                        from: row.get(5)?,
                    },
                    tries: row.get(6)?,
                })
            })
        })
    }

    /// When the next mail is to be tried; `None` while none waits.
    pub fn next_answer_at(&mut self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        let sql = "SELECT min(next_at) FROM answer WHERE state = 'due'";
        let at = self
            .store
            .read(|session| session.first(sql, [], |row| Ok(row.get::<_, Option<i64>>(0)?)))?;
        at.flatten().map(instant).transpose()
    }

    /// The relay took it, or nothing can be done: its address is not needed any more.
    pub fn settle_answer(&mut self, id: i64, handed_over: bool) -> Result<(), LedgerError> {
        let state = if handed_over {
            "handed over"
        } else {
            "given up"
        };
        let sql = "UPDATE answer SET state = $2, tries = tries + 1, address = NULL
                    WHERE id = $1 AND state = 'due'";
        self.store
            .write(|session| session.execute(sql, params![id, state]).map(|_| ()))
    }

    /// It is to be tried again.
    pub fn defer_answer(&mut self, id: i64, until: DateTime<Utc>) -> Result<(), LedgerError> {
        let sql =
            "UPDATE answer SET tries = tries + 1, next_at = $2 WHERE id = $1 AND state = 'due'";
        self.store.write(|session| {
            session
                .execute(sql, params![id, until.timestamp_millis()])
                .map(|_| ())
        })
    }

    /// Whether [`Self::tidy_answers`] or [`Self::forget_unanswered`] would change anything.
    pub fn has_something_to_tidy(
        &mut self,
        now: DateTime<Utc>,
        unanswered: DateTime<Utc>,
    ) -> Result<bool, LedgerError> {
        let sql =
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM answer WHERE asked_at < $1 AND state <> 'due')
                       OR EXISTS (SELECT 1 FROM signup WHERE state = 'asked' AND asked_at < $2)";
        let parameters = params![
            (now - KEPT).timestamp_millis(),
            unanswered.timestamp_millis()
        ];
        self.store
            .read(|session| Ok(session.first(sql, parameters, |_| Ok(()))?.is_some()))
    }

    /// Deletes what is settled and no limit counts any more.
    pub fn tidy_answers(&mut self, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        let before = (now - KEPT).timestamp_millis();
        let sql = "DELETE FROM answer WHERE state <> 'due' AND asked_at < $1";
        self.store.write(|session| session.execute(sql, [before]))
    }

    /// How many mails answered requests within the last hour.
    pub fn answers_this_hour(&mut self, now: DateTime<Utc>) -> Result<u32, LedgerError> {
        self.store
            .read(|session| in_an_hour(session, now.timestamp_millis()))
    }

    /// How many requests a limit held back, ever.
    pub fn requests_held_back(&mut self) -> Result<u64, LedgerError> {
        let text = self.store.read(|session| get(session, HELD_BACK))?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Counts a request that nothing follows from.
    pub fn hold_back_request(&mut self) -> Result<(), LedgerError> {
        self.store.write(count_held_back)
    }
}

pub(in crate::ledger) fn ask_for_link(
    session: &Session<'_>,
    asked: &Asked,
    limits: &Limits,
) -> Result<Turn, LedgerError> {
    let turn = limits.judge(
        &recent(session, &asked.key, &asked.network, asked.act.at)?,
        asked.bears_a_stamp,
    );
    if turn == Turn::Answered {
        let answer = standing(session, &asked.key)?.answer_to_lost_link();
        add(session, &NewAnswer::to(asked, answer))?;
    } else {
        count_held_back(session)?;
    }
    Ok(turn)
}

/// What was asked lately. A request that seems to come from the future, because the clock was set
/// back, counts as one of now.
pub(super) fn recent(
    session: &Session<'_>,
    key: &AddressKey,
    network: &str,
    now: DateTime<Utc>,
) -> Result<Recent, LedgerError> {
    let since = |span: TimeDelta| (now - span).timestamp_millis();
    let of_address =
        "SELECT count(*) FROM answer WHERE addr_key = $1 AND asked_at > $2 AND kind <> 'welcome'";
    let address = |span| count(session, of_address, params![key.as_bytes(), since(span)]);
    let of_network =
        "SELECT count(*) FROM answer WHERE network = $1 AND asked_at > $2 AND kind <> 'welcome'";
    let since_an_hour = since(TimeDelta::hours(1));
    Ok(Recent {
        address_in_quarter: address(TimeDelta::minutes(15))?,
        address_in_day: address(TimeDelta::hours(24))?,
        network_in_hour: count(session, of_network, params![network, since_an_hour])?,
        all_in_hour: in_an_hour(session, now.timestamp_millis())?,
    })
}

fn in_an_hour(session: &Session<'_>, now: i64) -> Result<u32, LedgerError> {
    let sql = "SELECT count(*) FROM answer WHERE asked_at > $1 AND kind <> 'welcome'";
    count(session, sql, [now - TimeDelta::hours(1).num_milliseconds()])
}

fn count(
    session: &Session<'_>,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<u32, LedgerError> {
    let count = session.first(sql, parameters, |row| Ok(row.get::<_, i64>(0)?))?;
    Ok(u32::try_from(count.unwrap_or(0)).unwrap_or(u32::MAX))
}

pub(super) fn add(session: &Session<'_>, new: &NewAnswer<'_>) -> Result<(), LedgerError> {
    // The same write for everybody, so that no time tells who is known; only silence never is due.
    let sql = "INSERT INTO answer (addr_key, address, kind, network, asked_from, asked_at, state, next_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $6)";
    let silent = new.answer == Answer::Silence;
    let parameters = params![
        new.key.as_bytes(),
        new.address.filter(|_| !silent).map(EmailAddress::as_str),
        new.answer.as_str(),
        new.network,
        new.from,
        new.at.timestamp_millis(),
        if silent { "given up" } else { "due" },
    ];
    session.execute(sql, parameters).map(|_| ())
}

/// Counts a request that is held back. It is written like every other one, and takes as long.
pub(in crate::ledger) fn count_held_back(session: &Session<'_>) -> Result<(), LedgerError> {
    let held_back: u64 = get(session, HELD_BACK)?
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    set(session, HELD_BACK, &(held_back + 1).to_string())
}
