//! Who polls the feeds: counts by day, feed and program, and nothing about persons.

use chrono::NaiveDate;
use rusqlite::params;

use super::store::Session;
use super::{Ledger, LedgerError};

/// Requests of one feed by one program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPolls {
    /// Path of the feed in the archive.
    pub feed: String,
    /// Name of the program, as it calls itself.
    pub reader: String,
    /// How often it asked.
    pub requests: u64,
    /// For how many people it says that it asks; `None` if it does not say.
    pub subscribers: Option<u64>,
}

/// Programs of one day and feed that are told apart: whoever invents names fills no disk.
const MOST_READERS: i64 = 1000;

/// The name of all programs beyond those.
const OTHERS: &str = "others";

/// Days for which counts are kept.
const KEPT: i64 = 400;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Milliseconds of a day's beginning.
fn millis(day: NaiveDate) -> i64 {
    day.signed_duration_since(NaiveDate::default()).num_days() * DAY
}

impl Ledger {
    /// Adds to the counts of a day.
    pub fn add_polls(&mut self, day: NaiveDate, polls: &[FeedPolls]) -> Result<(), LedgerError> {
        let day = millis(day);
        self.store.write(|session| {
            session.execute("DELETE FROM poll WHERE day < $1", [day - KEPT * DAY])?;
            for poll in polls {
                add(session, day, poll)?;
            }
            Ok(())
        })
    }

    /// The counts since a day, by program; for how many people it asks is what it said last.
    pub fn polls_since(&mut self, day: NaiveDate) -> Result<Vec<FeedPolls>, LedgerError> {
        let sql = "SELECT feed, reader, sum(requests),
                          (SELECT late.subscribers FROM poll late
                            WHERE late.feed = poll.feed AND late.reader = poll.reader AND late.subscribers IS NOT NULL
                            ORDER BY late.day DESC LIMIT 1)
                     FROM poll WHERE day >= $1 GROUP BY feed, reader ORDER BY 3 DESC, 1, 2";
        self.store.read(|session| {
            session.rows(sql, [millis(day)], |row| {
                let subscribers: Option<i64> = row.get(3)?;
                Ok(FeedPolls {
                    feed: row.get(0)?,
                    reader: row.get(1)?,
                    requests: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
                    subscribers: subscribers.and_then(|count| count.try_into().ok()),
                })
            })
        })
    }
}

fn add(session: &Session<'_>, day: i64, poll: &FeedPolls) -> Result<(), LedgerError> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let requests = number(poll.requests);
    let subscribers = poll.subscribers.map(number);
    let update = "UPDATE poll SET requests = requests + $4, subscribers = coalesce($5, subscribers)
                   WHERE day = $1 AND feed = $2 AND reader = $3";
    let known = params![day, poll.feed, poll.reader, requests, subscribers];
    if session.execute(update, known)? > 0 {
        return Ok(());
    }
    let sql = "SELECT count(*) FROM poll WHERE day = $1 AND feed = $2";
    let readers = session.first(
        sql,
        params![day, poll.feed],
        |row| Ok(row.get::<_, i64>(0)?),
    )?;
    let is_room = readers.unwrap_or(0) < MOST_READERS;
    let (reader, subscribers) = if is_room {
        (poll.reader.as_str(), subscribers)
    } else {
        (OTHERS, None)
    };
    let insert = "INSERT INTO poll (day, feed, reader, requests, subscribers) VALUES ($1, $2, $3, $4, $5)
                  ON CONFLICT (day, feed, reader) DO UPDATE SET requests = poll.requests + excluded.requests";
    let row = params![day, poll.feed, reader, requests, subscribers];
    session.execute(insert, row).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polls(reader: &str, requests: u64, subscribers: Option<u64>) -> FeedPolls {
        FeedPolls {
            feed: "feed.xml".to_owned(),
            reader: reader.to_owned(),
            requests,
            subscribers,
        }
    }

    #[test]
    fn counts_of_a_day_add_up_and_the_newest_number_of_people_counts() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let day = |number| NaiveDate::from_ymd_opt(2026, 12, number).unwrap();
        let first = [polls("Feedly", 3, Some(12)), polls("newsboat", 1, None)];
        ledger.add_polls(day(1), &first).unwrap();
        ledger
            .add_polls(day(1), &[polls("Feedly", 4, None)])
            .unwrap();
        ledger
            .add_polls(day(2), &[polls("Feedly", 1, Some(9))])
            .unwrap();
        assert_eq!(
            ledger.polls_since(day(1)).unwrap(),
            [polls("Feedly", 8, Some(9)), polls("newsboat", 1, None)]
        );
        assert_eq!(
            ledger.polls_since(day(2)).unwrap(),
            [polls("Feedly", 1, Some(9))]
        );
    }

    #[test]
    fn invented_names_fill_no_disk() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        let many: Vec<FeedPolls> = (0..MOST_READERS + 50)
            .map(|number| polls(&format!("reader{number}"), 1, Some(5)))
            .collect();
        ledger.add_polls(day, &many).unwrap();
        let kept = ledger.polls_since(day).unwrap();
        assert_eq!(kept.len(), usize::try_from(MOST_READERS).unwrap() + 1);
        assert_eq!(kept.first(), Some(&polls(OTHERS, 50, None)));
    }
}
