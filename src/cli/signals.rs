//! Signals that end a command which has something to finish first.

use std::path::Path;

use tokio::signal::unix::{SignalKind, signal};

use crate::diagnostic::Diagnostic;
use crate::fs;

/// Calls `act` for each Ctrl-C and SIGTERM, and once for a terminal that is closed, with the number
/// of the call: 1, 2 and so on.
///
/// # Errors
///
/// The system lets nobody listen for signals.
pub(super) fn on_each_signal(
    mut act: impl FnMut(usize) + Send + 'static,
) -> Result<(), Diagnostic> {
    let failed =
        |error: std::io::Error| Diagnostic::error("cannot listen for signals").cause(error);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed)?;
    let guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = if ends_with_its_terminal() {
        Some(signal(SignalKind::hangup()).map_err(failed)?)
    } else {
        None
    };
    drop(guard);
    std::thread::spawn(move || {
        runtime.block_on(async {
            let mut calls = 0;
            loop {
                let closed = async {
                    match &mut hangup {
                        Some(hangup) => hangup.recv().await,
                        None => std::future::pending().await,
                    }
                };
                let is_hangup = tokio::select! {
                    _ = interrupt.recv() => false,
                    _ = terminate.recv() => false,
                    _ = closed => true,
                };
                // The system and the shell both tell of a terminal that goes; that is one wish.
                if !(is_hangup && calls > 0) {
                    calls += 1;
                    act(calls);
                }
            }
        });
    });
    Ok(())
}

/// Whether a closed terminal would end this process: not under `nohup`, which has SIGHUP ignored, and
/// a listener would undo that. Where the system does not tell (proc(5) is Linux's), SIGHUP keeps
/// what was set for it.
fn ends_with_its_terminal() -> bool {
    const STATUS: &str = "/proc/self/status";
    let Ok(status) = fs::read_text(Path::new(STATUS), STATUS) else {
        return false;
    };
    let mut lines = status.text.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    ignored.is_some_and(|mask| mask & 1 == 0)
}
