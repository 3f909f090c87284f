//! `send`: mails what is due, after asking for the count.

mod asking;
mod telling;

use std::io::IsTerminal;

use serde_json::json;

use self::asking::{Consent, Terminal};

pub(super) use self::asking::stop_on_signals;
use self::telling::{show, show_held};
use super::check::to_json;
use super::output::count;
use super::status::bad_address;
use super::{App, CommandResult, Exit};
use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::pace::RestRules;
use crate::publish::{self, AskedFor, Halt, OnUnconfirmed, Publication, SendOptions};

/// Arguments of `send`.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(super) struct Send {
    /// File, slug, id or the beginning of one [default: everything that is due or was started]
    issue: Option<String>,
    /// Mail what is due without asking: for timers, since scheduling is consent
    #[arg(long, conflicts_with_all = ["issue", "test"])]
    due: bool,
    /// Send one message of the issue to this address, outside the ledger
    #[arg(long, value_name = "ADDR", requires = "issue")]
    test: Option<String>,
    /// Send it once more to these, who lost it; the copy is recorded as asked for
    #[arg(long, value_name = "ADDR", num_args = 1.., requires = "issue", conflicts_with = "test")]
    again: Vec<String>,
    /// Send it to these, who joined after it was planned
    #[arg(long, value_name = "ADDR", num_args = 1.., requires = "issue", conflicts_with = "test")]
    to: Vec<String>,
    /// What becomes of earlier deliveries in doubt
    #[arg(long, value_enum, value_name = "WHAT", default_value = "hold")]
    on_unconfirmed: Doubt,
    /// Send although the folder is on NFS, SMB, 9p or FUSE, where a commit may be worth nothing
    #[arg(long, env = "POSTRIDER_UNSAFE_FS", value_parser = clap::builder::FalseyValueParser::new())]
    unsafe_fs: bool,
    /// Show what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Do not ask, and refuse when the run would have another number of messages
    #[arg(long, value_name = "N")]
    expect: Option<usize>,
    /// Stay until nothing is deferred any more
    #[arg(long)]
    wait: bool,
    /// Accept a roster that lost more than a fifth of its subscribers
    #[arg(long)]
    accept_removals: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Doubt {
    /// Wait for a person
    Hold,
    /// Send them again after 15 minutes: nobody misses an issue, somebody may get it twice
    Resend,
    /// Count them as sent: nobody gets an issue twice, somebody may miss it
    Accept,
}

fn addresses(texts: &[String]) -> Result<Vec<EmailAddress>, Diagnostic> {
    let parsed = texts
        .iter()
        .map(|text| EmailAddress::parse(text).map_err(|error| bad_address(text, error)));
    parsed.collect()
}

impl Send {
    fn asked(&self) -> Result<AskedFor, Diagnostic> {
        Ok(AskedFor {
            again: addresses(&self.again)?,
            to: addresses(&self.to)?,
            on_unconfirmed: match self.on_unconfirmed {
                Doubt::Hold => OnUnconfirmed::Hold,
                Doubt::Resend => OnUnconfirmed::Resend,
                Doubt::Accept => OnUnconfirmed::Accept,
            },
        })
    }

    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        if let Some(to) = &self.test {
            return self.test(app, &publication, to);
        }
        let options = SendOptions {
            issue: self.issue.clone(),
            by_timer: self.due,
            wait: self.wait,
            accept_removals: self.accept_removals,
            unsafe_fs: self.unsafe_fs,
            asked: self.asked()?,
            timers: publication.config.timers.clone(),
            rules: publication.config.retry.clone(),
            rests: RestRules::default(),
        };
        if self.dry_run {
            return dry_run(app, &publication, &options);
        }
        let halt = Halt::default();
        let mut terminal = Terminal {
            output: &app.output,
            consent: self.consent(),
            // Nobody sits there: what could be better was to be told by `check`.
            shows_findings: !self.due,
            zone: publication.config.zone.clone(),
            watcher: None,
            halt: halt.clone(),
            announcing: None,
        };
        let ended = publish::send(&publication, &options, &mut terminal, &halt);
        if let Some(announcing) = terminal.announcing.take() {
            app.output.warnings(&announcing.finish());
        }
        let report = ended?;
        Ok(show(app, &publication, &report))
    }

    fn consent(&self) -> Consent {
        match (self.expect, self.yes, self.due) {
            (Some(number), _, _) => Consent::Expect(number),
            (None, true, _) | (None, _, true) => Consent::Given,
            (None, false, false) if std::io::stdin().is_terminal() => Consent::Ask,
            (None, false, false) => Consent::Missing,
        }
    }

    fn test(&self, app: &App, publication: &Publication, to: &str) -> CommandResult {
        let address = EmailAddress::parse(to).map_err(|error| bad_address(to, error))?;
        let issue = self.issue.as_deref().unwrap_or_default();
        let sent = publish::send_test(
            publication,
            issue,
            &address,
            publication.config.timers.clone(),
        )?;
        app.output.warnings(&sent.warnings);
        if app.output.is_json() {
            app.output.json(&json!({ "to": address.as_str(), "subject": sent.subject, "bytes": sent.size, "reply": sent.reply }));
        } else {
            app.output.line(&format!(
                "a test of `{}` ({} bytes) went to {address}: {}",
                sent.subject, sent.size, sent.reply
            ));
            app.output
                .note("it is not in the ledger, and its unsubscribe link does nothing");
        }
        Ok(Exit::Done)
    }
}

fn dry_run(app: &App, publication: &Publication, options: &SendOptions) -> CommandResult {
    let (question, report) = publish::preview_send(publication, options)?;
    app.output.warnings(&question.warnings);
    app.output.warnings(&question.findings);
    if app.output.is_json() {
        let issues = question
            .issues
            .iter()
            .map(|(title, number)| json!({ "title": title, "messages": number }));
        app.output.json(&json!({
            "total": question.total,
            "issues": issues.collect::<Vec<_>>(),
            "findings": question.findings.iter().map(to_json).collect::<Vec<_>>(),
        }));
        return Ok(Exit::Done);
    }
    for (title, number) in &question.issues {
        app.output
            .line(&format!("{title}: {}", count(*number as u64, "message")));
    }
    app.output.line(&format!(
        "{} would be sent; nothing was",
        count(question.total as u64, "message")
    ));
    show_held(app, publication, &report);
    Ok(Exit::Done)
}
