//! The scenarios: what is done to a sender, and what must be true of it afterwards besides what
//! the [oracle](super::oracle) demands of every one.

mod conversation;
mod deaths;
mod people;
mod refusals;

use super::Stopped;
use super::scene::Scene;

/// Plays one scenario.
type Play = Box<dyn Fn(&mut Scene) -> Result<(), Stopped>>;

/// One scenario.
pub(super) struct Scenario {
    /// What is done, in words.
    pub(super) name: &'static str,
    /// How many readers its publication has.
    pub(super) readers: usize,
    pub(super) play: Play,
}

fn scenario(
    name: &'static str,
    readers: usize,
    play: impl Fn(&mut Scene) -> Result<(), Stopped> + 'static,
) -> Scenario {
    Scenario {
        name,
        readers,
        play: Box::new(play),
    }
}

/// All scenarios, the quiet one first. So many times the sender is killed in all of them together.
pub(super) fn all(kills: usize) -> Vec<Scenario> {
    let mut all = vec![scenario("nothing goes wrong", 40, nothing_goes_wrong)];
    all.extend(deaths::all(kills));
    all.extend(people::all());
    all.extend(refusals::all());
    all.extend(conversation::all());
    all
}

fn nothing_goes_wrong(scene: &mut Scene) -> Result<(), Stopped> {
    let code = scene.send()?;
    scene.demand(
        code == Some(0),
        format!("the run ended with {}", shown(code)),
    );
    let again = scene.send()?;
    scene.demand(
        again == Some(0),
        format!("a second run ended with {}", shown(again)),
    );
    Ok(())
}

/// An exit code in words.
fn shown(code: Option<i32>) -> String {
    code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"))
}
