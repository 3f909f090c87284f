//! Death: `kill -9` at moments that the relay chooses, and at random ones.

use std::time::Duration;

use super::{Scenario, scenario};
use crate::catch::{Moment, Says, Then, Turn};
use crate::selftest::scene::Scene;
use crate::selftest::{CONNECTIONS, Stopped};

/// Readers for each kill: more than a run can serve before it dies.
const READERS: usize = 14;
/// How many may pass before the relay holds the next ones.
const MOST_SKIPPED: usize = 6;
/// How long the relay waits for more connections at the moment of death.
const COMPANY: Duration = Duration::from_millis(30);

/// Where the sender dies, and what the relay does when it is dead.
struct Death {
    name: &'static str,
    /// The moment at which the relay holds it; at random without one.
    moment: Option<Moment>,
    after: Turn,
}

fn deaths() -> [Death; 7] {
    let lost = || Turn::obey(Says::Nothing).then(Then::Close);
    let death = |name, moment, after| Death {
        name,
        moment,
        after,
    };
    [
        death(
            "killed at the dot; the relay takes it",
            Some(Moment::Dot),
            lost(),
        ),
        death("killed at random moments", None, Turn::USUAL),
        death(
            "killed between reply and record",
            Some(Moment::Answered),
            Turn::USUAL,
        ),
        death("killed in the body", Some(Moment::Body), Turn::USUAL),
        death(
            "killed at the dot; the relay drops it",
            Some(Moment::Dot),
            Turn::ignore().then(Then::Close),
        ),
        death("killed before the body", Some(Moment::Data), Turn::USUAL),
        death("killed at MAIL", Some(Moment::Mail), Turn::USUAL),
    ]
}

/// Gives each death its share of the kills; one without any is left out.
pub(super) fn all(kills: usize) -> Vec<Scenario> {
    let deaths = deaths();
    let kinds = deaths.len();
    let mut all = Vec::new();
    for (place, death) in deaths.into_iter().enumerate() {
        let share = kills / kinds + usize::from(place < kills % kinds);
        if share > 0 {
            all.push(scenario(
                death.name,
                10 + READERS * share,
                move |scene: &mut Scene| play(scene, &death, share),
            ));
        }
    }
    all
}

fn play(scene: &mut Scene, death: &Death, kills: usize) -> Result<(), Stopped> {
    for _ in 0..kills {
        match death.moment {
            Some(moment) => die_at(scene, moment, death.after.clone())?,
            None => die_anywhere(scene)?,
        }
        scene.check_so_far()?;
    }
    scene.desk().clear();
    scene.send_until_settled()
}

fn die_at(scene: &mut Scene, moment: Moment, after: Turn) -> Result<(), Stopped> {
    let skipped = scene.random.below(MOST_SKIPPED);
    let company = 1 + scene.random.below(CONNECTIONS);
    scene.desk().hold(moment, skipped, after);
    let mut run = scene.start()?;
    if scene.wait_for(&mut run, |desk| desk.held() > 0)? {
        scene.wait_a_little(COMPANY, |desk| desk.held() >= company);
    }
    scene.kill(run)
}

/// Behind a random number of steps, and a random moment after the last of them.
fn die_anywhere(scene: &mut Scene) -> Result<(), Stopped> {
    scene.desk().slow_down(Duration::from_millis(4));
    let steps = scene.desk().arrivals() + scene.random.below(4 * READERS);
    let pause = Duration::from_micros(scene.random.below(8_000) as u64);
    let mut run = scene.start()?;
    scene.wait_for(&mut run, |desk| desk.arrivals() >= steps)?;
    std::thread::sleep(pause);
    scene.kill(run)
}
