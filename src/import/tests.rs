//! Import, from pasted text to files.

mod markdown;
mod markdown_files;
mod names_and_dates;
mod splitting;
