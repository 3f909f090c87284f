//! A deadline for templates: one that loops without an end is told before anything relies on it.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use crate::diagnostic::Diagnostic;
use crate::message::{Composer, FrozenIssue};
use crate::plan::Recipient;
use crate::render::bounds::Trial;
use crate::token::Keys;

use super::Publication;

/// How long a template may take for one page or one message. The slowest of ours, the list of ten
/// thousand issues, needs a fiftieth of it.
const LONGEST: Duration = Duration::from_secs(10);

/// Gives a template so much time.
pub(super) struct Deadline;

impl Trial for Deadline {
    fn ends(&self, render: Box<dyn FnOnce() + Send>) -> Result<(), Diagnostic> {
        within(LONGEST, render).ok_or_else(too_slow)
    }
}

/// Makes the messages of a frozen issue for a few readers.
pub(super) fn rehearse_frozen(
    publication: &Publication,
    frozen: FrozenIssue,
    keys: Arc<Keys>,
    readers: Vec<Recipient>,
) -> Result<(), Diagnostic> {
    try_composer(publication, frozen, keys, move |composer| {
        composer.rehearse(&readers)
    })
}

/// Lets `work` have the composer of a frozen issue for as long as a template may take.
pub(super) fn try_composer<T: Send + 'static>(
    publication: &Publication,
    frozen: FrozenIssue,
    keys: Arc<Keys>,
    work: impl FnOnce(&Composer) -> Result<T, Diagnostic> + Send + 'static,
) -> Result<T, Diagnostic> {
    let signer = publication.signer(&frozen)?;
    let made = within(LONGEST, move || work(&Composer::new(frozen, keys, signer)?));
    made.unwrap_or_else(|| Err(too_slow()))
}

/// Lets `work` render for as long as a template may take.
pub(super) fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Diagnostic> + Send + 'static,
) -> Result<T, Diagnostic> {
    within(LONGEST, work).unwrap_or_else(|| Err(too_slow()))
}

/// What `work` gives, if it does in time. Nothing can stop it: it goes on beside us until the
/// process ends.
fn within<T: Send + 'static>(
    longest: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = done.send(work());
    });
    wait.recv_timeout(longest).ok()
}

/// Whether that is what was told.
pub(super) fn is_too_slow(problem: &Diagnostic) -> bool {
    *problem == too_slow()
}

fn too_slow() -> Diagnostic {
    let seconds = LONGEST.as_secs();
    Diagnostic::error(format!("a template is not done after {seconds} seconds"))
        .hint("look for loops inside of loops, and for `range` with large numbers")
}
