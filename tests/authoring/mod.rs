//! From essays to issues, pages, feeds and plans: what an author does before anything is sent.

mod bad_input;
mod build;
mod check;
mod check_online;
mod check_rules;
mod check_send;
mod check_size;
mod documents;
mod excerpt;
mod feed_archives;
mod feeds;
mod hostile;
mod hubs;
mod import;
mod incremental;
mod json;
mod markdown_import;
mod pace;
mod pictures;
mod preview;
mod roster;
mod site;
mod start;
mod subscriber_export;
mod subscriber_import;
mod subscribers;
mod templates;
mod themes;
mod words;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use crate::support::newsroom::Newsroom;
use crate::support::program::{Output, Running};

/// A day on which every essay of these tests is public.
const LATER: &str = "2027-06-01T12:00:00Z";

/// A publication whose present is [`LATER`].
fn newsroom() -> Newsroom {
    Newsroom::new().now(LATER)
}

/// Runs the program in another folder than the publication's own.
#[track_caller]
fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_postrider"));
    command.current_dir(folder).args(arguments).env_clear();
    Running::start(&mut command).wait()
}

/// The bytes of every file below a folder, by path.
fn bytes_of(room: &Newsroom, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let files = room.files(folder).into_iter();
    files
        .map(|file| {
            let bytes = room.read_bytes(&format!("{folder}/{file}"));
            (file, bytes)
        })
        .collect()
}

/// The time of every file below a folder, by path.
fn times_of(room: &Newsroom, folder: &str) -> BTreeMap<String, SystemTime> {
    let files = room.files(folder).into_iter();
    files
        .map(|file| {
            let metadata = std::fs::metadata(room.path(folder).join(&file)).unwrap();
            (file, metadata.modified().unwrap())
        })
        .collect()
}

/// The words that a browser shows of a piece of HTML.
fn words_of_html(html: &str) -> Vec<String> {
    let mut text = String::new();
    for piece in html.split('<') {
        match piece.split_once('>') {
            // Inline elements do not divide words; every other one does.
            Some((tag, rest)) => {
                let name = tag.trim_start_matches('/').split([' ', '/']).next();
                if !matches!(name, Some("a" | "em" | "strong" | "code" | "span" | "del")) {
                    text.push(' ');
                }
                text.push_str(rest);
            }
            None => text.push_str(piece),
        }
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    words(&text)
}

/// The words of a text, in their order.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What stands between two marks.
#[track_caller]
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let from = text
        .find(start)
        .unwrap_or_else(|| panic!("{start:?} is not in {text}"))
        + start.len();
    let to = text[from..]
        .find(end)
        .unwrap_or_else(|| panic!("{end:?} is not in {text}"));
    &text[from..from + to]
}
