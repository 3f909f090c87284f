//! Refusals: who is tried again, who never is, and when it is wiser to stop.

use std::collections::BTreeSet;

use super::{Scenario, scenario, shown};
use crate::catch::{Arrival, Moment, Then, Turn};
use crate::delivery::State;
use crate::selftest::publication::reader;
use crate::selftest::scene::Scene;
use crate::selftest::{CONNECTIONS, Stopped};

pub(super) fn all() -> Vec<Scenario> {
    vec![
        scenario("the relay goes away and comes back", 30, relay_goes_away),
        scenario("greylisting", 20, greylisting),
        scenario("temporary refusals", 20, temporary),
        scenario("addresses that do not exist", 20, unknown_addresses),
        scenario("refused for our fault", 60, our_fault),
        scenario("three messages a connection", 20, few_a_connection),
    ]
}

/// Fits the first time that each person is named.
fn first_time_for_each() -> impl FnMut(&Arrival<'_>) -> bool + Send + 'static {
    let mut known = BTreeSet::new();
    move |arrival| {
        let whom = arrival.recipients.first();
        whom.is_some_and(|who| known.insert(who.clone()))
    }
}

fn relay_goes_away(scene: &mut Scene) -> Result<(), Stopped> {
    let mut passed = 0;
    let gone = Turn::ignore().then(Then::Reset);
    scene.desk().at(Moment::Mail, gone, move |_| {
        passed += 1;
        passed > 10
    });
    scene.send()?;
    scene.come_to_rest()?;
    scene.check_so_far()?;
    scene.desk().clear();
    scene.send_until_settled()
}

fn greylisting(scene: &mut Scene) -> Result<(), Stopped> {
    let later = Turn::refuse("451 4.7.1 come back in a few minutes");
    scene.desk().at(Moment::Rcpt, later, first_time_for_each());
    scene.send()?;
    scene.check_so_far()?;
    let taken = scene.accepted_count()?;
    scene.demand(taken == 0, "somebody who was put off got it at once");
    scene.send_until_settled()
}

/// At each step from MAIL to the dot.
fn temporary(scene: &mut Scene) -> Result<(), Stopped> {
    for (place, moment) in [Moment::Mail, Moment::Data, Moment::Dot]
        .into_iter()
        .enumerate()
    {
        let busy = Turn::refuse("451 4.3.0 not now");
        let mut met = place;
        scene.desk().at(moment, busy, move |_| {
            met += 1;
            met % 5 == 0
        });
    }
    scene.send()?;
    scene.check_so_far()?;
    scene.desk().clear();
    scene.send_until_settled()
}

fn unknown_addresses(scene: &mut Scene) -> Result<(), Stopped> {
    let unknown: Vec<String> = [3, 9, 17].into_iter().map(reader).collect();
    for who in &unknown {
        let who = who.clone();
        let refusal = Turn::refuse("550 5.1.1 no such user");
        scene.desk().at(Moment::Rcpt, refusal, move |arrival| {
            arrival.recipients.contains(&who)
        });
    }
    scene.send()?;
    scene.send_until_settled()?;
    let states = scene.states_of(&unknown)?;
    let are_rejected = states.iter().all(|state| *state == Some(State::Rejected));
    scene.demand(are_rejected, format!("unknown addresses are {states:?}"));
    let offers = scene.desk().offers();
    let once = unknown.iter().all(|who| offers.get(who) == Some(&1));
    scene.demand(once, "an unknown address was tried again");
    Ok(())
}

fn our_fault(scene: &mut Scene) -> Result<(), Stopped> {
    /// Three in a row stop a run; the other connections may be in the middle of one each.
    const MOST: usize = 3 + 2 * CONNECTIONS;
    let blocked = Turn::refuse("554 5.7.1 your host is on a block list");
    scene.desk().at(Moment::Dot, blocked, |_| true);
    let code = scene.send()?;
    scene.demand(
        code.is_some_and(|code| code != 0),
        format!("a run that was refused ended with {}", shown(code)),
    );
    let tried = scene.desk().arrivals_at(Moment::Dot);
    scene.demand(
        tried <= MOST,
        format!("{tried} messages were refused before the run stopped"),
    );
    scene.check_so_far()?;
    scene.desk().clear();
    scene.send_until_settled()
}

fn few_a_connection(scene: &mut Scene) -> Result<(), Stopped> {
    let enough = Turn::refuse("421 4.7.0 enough for one connection").then(Then::Close);
    scene
        .desk()
        .at(Moment::Mail, enough, |arrival| arrival.messages >= 3);
    scene.send()?;
    scene.check_so_far()?;
    scene.send_until_settled()
}
