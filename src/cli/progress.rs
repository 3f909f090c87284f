//! Progress of a run: a bar on a terminal, a plain line every few seconds elsewhere.

use std::fmt::Write as FmtWrite;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::diagnostic::visible;
use crate::publish::Progress;

/// Between two looks on a terminal, and between two lines elsewhere.
const REDRAW: Duration = Duration::from_millis(100);
const PLAIN_LINE: Duration = Duration::from_secs(5);
/// The same while nothing happens.
const PLAIN_LINE_AT_REST: Duration = Duration::from_mins(1);

/// Watches the counts of a run from a thread of its own.
pub(super) struct Watcher {
    stop: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Watcher {
    /// Begins to show `progress` towards `total` messages.
    pub(super) fn start(title: &str, total: u64, progress: Arc<Progress>) -> Self {
        let (stop, stopped) = mpsc::channel();
        let title = visible(title);
        // With `-q` not even warnings are shown.
        let is_quiet = !tracing::enabled!(tracing::Level::WARN);
        let on_terminal = std::io::stderr().is_terminal();
        let thread = std::thread::spawn(move || {
            if is_quiet {
                let _ = stopped.recv();
            } else if on_terminal {
                draw(&title, total, &progress, &stopped);
            } else {
                tell(&title, total, &progress, &stopped);
            }
        });
        Self { stop, thread }
    }

    /// Shows the last state and ends.
    pub(super) fn stop(self) {
        drop(self.stop);
        let _ = self.thread.join();
    }
}

fn draw(title: &str, total: u64, progress: &Progress, stopped: &mpsc::Receiver<()>) {
    let bar = ProgressBar::new(total);
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {rate} {eta} {msg}")
    {
        bar.set_style(
            style.with_key("rate", |state: &ProgressState, out: &mut dyn FmtWrite| {
                let _ = write!(out, "{:.0}/s", state.per_sec());
            }),
        );
    }
    bar.set_prefix(title.to_owned());
    loop {
        let ended = matches!(
            stopped.recv_timeout(REDRAW),
            Err(RecvTimeoutError::Disconnected)
        );
        for text in progress.heard() {
            bar.println(visible(&text));
        }
        bar.set_position(progress.done());
        bar.set_message(counts(progress));
        if ended {
            bar.finish_and_clear();
            return;
        }
    }
}

fn tell(title: &str, total: u64, progress: &Progress, stopped: &mpsc::Receiver<()>) {
    let mut last = Instant::now();
    let mut told = None;
    loop {
        let ended = matches!(
            stopped.recv_timeout(REDRAW),
            Err(RecvTimeoutError::Disconnected)
        );
        let mut stderr = std::io::stderr();
        for text in progress.heard() {
            let _ = writeln!(stderr, "{title}: {}", visible(&text));
        }
        if ended {
            return;
        }
        let done = progress.done();
        let is_news = told != Some(done) || last.elapsed() >= PLAIN_LINE_AT_REST;
        if last.elapsed() >= PLAIN_LINE && is_news {
            (last, told) = (Instant::now(), Some(done));
            let _ = writeln!(stderr, "{title}: {done} of {total}, {}", counts(progress));
        }
    }
}

fn counts(progress: &Progress) -> String {
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    format!(
        "{} sent, {} deferred, {} rejected",
        read(&progress.sent),
        read(&progress.deferred),
        read(&progress.rejected)
    )
}
