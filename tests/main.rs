//! Black-box tests: the real program, a real mail server on port 0, real files.

#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    reason = "tests write files as they need them, fail by panicking, and use some of the helpers each"
)]

mod authoring;
mod proof;
mod sending;
mod serving;
pub mod support;
