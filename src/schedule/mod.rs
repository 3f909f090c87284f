//! The schedule: what a person means by `fri 09:00`, the publication's own slots, and the moment at
//! which an issue goes out.
//!
//! Values in, values out. The words of a time become a [`Moment`] ([`understand`]), the words of
//! `[schedule] every` become [`Slots`], an issue and the present give its [`Standing`], and one look
//! at the clocks gives the issues that go out now and those that are held ([`tick`]). Whoever reads
//! clocks and ledger, and sends, is an edge. How a zone reads a clock time is left to
//! [`DatingRules`](crate::issue::DatingRules).

mod dates;
mod moment;
mod slots;
mod standing;
mod tick;
mod watch;
mod when;
mod words;

pub use moment::{Moment, Remark, distance};
pub use slots::Slots;
pub use standing::Standing;
pub use tick::{Entry, Tick, Why, tick};
pub use watch::{Distrust, Look, Watch, set_far_back};
pub use when::{Present, understand};
pub use words::Misread;

#[cfg(test)]
mod tests;
