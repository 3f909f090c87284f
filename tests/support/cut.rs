//! Ends the program at one call of the C library, as `kill -9` would, by a small library that is
//! loaded before it (`tests/support/cut.c`): the program itself has no switch for this.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::newsroom::Newsroom;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// `fsync` or `fdatasync`.
    Sync,
    /// `pwrite64`: SQLite's writes.
    Write,
    /// The `send` that ends with the final dot.
    Dot,
}

impl Call {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Write => "write",
            Self::Dot => "dot",
        }
    }

    fn from_word(word: &str) -> Self {
        let all = [Self::Sync, Self::Write, Self::Dot];
        all.into_iter().find(|call| call.as_str() == word).unwrap()
    }
}

/// What is done of the call before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// Nothing.
    Nothing,
    /// So many bytes are written; of a dot, so many of `.`, CR, LF.
    Bytes(usize),
    /// All of it.
    All,
}

/// Lets the program that runs in this room end at the `number`th call of a kind, from 1.
pub fn cut_at(room: Newsroom, call: Call, number: usize, done: Done) -> Newsroom {
    let done = match done {
        Done::Nothing => "before".to_owned(),
        Done::Bytes(count) => count.to_string(),
        Done::All => "after".to_owned(),
    };
    let point = format!("{}:{number}:{done}", call.as_str());
    log_calls(room).env("CUT_AT", &point)
}

/// Writes down every call that counts.
pub fn log_calls(room: Newsroom) -> Newsroom {
    let log = room.path("calls");
    room.env("LD_PRELOAD", library().to_str().unwrap())
        .env("CUT_LOG", log.to_str().unwrap())
}

/// Takes the library away again.
pub fn uncut(room: Newsroom) -> Newsroom {
    let names = ["LD_PRELOAD", "CUT_LOG", "CUT_AT"];
    names.into_iter().fold(room, Newsroom::without_env)
}

/// The calls so far.
pub fn calls(room: &Newsroom) -> Vec<Call> {
    room.read("calls").lines().map(Call::from_word).collect()
}

/// The library, compiled once; the tests are built with a C compiler at hand, for SQLite.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cut.c");
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cut.so");
        // Another process may compile it too: each writes a file of its own and renames it.
        let own = library.with_extension(std::process::id().to_string());
        let compiled = Command::new("cc")
            .args([
                "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o",
            ])
            .arg(&own)
            .args([source, "-ldl"])
            .output()
            .expect("no C compiler");
        let complaint = String::from_utf8_lossy(&compiled.stderr);
        assert!(compiled.status.success(), "{complaint}");
        std::fs::rename(&own, &library).unwrap();
        library
    })
}
