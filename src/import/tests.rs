//! Import, from pasted text to files.

mod markdown;
mod names_and_dates;
mod splitting;
