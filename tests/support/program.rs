//! The real program as a child process: started, watched, killed, and judged by what it said.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use super::DEADLINE;

/// A program that runs. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    command: String,
    stdout: Arc<Capture>,
    stderr: Arc<Capture>,
    readers: Vec<JoinHandle<()>>,
}

/// What a program said so far on one of its two outputs.
#[derive(Debug, Default)]
struct Capture {
    said: Mutex<Said>,
    grown: Condvar,
}

#[derive(Debug, Default)]
struct Said {
    bytes: Vec<u8>,
    ended: bool,
}

impl Running {
    /// Starts a program without a terminal and without input.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// Starts a program without a terminal.
    #[track_caller]
    pub fn start_with(command: &mut Command, input: Stdio) -> Self {
        let mut child = command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = <(Arc<Capture>, Arc<Capture>)>::default();
        let readers = vec![
            stdout.follow(child.stdout.take().unwrap()),
            stderr.follow(child.stderr.take().unwrap()),
        ];
        Self {
            child,
            command: format!("{command:?}"),
            stdout,
            stderr,
            readers,
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the first line on stdout that contains `text`, as soon as it is there.
    #[track_caller]
    pub fn wait_for_stdout(&self, text: &str) -> String {
        self.stdout.wait_for_line(text, &self.command)
    }

    /// Returns the first line on stderr that contains `text`, as soon as it is there.
    #[track_caller]
    pub fn wait_for_stderr(&self, text: &str) -> String {
        self.stderr.wait_for_line(text, &self.command)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Kills it as a power cut would, `kill -9`, and returns what it had said.
    #[track_caller]
    pub fn kill(mut self) -> Output {
        self.child.kill().unwrap();
        self.finish()
    }

    /// Sends a signal that it can answer: `INT` or `TERM`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let kill = Command::new("kill")
            .args([format!("-{name}"), self.id().to_string()])
            .status()
            .unwrap();
        assert!(kill.success());
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        self.finish()
    }

    #[track_caller]
    fn finish(&mut self) -> Output {
        // A program that ended has closed its outputs; one that hangs has not.
        if !(self.stdout.wait_for_end() && self.stderr.wait_for_end()) {
            let _ = self.child.kill();
            panic!(
                "{} does not end\n{}\n{}",
                self.command,
                self.stdout.text(),
                self.stderr.text()
            );
        }
        let status = self.child.wait().unwrap();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        Output {
            command: self.command.clone(),
            status,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Capture {
    fn follow(self: &Arc<Self>, mut pipe: impl Read + Send + 'static) -> JoinHandle<()> {
        let capture = Arc::clone(self);
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            loop {
                let count = pipe.read(&mut block).unwrap_or(0);
                let mut said = capture.said.lock().unwrap();
                said.bytes.extend_from_slice(&block[..count]);
                said.ended = count == 0;
                capture.grown.notify_all();
                if count == 0 {
                    return;
                }
            }
        })
    }

    fn text(&self) -> String {
        String::from_utf8(self.said.lock().unwrap().bytes.clone()).expect("output is not UTF-8")
    }

    fn wait_for_end(&self) -> bool {
        let said = self.said.lock().unwrap();
        let (said, _) = self
            .grown
            .wait_timeout_while(said, DEADLINE, |said| !said.ended)
            .unwrap();
        said.ended
    }

    #[track_caller]
    fn wait_for_line(&self, text: &str, command: &str) -> String {
        let find = |said: &Said| {
            let all = String::from_utf8_lossy(&said.bytes).into_owned();
            // A line that is not ended may still grow.
            let whole = &all[..all.rfind('\n').map_or(0, |at| at + 1)];
            whole
                .lines()
                .find(|line| line.contains(text))
                .map(str::to_owned)
        };
        let said = self.said.lock().unwrap();
        let (said, _) = self
            .grown
            .wait_timeout_while(said, DEADLINE, |said| !said.ended && find(said).is_none())
            .unwrap();
        let (found, all) = (
            find(&said),
            String::from_utf8_lossy(&said.bytes).into_owned(),
        );
        drop(said);
        found.unwrap_or_else(|| panic!("{command} did not say {text:?}\n{all}"))
    }
}

/// What a program said, and how it ended. The checks return it, to be chained.
#[derive(Debug, Clone)]
pub struct Output {
    /// The command line, for messages.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its answer.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Output {
    /// It ended with 0 and had nothing to say on stderr.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0).stderr_is("")
    }

    /// It ended with this code and said why on stderr.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        assert!(!self.stderr.is_empty(), "no reason on stderr{self}");
        self.exits(code)
    }

    /// It ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(
            self.status.code() == Some(code),
            "ended otherwise than {code}{self}"
        );
        self
    }

    /// Its answer is this.
    #[track_caller]
    pub fn stdout_is(self, text: &str) -> Self {
        assert!(self.stdout == text, "stdout is not {text:?}{self}");
        self
    }

    /// Its answer contains this.
    #[track_caller]
    pub fn stdout_contains(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "stdout lacks {text:?}{self}");
        self
    }

    /// Its answer does not contain this.
    #[track_caller]
    pub fn stdout_lacks(self, text: &str) -> Self {
        assert!(
            !self.stdout.contains(text),
            "stdout contains {text:?}{self}"
        );
        self
    }

    /// What it said on stderr is this.
    #[track_caller]
    pub fn stderr_is(self, text: &str) -> Self {
        assert!(self.stderr == text, "stderr is not {text:?}{self}");
        self
    }

    /// What it said on stderr contains this.
    #[track_caller]
    pub fn stderr_contains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr lacks {text:?}{self}");
        self
    }

    /// What it said on stderr does not contain this.
    #[track_caller]
    pub fn stderr_lacks(self, text: &str) -> Self {
        assert!(
            !self.stderr.contains(text),
            "stderr contains {text:?}{self}"
        );
        self
    }

    /// Its answer, which is one JSON value.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}{self}"))
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            status,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "\n{command}\n{status}\n-- stdout\n{stdout}\n-- stderr\n{stderr}"
        )
    }
}
