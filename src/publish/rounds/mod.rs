//! The rounds: what a running server does by the clock, with nobody asking. It publishes and mails what
//! is due, goes on with what was begun, and reads the mail that came back.
//!
//! Nothing here decides what is due, sent or suppressed: [`schedule::tick`](crate::schedule::tick),
//! [`send`](super::send) and [`take_returned`](super::take_returned) do, as they do for who runs the
//! commands, and a person may run these beside a server. What is said here is *when*. The wall clock
//! is looked at every few seconds, since timers stand still while a machine sleeps, and what was
//! missed meanwhile is one look late, not many.

mod folder;
mod note;
mod overseer;
mod patience;
mod post;
mod sender;
mod shift;
mod state;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::hubs::announce_with;
use super::{BuildReport, Halt, Publication};
use crate::address::masked;
use crate::clock::Clock;
use crate::config::Environment;
use crate::diagnostic::Diagnostic;
use crate::pace::RestRules;

pub use note::{ToldRounds, told_rounds};
use post::Post;
use shift::Shift;
pub use state::{Doing, RoundsState, RoundsView};

/// How often things are done.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// Between two looks at the clock and the folder.
    pub look: Duration,
    /// Between two looks at a Maildir.
    pub maildir: Duration,
    /// Between two looks at a mailbox on a server.
    pub imap: Duration,
    /// Until what failed is tried again, at first. It doubles.
    pub patience: Duration,
    /// The longest wait for that.
    pub longest_patience: Duration,
    /// Between two times at which the ledger is told that the clock was believed.
    pub remember: Duration,
    /// How long relays are left in peace.
    pub rests: RestRules,
    /// After which pauses a hub that could not be told of something new is told again.
    pub hubs: Vec<Duration>,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(10),
            maildir: Duration::from_secs(20),
            imap: Duration::from_mins(5),
            patience: Duration::from_mins(1),
            longest_patience: Duration::from_mins(15),
            remember: Duration::from_hours(1),
            rests: RestRules::default(),
            hubs: [1, 10, 60].map(Duration::from_mins).to_vec(),
        }
    }
}

/// What is told. No line of it holds an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// Something was done.
    Done(&'a str),
    /// Something is wrong.
    Wrong(&'a str),
}

impl<'a> Told<'a> {
    /// The words.
    pub fn text(self) -> &'a str {
        match self {
            Self::Done(text) | Self::Wrong(text) => text,
        }
    }
}

/// Whoever is told.
pub type Tell = Arc<dyn Fn(Told<'_>) + Send + Sync>;

/// What a server does by the clock.
pub struct Rounds {
    folder: PathBuf,
    environment: Environment,
    clock: Clock,
    tell: Tell,
    rhythm: Rhythm,
    unsafe_fs: bool,
    state: RoundsView,
}

impl Rounds {
    /// The rounds of the publication in `folder`, which is opened again whenever something in it
    /// has changed.
    pub fn new(folder: PathBuf, environment: Environment, clock: Clock, tell: Tell) -> Self {
        Self {
            folder,
            environment,
            clock,
            tell,
            rhythm: Rhythm::default(),
            unsafe_fs: false,
            state: RoundsView::default(),
        }
    }

    /// In another rhythm.
    #[must_use]
    pub fn in_rhythm(mut self, rhythm: Rhythm) -> Self {
        self.rhythm = rhythm;
        self
    }

    /// Whether to send although nobody knows what a commit is worth on the folder's file system.
    #[must_use]
    pub fn unsafe_fs(mut self, accepted: bool) -> Self {
        self.unsafe_fs = accepted;
        self
    }

    /// What is done and known, for whoever wants to look.
    pub fn view(&self) -> RoundsView {
        self.state.clone()
    }

    /// Makes the rounds until `halt`. A sender that is at work then finishes what it has begun.
    pub fn run(&self, halt: &Halt) {
        std::thread::scope(|scope| {
            // Who complains in the middle of a run gets no further letter.
            scope.spawn(|| {
                let mut post = Post::new(self);
                self.again_and_again(halt, self.rhythm.maildir, || post.look(halt));
            });
            let mut shift = Shift::new(self, scope);
            self.again_and_again(halt, self.rhythm.look, || shift.look(halt));
        });
        note::take_away(self);
    }

    fn tell(&self, text: &str) {
        (self.tell)(Told::Done(&masked(text)));
    }

    /// Tells what is wrong, and keeps it for whoever looks.
    fn warn(&self, text: &str) {
        let text = masked(text);
        self.state.note_error(self.clock.now(), &text);
        (self.tell)(Told::Wrong(&text));
    }

    fn warn_of_all(&self, problems: &[Diagnostic]) {
        for problem in problems {
            self.warn(&one_line(problem));
        }
    }

    /// Tells what is wrong and is kept in the ledger until it is mended.
    fn tell_wrong(&self, text: &str) {
        (self.tell)(Told::Wrong(&masked(text)));
    }

    /// Tells the hubs of a build, beside everything else.
    fn announce(&self, publication: &Publication, report: &BuildReport, halt: &Halt) {
        let (tell, state, clock) = (self.tell.clone(), self.state.clone(), self.clock);
        let pauses = &self.rhythm.hubs;
        announce_with(publication, report, pauses, halt.clone(), move |problems| {
            for problem in problems {
                let text = masked(&one_line(&problem));
                state.note_error(clock.now(), &text);
                tell(Told::Wrong(&text));
            }
        });
    }

    /// Does something, rests, and does it again. Whatever it fell over, the next one may stand.
    fn again_and_again(&self, halt: &Halt, rest: Duration, mut work: impl FnMut()) {
        let timer = match timer() {
            Ok(timer) => timer,
            Err(error) => {
                self.warn(&format!("nothing is done by the clock: {error}"));
                return;
            }
        };
        while !halt.is_stopping() {
            if catch_unwind(AssertUnwindSafe(&mut work)).is_err() {
                self.warn("a part of the rounds failed; this is a fault of Postrider");
            }
            timer.block_on(async {
                tokio::select! {
                    () = tokio::time::sleep(rest) => {}
                    () = halt.stopping() => {}
                }
            });
        }
    }
}

/// What is wrong and why.
fn one_line(problem: &Diagnostic) -> String {
    let causes = problem.causes().iter();
    causes.fold(problem.message().to_owned(), |line, cause| {
        format!("{line}: {cause}")
    })
}

fn timer() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
}
