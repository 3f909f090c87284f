//! Import: texts from elsewhere -> files for `issues/`.
//!
//! A plain text of many essays is split at its titles ([`split_at_titles`]); where nobody knows
//! them, [`propose`] shows where they may be. Each essay becomes Markdown word for word
//! ([`from_plain_text`]), gets a date of the [`Schedule`] and a name nobody else has
//!
//! Values in, values out: reading files, randomness for ids, and writing are left to the caller.

mod escape;
mod foreign;
mod lines;
mod markdown;
mod markdown_file;
mod names;
mod paragraphs;
mod plan;
mod propose;
mod schedule;
mod split;
mod title_shape;

pub use markdown::from_plain_text;
pub use markdown_file::from_markdown_file;
pub use names::TakenNames;
pub use plan::{ImportPlan, ImportedIssue, plan_import};
pub use propose::{Confidence, Proposal, propose};
pub use schedule::{Interval, Schedule};
pub use split::{PlainEssay, split_at_titles};

#[cfg(test)]
mod tests;
