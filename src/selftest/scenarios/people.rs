//! What people do while an issue is sent: a second terminal, a copy of the folder, a backup, a
//! reader who wants out.

use std::time::Duration;

use super::{Scenario, scenario, shown};
use crate::catch::{Moment, Says, Then, Turn};
use crate::delivery::State;
use crate::selftest::publication::SLUG;
use crate::selftest::scene::Scene;
use crate::selftest::{CONNECTIONS, Stopped};

/// The exit code of a sender that finds another one at work.
const BUSY: Option<i32> = Some(75);
/// That of a command that refuses.
const REFUSED: Option<i32> = Some(1);

pub(super) fn all() -> Vec<Scenario> {
    vec![
        scenario("two senders at once", 24, two_senders),
        scenario("paused and continued", 24, paused),
        scenario("readers leave in mid-send", 24, suppressed),
        scenario("a copied folder", 24, copied),
        scenario("a restored backup", 24, restored),
        scenario("stopped at once by Ctrl-C", 24, interrupted),
    ]
}

fn two_senders(scene: &mut Scene) -> Result<(), Stopped> {
    scene.desk().hold(Moment::Dot, 4, Turn::USUAL);
    let mut first = scene.start()?;
    scene.wait_for(&mut first, |desk| desk.held() == CONNECTIONS)?;
    let before = scene.desk().arrivals();
    let mut second = scene.start()?;
    // The first one stands still, so whoever moves is the second.
    let spoke = scene.wait_for(&mut second, |desk| desk.arrivals() > before)?;
    scene.demand(!spoke, "the second sender spoke to the relay");
    if !spoke {
        let code = second.wait()?;
        scene.demand(
            code == BUSY,
            format!("the second sender ended with {}, not 75", shown(code)),
        );
    }
    scene.desk().release();
    let code = first.wait()?;
    scene.demand(
        code == Some(0),
        format!("the first sender ended with {}", shown(code)),
    );
    Ok(())
}

fn paused(scene: &mut Scene) -> Result<(), Stopped> {
    scene.desk().hold(Moment::Dot, 4, Turn::USUAL);
    let mut run = scene.start()?;
    scene.wait_for(&mut run, |desk| desk.held() == CONNECTIONS)?;
    let before = scene.accepted_count()?;
    scene.command(&["pause", SLUG])?;
    scene.desk().release();
    run.wait()?;
    // What was at the dot goes out; nothing follows it.
    let most = before + CONNECTIONS;
    let after = scene.accepted_count()?;
    scene.demand(
        after <= most,
        format!("{after} messages left, and {most} could when it was paused"),
    );
    scene.send()?;
    let later = scene.accepted_count()?;
    scene.demand(later == after, "a paused issue was sent");
    scene.command(&["continue", SLUG])?;
    scene.send_until_settled()
}

fn suppressed(scene: &mut Scene) -> Result<(), Stopped> {
    scene.desk().hold(Moment::Dot, 4, Turn::USUAL);
    let mut run = scene.start()?;
    scene.wait_for(&mut run, |desk| desk.held() == CONNECTIONS)?;
    let offers = scene.desk().offers();
    let readers = scene.publication().readers.iter();
    let leavers: Vec<String> = readers
        .filter(|who| !offers.contains_key(*who))
        .take(3)
        .cloned()
        .collect();
    for who in &leavers {
        let code = scene.command(&["subscribers", "suppress", who])?;
        scene.demand(code == Some(0), "somebody could not be suppressed");
        scene.forbid(who);
    }
    scene.desk().release();
    run.wait()?;
    scene.send_until_settled()?;
    let states = scene.states_of(&leavers)?;
    let are_skipped = states.iter().all(|state| *state == Some(State::Skipped));
    scene.demand(
        are_skipped && leavers.len() == 3,
        format!("those who left are {states:?}"),
    );
    Ok(())
}

/// Sends a part of the issue.
fn send_a_part(scene: &mut Scene) -> Result<(), Stopped> {
    let lost = Turn::obey(Says::Nothing).then(Then::Close);
    scene.desk().hold(Moment::Dot, 8, lost);
    let mut run = scene.start()?;
    scene.wait_for(&mut run, |desk| desk.held() > 0)?;
    scene.kill(run)
}

fn copied(scene: &mut Scene) -> Result<(), Stopped> {
    send_a_part(scene)?;
    let before = scene.accepted_count()?;
    let copy = scene.beside("copy");
    scene.publication().copy_to(&copy)?;
    let code = scene.send_in(&copy)?;
    scene.demand(
        code == REFUSED,
        format!("a copied folder ended with {}", shown(code)),
    );
    let clone = scene.beside("clone");
    scene.publication().copy_to(&clone)?;
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "sender.lock"] {
        let file = clone.join(name);
        if file.exists() {
            std::fs::remove_file(file)?;
        }
    }
    let code = scene.send_in(&clone)?;
    scene.demand(
        code == REFUSED,
        format!("a copy without a ledger ended with {}", shown(code)),
    );
    let after = scene.accepted_count()?;
    scene.demand(before == after, "a copy of the folder sent something");
    scene.send_until_settled()
}

/// A copy from before the end of the issue, one from the middle of a run, and one from before a
/// reader left.
fn restored(scene: &mut Scene) -> Result<(), Stopped> {
    send_a_part(scene)?;
    let (old, middle) = (scene.beside("backup"), scene.beside("middle"));
    let (before_leaving, new) = (scene.beside("before"), scene.beside("present"));
    scene.publication().back_up_ledger(&old)?;
    scene.desk().hold(Moment::Dot, 4, Turn::USUAL);
    let mut run = scene.start()?;
    scene.wait_for(&mut run, |desk| desk.held() == CONNECTIONS)?;
    let file = middle.join("ledger.db");
    let code = scene.command(&["ledger", "backup", &file.to_string_lossy()])?;
    scene.demand(code == Some(0), "no backup could be made in mid-send");
    scene.desk().release();
    run.wait()?;
    scene.send_until_settled()?;
    scene.publication().back_up_ledger(&before_leaving)?;
    let leaver = scene.publication().readers.first().cloned();
    let leaver = leaver.unwrap_or_default();
    let code = scene.command(&["subscribers", "suppress", &leaver])?;
    scene.demand(code == Some(0), "somebody could not be suppressed");
    scene.publication().back_up_ledger(&new)?;
    let before = scene.accepted_count()?;
    for (copy, what) in [
        (old, "from before the end"),
        (middle, "from the middle of a run"),
        (before_leaving, "from before a reader left"),
    ] {
        scene.publication().restore_ledger(&copy)?;
        let code = scene.send()?;
        scene.demand(
            code == REFUSED,
            format!("a restored ledger {what} ended with {}", shown(code)),
        );
        let after = scene.accepted_count()?;
        scene.demand(
            before == after,
            format!("a restored ledger {what} sent something"),
        );
    }
    Ok(scene.publication().restore_ledger(&new)?)
}

/// The relay says nothing more; the author has had enough, and says so twice.
fn interrupted(scene: &mut Scene) -> Result<(), Stopped> {
    const PAUSE: Duration = Duration::from_millis(50);
    let silence = Turn::ignore().then(Then::Silence);
    let mut passed = 0;
    scene.desk().at(Moment::Dot, silence, move |_| {
        passed += 1;
        passed > 8
    });
    let mut run = scene.start()?;
    scene.wait_for(&mut run, |desk| desk.arrivals_at(Moment::Dot) > 8)?;
    scene.allow_doubt(CONNECTIONS);
    while !run.has_ended()? {
        run.interrupt()?;
        scene.wait_a_little(PAUSE, |_| false);
    }
    scene.come_to_rest()?;
    scene.check_so_far()?;
    scene.desk().clear();
    scene.send_until_settled()
}
