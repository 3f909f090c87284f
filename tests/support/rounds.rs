//! The rounds of a server inside the test, in a rhythm of milliseconds, with clocks that the test
//! turns: a night's sleep takes no time.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use postrider::clock::{Clock, Hands};
use postrider::config::Environment;
use postrider::publish::{Doing, Halt, Rhythm, Rounds, RoundsState, RoundsView};
use postrider::schedule::Look;

use super::DEADLINE;
use super::in_process::short_rests;
use super::newsroom::Newsroom;

/// Rounds that are being made. They end when this is dropped.
pub struct Press {
    hands: &'static Hands,
    view: RoundsView,
    halt: Halt,
    told: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

/// Looks often, and has little patience.
pub fn quick() -> Rhythm {
    Rhythm {
        look: Duration::from_millis(5),
        maildir: Duration::from_millis(5),
        imap: Duration::from_mins(5),
        patience: Duration::from_mins(1),
        longest_patience: Duration::from_mins(15),
        remember: Duration::from_hours(1),
        rests: short_rests(),
        hubs: vec![Duration::from_millis(1); 3],
    }
}

impl Press {
    /// Begins with the rounds at an instant, on a machine that has run for a week.
    pub fn start(room: &Newsroom, at: &str) -> Self {
        let wall: DateTime<Utc> = at.parse().unwrap();
        Self::start_with(
            room,
            Look {
                wall,
                running: Duration::from_hours(7 * 24),
                synchronised: None,
            },
        )
    }

    /// Begins with the rounds when the machine's clocks look like this.
    pub fn start_with(room: &Newsroom, look: Look) -> Self {
        // One for each test: a clock must outlive everything.
        let hands: &'static Hands = Box::leak(Box::new(Hands::at(look)));
        let told: Arc<Mutex<Vec<String>>> = Arc::default();
        let keep = told.clone();
        let rounds = Rounds::new(
            room.folder().to_owned(),
            Environment::default(),
            Clock::with_hands(hands),
            Arc::new(move |told| keep.lock().unwrap().push(told.text().to_owned())),
        )
        .in_rhythm(quick())
        .unsafe_fs(std::env::var_os("POSTRIDER_UNSAFE_FS").is_some());
        let (view, halt) = (rounds.view(), Halt::default());
        let until = halt.clone();
        let thread = std::thread::spawn(move || rounds.run(&until));
        Self {
            hands,
            view,
            halt,
            told,
            thread: Some(thread),
        }
    }

    /// Time goes by, for both clocks.
    pub fn pass(&self, time: TimeDelta) {
        self.hands.turn(|look| {
            look.wall += time;
            look.running += time.to_std().unwrap();
        });
    }

    /// Somebody sets the wall clock.
    pub fn set_clock_by(&self, step: TimeDelta) {
        self.hands.turn(|look| look.wall += step);
    }

    /// Turns the clocks in any way.
    pub fn turn(&self, turn: impl FnOnce(&mut Look)) {
        self.hands.turn(turn);
    }

    /// The state now.
    pub fn state(&self) -> RoundsState {
        self.view.now()
    }

    /// What was told so far.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    /// How many lines with these words there are.
    pub fn times_told(&self, words: &str) -> usize {
        let told = self.told();
        told.iter().filter(|line| line.contains(words)).count()
    }

    /// Waits until a line with these words was told.
    #[track_caller]
    pub fn wait_for(&self, words: &str) {
        self.wait_until(words, || self.times_told(words) > 0);
    }

    /// Waits until two whole looks were taken from now on, and what they began is over: what does not
    /// happen by then, does not happen by the clock of now.
    #[track_caller]
    pub fn look_around(&self) {
        // What the first looks began may have left something to the next ones.
        for _ in 0..2 {
            self.wait_for_looks();
            self.wait_until("the end of a run", || {
                matches!(self.state().doing, Doing::Nothing)
            });
        }
    }

    /// Waits until two whole looks were taken from now on, whatever is being mailed beside them.
    #[track_caller]
    pub fn wait_for_looks(&self) {
        let looks = self.state().looks;
        // The one that is under way, and two after it.
        self.wait_until("looks", || self.state().looks >= looks + 3);
    }

    #[track_caller]
    fn wait_until(&self, what: &str, happened: impl Fn() -> bool) {
        let start = Instant::now();
        while !happened() {
            let told = self.told().join("\n");
            assert!(start.elapsed() < DEADLINE, "never: {what}\n{told}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Ends the rounds as SIGTERM does.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.halt.stop_claiming();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Press {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Nobody opens the gates of a test that has failed.
            self.halt.abort();
        }
        self.end();
    }
}
