//! The command line: parse, call, print. One file per command; what commands do is in
//! [`publish`](crate::publish).
//!
//! Data goes to stdout, everything else to stderr. Exit codes are in [`Exit`].

mod bounces;
mod browser;
mod build;
mod catch;
mod check;
mod control;
mod demo;
mod desk;
mod dkim;
mod history;
mod import;
mod init;
mod ledger;
mod new;
mod output;
mod plan;
mod preview;
mod progress;
mod sample;
mod schedule;
mod selftest;
mod send;
mod serve;
mod signals;
mod status;
mod subscribers;
mod theme;
mod times;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::config::Environment;
use crate::diagnostic::Diagnostic;
use crate::publish::{Publication, Stop};
use output::Output;

/// How a command ended, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// The command failed.
    Failed,
    /// `send` ended with deliveries deferred, rejected or unconfirmed.
    OpenDeliveries,
    /// Another sender holds the ledger.
    Busy,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::OpenDeliveries => 3,
            Exit::Busy => 75,
        })
    }
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 `send` ended with deliveries deferred, rejected or \
unconfirmed, 75 the ledger is held by another run.";

/// Turns essays into dated issues and carries them to readers by mail, feed and web.
#[derive(Debug, Parser)]
#[command(name = "postrider", version, after_help = EXIT_CODES, propagate_version = true, max_term_width = 100)]
struct Arguments {
    /// The publication's folder
    #[arg(
        short = 'C',
        value_name = "DIR",
        global = true,
        default_value = ".",
        hide_default_value = true
    )]
    folder: PathBuf,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Say more on stderr; twice for the details
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Take this instant for the present, such as 2026-12-01T09:00:00Z
    #[arg(long, value_name = "INSTANT", global = true, env = "POSTRIDER_NOW", value_parser = times::parse_now)]
    now: Option<DateTime<Utc>>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new publication
    Init(init::Init),
    /// Begin a new issue as a draft
    New(new::New),
    /// Turn essays into dated issues
    Import(import::Import),
    /// Find what would embarrass you
    Check(check::Check),
    /// See an issue as readers will, while you write it
    Preview(preview::Preview),
    /// Write the archive and the feeds
    Build(build::Build),
    /// Show who would get an issue, and who would not and why
    Plan(plan::Plan),
    /// Give an issue its time, or show the calendar
    Schedule(schedule::Schedule),
    /// Put an issue off: it is a draft again
    Unschedule(schedule::Unschedule),
    /// Mail what is due, resume what was started, retry what is ripe
    Send(send::Send),
    /// Stop an issue for a while, also in the middle of a run
    Pause(control::Named),
    /// Let a paused issue go on
    Continue(control::Named),
    /// Stop an issue for good
    Cancel(control::Cancel),
    /// Run the publication by itself: pages, feeds and what readers ask for
    Serve(serve::Serve),
    /// Show where issues stand
    Status(status::Status),
    /// See how everything stands, on a local page
    Desk(desk::Desk),
    /// Show what one person got
    History(history::History),
    /// Look at the roster; suppress an address or allow it again
    Subscribers(subscribers::Subscribers),
    /// Show the themes; copy their files to change them
    Theme(theme::Theme),
    /// Read what came back: failures, complaints, requests to leave
    Bounces(bounces::Bounces),
    /// Look after the record of what was sent
    Ledger(ledger::Ledger),
    /// Make the key by which messages are signed, and its DNS record
    Dkim(dkim::Dkim),
    /// Show that nobody is mailed twice or never on this machine, folder and disk
    Selftest(selftest::Selftest),
    /// Run an SMTP server on this machine that keeps everything and passes nothing on
    Catch(catch::Catch),
    /// Do the whole job with a sample publication; needs nothing
    Demo(demo::Demo),
}

/// What every command is given.
struct App {
    folder: PathBuf,
    clock: Clock,
    environment: Environment,
    output: Output,
}

impl App {
    fn publication(&self) -> Result<Publication, Stop> {
        Publication::open(&self.folder, &self.environment, self.clock)
    }
}

type CommandResult = Result<Exit, Stop>;

/// The program: reads the command line and the environment, runs one command.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json, arguments.quiet);
    start_log(arguments.verbose, arguments.quiet);
    let app = App {
        folder: arguments.folder,
        clock: arguments.now.map_or_else(Clock::system, Clock::starting_at),
        environment: Environment::from_pairs(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        })),
        output,
    };
    let result = run(&app, arguments.command);
    app.output.finish();
    match result {
        Ok(exit) => exit.into(),
        Err(stop) => report(&app.output, stop).into(),
    }
}

fn run(app: &App, command: Command) -> CommandResult {
    match command {
        Command::Init(command) => command.run(app),
        Command::New(command) => command.run(app),
        Command::Import(command) => command.run(app),
        Command::Check(command) => command.run(app),
        Command::Preview(command) => command.run(app),
        Command::Build(command) => command.run(app),
        Command::Plan(command) => command.run(app),
        Command::Schedule(command) => command.run(app),
        Command::Unschedule(command) => command.run(app),
        Command::Send(command) => command.run(app),
        Command::Pause(named) => control::pause(app, &named),
        Command::Continue(named) => control::proceed(app, &named),
        Command::Cancel(command) => command.run(app),
        Command::Serve(command) => command.run(app),
        Command::Status(command) => command.run(app),
        Command::Desk(command) => command.run(app),
        Command::History(command) => command.run(app),
        Command::Subscribers(command) => command.run(app),
        Command::Theme(command) => command.run(app),
        Command::Bounces(command) => command.run(app),
        Command::Ledger(command) => command.run(app),
        Command::Dkim(command) => command.run(app),
        Command::Selftest(command) => command.run(app),
        Command::Catch(command) => command.run(app),
        Command::Demo(command) => command.run(app),
    }
}

fn report(output: &Output, stop: Stop) -> Exit {
    match stop {
        Stop::Failed(problems) => {
            output.failures(&problems);
            Exit::Failed
        }
        Stop::Busy(problem) => {
            output.problems(&[*problem]);
            Exit::Busy
        }
        Stop::Declined => {
            output.problems(&[Diagnostic::error("nothing was sent")]);
            Exit::Failed
        }
    }
}

/// Warnings from the depths go to stderr; addresses in them are masked where they are written.
fn start_log(verbose: u8, quiet: bool) {
    let level = match (quiet, verbose) {
        (true, _) => tracing::Level::ERROR,
        (false, 0) => tracing::Level::WARN,
        (false, 1) => tracing::Level::INFO,
        (false, _) => tracing::Level::DEBUG,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .init();
}
