//! Postrider turns essays into dated issues and carries them to their readers.
//!
//! Data flows one way, and the name of a type says how far it has come:
//!
//! ```text
//! Essay -> Issue -> RenderedIssue -> Plan -> Message -> Attempt -> Outcome
//!              \-> feed entries, archive pages
//! ```
//!
//! The *core* modules take values and return values; they know no file, clock, network,
//! environment or database. The *edges* do, and [`publish`] joins the two.
//! `ARCHITECTURE.md` is the map.

// -- core --
pub mod address;
pub mod archive;
pub mod bounce;
pub mod card;
pub mod check;
pub mod delivery;
pub mod dkim;
pub mod essay;
pub mod feed;
pub mod fingerprint;
pub mod freemail;
pub mod import;
pub mod issue;
pub mod message;
pub mod overview;
pub mod pace;
pub mod plan;
pub mod preview;
pub mod readers;
pub mod render;
pub mod scan;
pub mod schedule;
pub mod subscriber;
pub mod suppression;
pub mod token;
pub mod words;

// -- edges --
pub mod catch;
pub mod cli;
pub mod clock;
pub mod config;
pub mod diagnostic;
#[cfg(test)]
mod effort;
pub mod fs;
pub mod imap;
pub mod ledger;
pub mod mailer;
pub mod publish;
pub mod selftest;
pub mod server;
mod tls;
mod token_command;
pub mod visitor;
