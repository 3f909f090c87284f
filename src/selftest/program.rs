//! The program under test: this one, as a child process with a folder, a clock and nothing else of
//! the author's.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::process::{Pid, Signal, kill_process};

use super::Stopped;

/// No run of a test takes longer, or something hangs.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(2);

/// How to run the program.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// Its file.
    pub(super) path: PathBuf,
    /// Whether the author has had enough.
    pub(super) cancel: super::Cancel,
}

/// A child that runs. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    cancel: super::Cancel,
    ended: Option<ExitStatus>,
}

impl Program {
    /// Starts the program in a publication's folder. What it says goes to files that begin with
    /// `log`.
    pub(super) fn start(
        &self,
        folder: &Path,
        now: DateTime<Utc>,
        arguments: &[&str],
        log: &Path,
    ) -> io::Result<Running> {
        let mut command = Command::new(&self.path);
        command
            .arg("-C")
            .arg(folder)
            .arg("--now")
            .arg(now.to_rfc3339_opts(SecondsFormat::Secs, true))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(log.with_extension("out"))?)
            .stderr(File::create(log.with_extension("err"))?)
            // Ctrl-C is for the test, which ends its children in its own way.
            .process_group(0);
        // The author's relay, password and clock are none of the test's business.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("POSTRIDER_") {
                command.env_remove(name);
            }
        }
        Ok(Running {
            child: command.spawn()?,
            cancel: self.cancel.clone(),
            ended: None,
        })
    }
}

impl Running {
    /// Whether it has ended by itself.
    pub(super) fn has_ended(&mut self) -> io::Result<bool> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended.is_some())
    }

    /// Ends it as a power cut would, in the middle of whatever it does.
    pub(super) fn kill(mut self) -> io::Result<()> {
        if !self.has_ended()? {
            self.child.kill()?;
            self.ended = Some(self.child.wait()?);
        }
        Ok(())
    }

    /// Asks it to end, as Ctrl-C does.
    pub(super) fn interrupt(&mut self) -> io::Result<()> {
        let number = i32::try_from(self.child.id()).unwrap_or_default();
        match Pid::from_raw(number) {
            // Not reaped yet, so the number is still this child's.
            Some(process) if !self.has_ended()? => Ok(kill_process(process, Signal::INT)?),
            _ => Ok(()),
        }
    }

    /// Waits for its end; the exit code, if it ended by itself.
    pub(super) fn wait(mut self) -> Result<Option<i32>, Stopped> {
        let start = Instant::now();
        while !self.has_ended()? {
            self.cancel.check()?;
            if start.elapsed() > PATIENCE {
                return Err(Stopped::Stuck("a run did not end".to_owned()));
            }
            std::thread::sleep(LOOK);
        }
        Ok(self.ended.and_then(|status| status.code()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
