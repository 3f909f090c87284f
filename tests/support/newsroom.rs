//! A publication in a folder of its own, and the program run in it.
//!
//! ```ignore
//! let relay = ScriptedRelay::start();
//! let room = Newsroom::new()
//!     .relay(&relay)
//!     .essay("2026-12-01-why-write", "Why write?", "Because.\n")
//!     .subscriber("ada@example.org", "Ada")
//!     .now("2026-12-01T09:00:00Z");
//! room.run(["send", "--yes"]).succeeds();
//! ```

use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use postrider::issue::IssueId;

use super::program::{Output, Running};
use super::relay::ScriptedRelay;

/// What every publication of a test begins with.
const CONFIG: &str = r#"title = "The Test Letter"
author = "The Editor"
base_url = "https://letters.example.org/"
feed_authority = "letters.example.org,2026"
list_id = "letters.example.org"
from = "letters@example.org"
language = "en"
time_zone = "UTC"
send_time = "09:00"
check.silence = ["missing-summary", "missing-postal-address", "example-address", "short-essay", "only-pictures"]
"#;

/// Says that the file system of the tests is good enough.
const UNSAFE_FS: &str = "POSTRIDER_UNSAFE_FS";

const PROGRAM: &str = env!("CARGO_BIN_EXE_postrider");

/// A publication. Its folder goes when this is dropped.
#[derive(Debug)]
pub struct Newsroom {
    folder: tempfile::TempDir,
    config: Config,
    environment: Vec<(String, String)>,
}

/// The parts of `postrider.toml`: keys must stand before the first table.
#[derive(Debug, Clone)]
struct Config {
    keys: String,
    smtp: Option<String>,
    tables: String,
}

impl Default for Newsroom {
    fn default() -> Self {
        Self::new()
    }
}

impl Newsroom {
    /// A publication without essays, subscribers and relay.
    pub fn new() -> Self {
        let newsroom = Self {
            folder: tempfile::tempdir().unwrap(),
            config: Config {
                keys: CONFIG.to_owned(),
                smtp: None,
                tables: String::new(),
            },
            environment: Vec::new(),
        };
        newsroom.configured()
    }

    /// A folder in which nothing is yet.
    pub fn empty() -> Self {
        let newsroom = Self::new();
        std::fs::remove_file(newsroom.path("postrider.toml")).unwrap();
        newsroom
    }

    /// Adds keys to the top of `postrider.toml`; a key that is there already is replaced.
    #[must_use]
    pub fn config(mut self, keys: &str) -> Self {
        for line in keys.lines() {
            let name = line.split('=').next().unwrap_or_default().trim();
            let is_other = |old: &&str| old.split('=').next().unwrap_or_default().trim() != name;
            let others: Vec<&str> = self.config.keys.lines().filter(is_other).collect();
            self.config.keys = format!("{}\n{line}\n", others.join("\n"));
        }
        self.configured()
    }

    /// Adds a table, with its `[name]`, to the end of `postrider.toml`.
    #[must_use]
    pub fn table(mut self, table: &str) -> Self {
        self.config.tables.push_str(table);
        self.config.tables.push('\n');
        self.configured()
    }

    /// Replaces every table that was added by this one.
    #[must_use]
    pub fn table_instead(mut self, table: &str) -> Self {
        self.config.tables.clear();
        self.table(table)
    }

    /// Sets what stands below `[smtp]`.
    #[must_use]
    pub fn smtp(mut self, keys: &str) -> Self {
        self.config.smtp = Some(keys.to_owned());
        self.configured()
    }

    /// Sends through this relay over four connections from the start; its certificate is trusted if
    /// it has one.
    #[must_use]
    pub fn relay(self, relay: &ScriptedRelay) -> Self {
        let room = self.smtp(&format!("url = \"{}\"\nconnections = 4", relay.url()));
        if relay.has_certificate() {
            let file = relay.authority_file().to_str().unwrap().to_owned();
            room.env("SSL_CERT_FILE", &file)
        } else {
            room
        }
    }

    fn configured(self) -> Self {
        let Config { keys, smtp, tables } = self.config.clone();
        let smtp = smtp
            .map(|keys| format!("\n[smtp]\n{}\n", keys.trim_end()))
            .unwrap_or_default();
        self.file("postrider.toml", format!("{keys}{smtp}\n{tables}"))
    }

    /// Adds an issue. Its id is made of the file's name, so that it is the same in every run.
    #[must_use]
    pub fn essay(self, stem: &str, title: &str, body: &str) -> Self {
        self.essay_with(stem, title, "", body)
    }

    /// Adds an issue with more lines in its front matter.
    #[must_use]
    pub fn essay_with(self, stem: &str, title: &str, front_matter: &str, body: &str) -> Self {
        let id = id_of(stem);
        let title = serde_json::Value::from(title);
        let more = if front_matter.is_empty() {
            String::new()
        } else {
            format!("{}\n", front_matter.trim_end())
        };
        let text = format!("+++\nid = \"{id}\"\ntitle = {title}\n{more}+++\n\n{body}");
        self.file(&format!("issues/{stem}.md"), &text)
    }

    /// Writes a file, and the folders above it.
    #[must_use]
    pub fn file(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    /// Replaces `subscribers.csv`.
    #[must_use]
    pub fn subscribers(self, csv: &str) -> Self {
        self.file("subscribers.csv", csv)
    }

    /// Adds a row to `subscribers.csv`, which is begun with `email,name` if it is not there.
    #[must_use]
    pub fn subscriber(self, address: &str, name: &str) -> Self {
        let mut rows = match std::fs::read_to_string(self.path("subscribers.csv")) {
            Ok(rows) => rows,
            Err(_) => "email,name\n".to_owned(),
        };
        let name = name.replace('"', "\"\"");
        rows.push_str(&[address, ",\"", &name, "\"\n"].concat());
        self.subscribers(&rows)
    }

    /// Adds the subscribers `reader1@example.org` to `reader{count}@example.org`.
    #[must_use]
    pub fn readers(self, count: usize) -> Self {
        let mut rows = String::from("email,name\n");
        for number in 1..=count {
            let _ = writeln!(rows, "reader{number}@example.org,Reader {number}");
        }
        self.subscribers(&rows)
    }

    /// Sets the program's clock, as `2026-12-01T09:00:00Z`; it runs on from there in each run.
    #[must_use]
    pub fn now(self, instant: &str) -> Self {
        self.env("POSTRIDER_NOW", instant)
    }

    /// Sets a variable of the environment, which else holds PATH alone.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable away again.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        self.spawn(arguments).wait()
    }

    /// Runs the program to its end, with this on its input.
    #[track_caller]
    pub fn run_with_input<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Output {
        use std::io::{Seek, Write};
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(input).unwrap();
        file.rewind().unwrap();
        Running::start_with(&mut self.command(arguments), file.into()).wait()
    }

    /// Starts the program.
    #[track_caller]
    pub fn spawn<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Running {
        Running::start(&mut self.command(arguments))
    }

    /// Starts the program under another one, such as `nohup`.
    pub fn spawn_under<S: AsRef<OsStr>>(
        &self,
        other: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Running {
        let mut command = Command::new(other);
        command.arg(PROGRAM);
        Running::start(self.equip(&mut command, arguments))
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(PROGRAM);
        self.equip(&mut command, arguments);
        command
    }

    fn equip<'a, S: AsRef<OsStr>>(
        &self,
        command: &'a mut Command,
        arguments: impl IntoIterator<Item = S>,
    ) -> &'a mut Command {
        command
            .arg("-C")
            .arg(self.folder.path())
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            // Where temporary folders are on such a file system, no test could send.
            .envs(std::env::var_os(UNSAFE_FS).map(|value| (UNSAFE_FS, value)))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
    }

    /// The publication's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the publication.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Whether there is something at this path.
    pub fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The text of a file.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The bytes of a file.
    #[track_caller]
    pub fn read_bytes(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a file in the middle of a test.
    #[track_caller]
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Every file below a folder of the publication, by its path from there, sorted.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let root = self.path(folder);
        let mut folders = vec![root.clone()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                    files.push(name.replace('\\', "/"));
                }
            }
        }
        files.sort();
        files
    }

    /// A text with what differs from run to run replaced: the folder, and ports of this machine.
    pub fn redact(&self, text: &str) -> String {
        let folder = self.folder.path();
        let mut text = text.to_owned();
        // The longer spelling first: on some systems one ends in the other.
        let mut spellings = vec![folder.to_owned()];
        spellings.extend(folder.canonicalize());
        spellings.sort_by_key(|path| std::cmp::Reverse(path.as_os_str().len()));
        for spelling in spellings {
            text = text.replace(spelling.to_str().unwrap(), "[publication]");
        }
        redact_ports(&text)
    }
}

/// The id that [`Newsroom::essay`] gives to an issue.
pub fn id_of(stem: &str) -> IssueId {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, stem.as_bytes());
    IssueId::from_bytes(digest.as_ref()[..16].try_into().unwrap())
}

/// Replaces `127.0.0.1:PORT` and `localhost:PORT`, whatever the port.
pub fn redact_ports(text: &str) -> String {
    let mut redacted = text.to_owned();
    for host in ["127.0.0.1:", "localhost:", "[::1]:"] {
        let mut pieces = redacted.split(host);
        let mut result = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let rest = piece.trim_start_matches(|character: char| character.is_ascii_digit());
            result.push_str(host);
            result.push_str(if rest.len() < piece.len() {
                "[port]"
            } else {
                ""
            });
            result.push_str(rest);
        }
        redacted = result;
    }
    redacted
}
