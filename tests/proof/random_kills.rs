//! `kill -9` at random instants, again and again, and what the ledger says after each.

use std::time::Duration;

use super::{LATER, Random, SEND, newsroom, send_the_rest};
use crate::support::oracle::examine;
use crate::support::relay::ScriptedRelay;

const READERS: usize = 200;
const CONNECTIONS: usize = 4;
/// Kills of one issue, at most: few are left to send then.
const KILLS_AN_ISSUE: usize = 30;
/// A kill comes after less than so many moments of the run's conversations.
const MOST_MOMENTS: usize = 50;

/// What many kills left behind.
#[derive(Debug, Default)]
struct Tally {
    issues: usize,
    kills: usize,
    in_doubt: usize,
    most_in_doubt: usize,
    accepted: usize,
    resent: usize,
}

impl Tally {
    #[allow(clippy::cast_precision_loss, reason = "counts of thousands")]
    fn told(&self) -> String {
        let Self {
            issues,
            kills,
            in_doubt,
            most_in_doubt,
            accepted,
            resent,
        } = self;
        format!(
            "{kills} kills in {issues} issues of {READERS} readers over {CONNECTIONS} connections: 0 lost, \
             0 silent duplicates, 0 false sent; in doubt {in_doubt}, at most {most_in_doubt} after a kill, \
             {:.2} on average; {accepted} messages accepted, {resent} of them asked for a second time",
            *in_doubt as f64 / *kills as f64
        )
    }
}

#[test]
fn thirty_kills_lose_nobody_and_serve_nobody_twice() {
    println!("{}", kill_again_and_again(KILLS_AN_ISSUE, 1).told());
}

/// `POSTRIDER_KILLS=1000 cargo test --release --test main random_kills -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; docs/proof.md has the command"]
fn as_many_kills_as_are_asked_for() {
    let wanted = std::env::var("POSTRIDER_KILLS").map_or(1000, |text| text.parse().unwrap());
    println!("{}", kill_again_and_again(wanted, 2).told());
}

fn kill_again_and_again(wanted: usize, seed: u64) -> Tally {
    let mut tally = Tally::default();
    while tally.kills < wanted {
        let kills = KILLS_AN_ISSUE.min(wanted - tally.kills);
        kill_an_issue(seed + tally.issues as u64, kills, &mut tally);
    }
    tally
}

/// One issue: killed so many times (or until it is sent), then sent to its end.
fn kill_an_issue(seed: u64, kills: usize, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let relay = ScriptedRelay::setup()
        .slowest_reply(Duration::from_millis(20))
        .keeps_journal()
        .start();
    let room = newsroom(&relay, CONNECTIONS).readers(READERS);
    for _ in 0..kills {
        let before = examine(&room, &relay).holds().in_doubt.len();
        let instant = relay.moments() + random.below(MOST_MOMENTS);
        let mut running = room.spawn(SEND);
        let mut ended = false;
        relay.wait_for_moments(instant, || {
            ended = running.has_ended();
            ended
        });
        if ended {
            // Everything that was not in doubt is sent; the next issue goes on with the killing.
            running.wait().exits(3);
            break;
        }
        running.kill();
        let doubt = examine(&room, &relay).holds().in_doubt.len() - before;
        assert!(doubt <= CONNECTIONS, "{doubt} in doubt after one kill");
        tally.kills += 1;
        tally.in_doubt += doubt;
        tally.most_in_doubt = tally.most_in_doubt.max(doubt);
    }
    let room = room.now(LATER);
    let resent = send_the_rest(&room, &relay, READERS);
    tally.issues += 1;
    tally.accepted += READERS;
    tally.resent += resent;
}
