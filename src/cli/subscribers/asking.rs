//! Questions about people, asked at a terminal.

use std::io::{BufRead, IsTerminal, Write};

use crate::diagnostic::Diagnostic;
use crate::publish::Stop;

/// Goes on if `agreed`, or if the author says so at the terminal: by `answer`, typed.
pub(super) fn confirm(
    agreed: bool,
    what: &str,
    answer: &str,
    without_terminal: &str,
) -> Result<(), Stop> {
    if agreed {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Diagnostic::error("there is no terminal to ask at")
            .cause(what)
            .hint(without_terminal)
            .into());
    }
    let mut stderr = std::io::stderr();
    let _ = write!(
        stderr,
        "{what}\ntype {answer} to go on, anything else to stop: "
    );
    let _ = stderr.flush();
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    if read.is_ok() && typed.trim() == answer {
        Ok(())
    } else {
        Err(Diagnostic::error("nothing was changed").into())
    }
}
