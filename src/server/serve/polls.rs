//! Who reads the feeds: counted by the program that asks, never by the person.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::publish::FeedPolls;

/// Programs that are told apart between two writings; all others are one.
const MOST_PROGRAMS: usize = 2000;

/// Longest `User-Agent` that is looked at.
const LONGEST: usize = 300;

/// Requests of feeds since they were written down last, by feed and `User-Agent`.
#[derive(Debug, Default)]
pub(super) struct Polls(Mutex<HashMap<Box<str>, Agents>>);

/// Requests by `User-Agent`.
type Agents = HashMap<Box<str>, u64>;

impl Polls {
    /// Counts a request. Nothing is taken apart here: that has time until the counts are written.
    pub(super) fn count(&self, feed: &str, agent: &str) {
        let agent = agent.get(..LONGEST).unwrap_or(agent);
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agents) = polls.get_mut(feed) {
            if let Some(count) = agents.get_mut(agent) {
                *count += 1;
                return;
            }
            let agent = if agents.len() < MOST_PROGRAMS {
                agent
            } else {
                ""
            };
            *agents.entry(agent.into()).or_default() += 1;
            return;
        }
        let agents = HashMap::from([(agent.into(), 1)]);
        polls.insert(feed.into(), agents);
    }

    /// Takes all counts, by feed and program.
    pub(super) fn take(&self) -> Vec<FeedPolls> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut polls: Vec<FeedPolls> = Vec::new();
        for (feed, agents) in taken {
            for (agent, requests) in agents {
                let reader = product_of(&agent);
                let subscribers = subscribers_in(&agent);
                let known = polls
                    .iter_mut()
                    .find(|poll| poll.feed == *feed && poll.reader == reader);
                if let Some(poll) = known {
                    poll.requests += requests;
                    poll.subscribers = poll.subscribers.max(subscribers);
                } else {
                    polls.push(FeedPolls {
                        feed: feed.to_string(),
                        reader,
                        requests,
                        subscribers,
                    });
                }
            }
        }
        polls
    }
}

/// The program's name in a `User-Agent` (RFC 9110 §10.1.5): the first product, without its version.
/// Who calls itself Mozilla as all browsers do has its own name further behind, if it tells one.
fn product_of(agent: &str) -> String {
    let name_of = |word: &str| {
        let name = word.split('/').next().unwrap_or_default();
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.+".contains(letter);
        let name: String = name
            .chars()
            .filter(|letter| is_letter(*letter))
            .take(40)
            .collect();
        name
    };
    let first = name_of(agent.split([' ', '(', ';']).next().unwrap_or_default());
    if first != "Mozilla" {
        return if first.is_empty() {
            "unknown".to_owned()
        } else {
            first
        };
    }
    // "Mozilla/5.0 (compatible; Miniflux/2.1; +https://miniflux.app)"
    let comment = agent.split_once("(compatible;").map(|(_, rest)| {
        name_of(
            rest.trim_start()
                .split([' ', ';', ')'])
                .next()
                .unwrap_or_default(),
        )
    });
    comment
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "browser".to_owned())
}

/// `12 subscribers` anywhere in a `User-Agent`.
fn subscribers_in(agent: &str) -> Option<u64> {
    let words: Vec<&str> = agent.split([' ', ';', '(', ')', ',']).collect();
    words.windows(2).find_map(|pair| match pair {
        [count, word] if word.starts_with("subscriber") => {
            count.parse().ok().filter(|count| *count <= 1_000_000_000)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_name_alone() {
        for (agent, name, subscribers) in [
            ("newsboat/2.32.0 (Linux x86_64)", "newsboat", None),
            (
                "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers; )",
                "Feedly",
                Some(12),
            ),
            (
                "Mozilla/5.0 (compatible; Miniflux/2.1; +https://miniflux.app)",
                "Miniflux",
                None,
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "browser",
                None,
            ),
            (
                "Inoreader/1.0 (1 subscriber; for people)",
                "Inoreader",
                Some(1),
            ),
            ("", "unknown", None),
            ("<script>alert(1)</script>", "scriptalert", None),
            ("reader; many subscribers", "reader", None),
        ] {
            assert_eq!(product_of(agent), name, "{agent}");
            assert_eq!(subscribers_in(agent), subscribers, "{agent}");
        }
    }

    #[test]
    fn requests_are_counted_by_feed_and_program_and_taken_once() {
        let polls = Polls::default();
        for agent in [
            "Feedly/1.0 (7 subscribers)",
            "Feedly/1.1 (9 subscribers)",
            "newsboat/2",
        ] {
            polls.count("feed.xml", agent);
        }
        polls.count("atom.xml", "newsboat/2");
        let mut taken = polls.take();
        taken.sort_by(|one, other| (&one.feed, &one.reader).cmp(&(&other.feed, &other.reader)));
        let told: Vec<_> = taken
            .iter()
            .map(|poll| {
                (
                    &*poll.feed,
                    poll.reader.as_str(),
                    poll.requests,
                    poll.subscribers,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("atom.xml", "newsboat", 1, None),
                ("feed.xml", "Feedly", 2, Some(9)),
                ("feed.xml", "newsboat", 1, None),
            ]
        );
        assert!(polls.take().is_empty());
    }

    #[test]
    fn a_flood_of_names_stays_within_bounds() {
        let polls = Polls::default();
        for number in 0..3 * MOST_PROGRAMS {
            polls.count("feed.xml", &format!("reader{number}/1"));
        }
        let taken = polls.take();
        assert!(taken.len() <= MOST_PROGRAMS + 1);
        let all: u64 = taken.iter().map(|poll| poll.requests).sum();
        assert_eq!(all, 3 * MOST_PROGRAMS as u64);
    }
}
