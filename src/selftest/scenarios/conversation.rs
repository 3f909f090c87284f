//! A conversation that goes wrong: lost connections, half replies, nonsense, silence at every step.

use super::{Scenario, scenario};
use crate::catch::{Moment, Says, Then, Turn};
use crate::delivery::State;
use crate::selftest::Stopped;
use crate::selftest::publication::reader;
use crate::selftest::scene::Scene;

/// Every so manieth reader meets a fault; the others show that the relay is alive.
const SPACING: usize = 5;

pub(super) fn all() -> Vec<Scenario> {
    let (before, after) = (before_the_dot().len(), after_the_dot().len());
    vec![
        scenario("faults before the dot", SPACING * before + 10, |scene| {
            before_the_dot_nothing_is_in_doubt(scene)
        }),
        scenario("faults after the dot", SPACING * after + 10, |scene| {
            after_the_dot_nothing_is_guessed(scene)
        }),
    ]
}

fn says(bytes: &[u8]) -> Turn {
    Turn {
        says: Says::Bytes(bytes.to_vec()),
        ..Turn::ignore()
    }
}

/// What can happen to one recipient at one moment. What the relay says or does while the message is on
/// its way may reach the sender only behind the dot: then nobody can know, and `in_the_body` counts it.
fn before_the_dot() -> Vec<(Moment, Turn)> {
    let close = || Turn::ignore().then(Then::Close);
    let reset = || Turn::ignore().then(Then::Reset);
    let half = Turn::obey(Says::HalfOfIt).then(Then::Close);
    vec![
        (Moment::Rcpt, close()),
        (Moment::Rcpt, reset()),
        (
            Moment::Rcpt,
            Turn::refuse("421 4.3.2 shutting down").then(Then::Close),
        ),
        (Moment::Rcpt, Turn::refuse("452 4.2.2 mailbox busy")),
        (
            Moment::Rcpt,
            says(b"\x00\xFF\x1B[2J garbage\r\n").then(Then::Close),
        ),
        (Moment::Data, close()),
        (Moment::Data, half),
        (
            Moment::Data,
            Turn::refuse("250 2.0.0 the wrong class").then(Then::Close),
        ),
        (
            Moment::Data,
            Turn::refuse("2500 no such code").then(Then::Close),
        ),
        (
            Moment::Data,
            says(b"451-4.3.0 one\r\n554 5.3.0 other\r\n").then(Then::Close),
        ),
        // In one piece with the answer to DATA, so that it is there before the dot is.
        (
            Moment::Data,
            says(b"354 go on\r\n250 2.0.0 too early\r\n").then(Then::Close),
        ),
        (Moment::Body, close()),
        (
            Moment::Body,
            says(b"451 4.3.0 not now\r\n").then(Then::Close),
        ),
    ]
}

fn in_the_body(faults: &[(Moment, Turn)]) -> usize {
    let while_it_comes = faults.iter().filter(|(moment, _)| *moment == Moment::Body);
    while_it_comes.count()
}

/// From here on only a whole reply of the right kind is an answer.
fn after_the_dot() -> Vec<(Moment, Turn)> {
    let taken = |says| Turn::obey(says).then(Then::Close);
    let bytes = |bytes: &[u8]| taken(Says::Bytes(bytes.to_vec()));
    vec![
        (Moment::Dot, Turn::ignore().then(Then::Close)),
        (Moment::Dot, Turn::ignore().then(Then::Reset)),
        (Moment::Dot, taken(Says::Nothing)),
        (Moment::Dot, Turn::obey(Says::Nothing).then(Then::Reset)),
        (Moment::Dot, taken(Says::HalfOfIt)),
        (Moment::Dot, bytes(b"2")),
        (Moment::Dot, bytes(b"250 2.0.0 ok\r")),
        (Moment::Dot, bytes(b"250-2.0.0 more follows\r\n")),
        (Moment::Dot, bytes(b"250-2.0.0 one\r\n451 4.0.0 other\r\n")),
        (Moment::Dot, bytes(b"354 go on\r\n")),
        (Moment::Dot, bytes(b"2500 ok\r\n")),
        (Moment::Dot, bytes(b"\x00\xFF garbage\r\n")),
    ]
}

/// Gives each fault one reader, once. Returns them.
fn cast(scene: &Scene, faults: Vec<(Moment, Turn)>) -> Vec<String> {
    let mut victims = Vec::new();
    for (place, (moment, turn)) in faults.into_iter().enumerate() {
        let victim = reader(1 + SPACING * place);
        victims.push(victim.clone());
        let mut is_due = true;
        scene.desk().at(moment, turn, move |arrival| {
            let fits = is_due && arrival.recipients.contains(&victim);
            is_due &= !fits;
            fits
        });
    }
    victims
}

fn before_the_dot_nothing_is_in_doubt(scene: &mut Scene) -> Result<(), Stopped> {
    let late = in_the_body(&before_the_dot());
    scene.allow_doubt(late);
    let victims = cast(scene, before_the_dot());
    scene.send()?;
    scene.come_to_rest()?;
    scene.check_so_far()?;
    scene.send_until_settled()?;
    let states = scene.states_of(&victims)?;
    // The last ones of the cast are those.
    let (before, in_the_body) = states.split_at(states.len() - late);
    let is_sent = |state: &Option<State>| *state == Some(State::Sent);
    let are_sent = before.iter().all(is_sent)
        && in_the_body
            .iter()
            .all(|state| is_sent(state) || *state == Some(State::Unconfirmed));
    scene.demand(are_sent, format!("those who met a fault are {states:?}"));
    Ok(())
}

fn after_the_dot_nothing_is_guessed(scene: &mut Scene) -> Result<(), Stopped> {
    let victims = cast(scene, after_the_dot());
    scene.allow_doubt(victims.len());
    scene.send()?;
    scene.come_to_rest()?;
    scene.check_so_far()?;
    scene.send_until_settled()?;
    let states = scene.states_of(&victims)?;
    let are_held = states
        .iter()
        .all(|state| *state == Some(State::Unconfirmed));
    scene.demand(are_held, format!("those who met a fault are {states:?}"));
    Ok(())
}
