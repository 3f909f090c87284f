//! What every black-box test stands on.
//!
//! - [`browser`]: asks for pages and listens to events.
//! - [`newsroom`]: a publication in a folder of its own, and the program run in it.
//! - [`relay`]: an SMTP server that does what the test tells it, and remembers what was done to it.
//! - [`cut`]: the program ended at one call of the system.
//! - [`oracle`]: what the relay accepted, joined with what the ledger says.
//! - [`mail`]: a stored message taken apart and checked for what receivers refuse.
//!
//! Nothing here sleeps: a test waits for an event, with a deadline only a hang can reach.

pub mod browser;
pub mod certificate;
#[cfg(target_os = "linux")]
pub mod cut;
pub mod gate;
pub mod hub;
pub mod imap;
pub mod in_process;
pub mod mail;
pub mod newsroom;
pub mod oracle;
pub mod program;
pub mod proof_table;
pub mod relay;
pub mod rounds;

mod checks;

use std::time::Duration;

/// How long a test waits for something that must happen. Generous: it is reached only when the
/// test fails, however slow the machine.
pub const DEADLINE: Duration = Duration::from_mins(2);
