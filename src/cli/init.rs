//! `init`: a new publication that every other command accepts as it is.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{App, CommandResult, Exit};
use crate::config;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::publish::{KEY_FILE, Publication};
use crate::subscriber;

/// What must not be published or shared: the ledger, the key, the readers, and what `catch` caught.
const GITIGNORE: &str = "ledger.db*\nledger.ballast\nsender.lock\npostrider.key\ndkim*.key\nsubscribers.csv\npublic/\n.postrider-cache\n.postrider-untold\ncaught/\nbounces/\n";

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The folder to make [default: the present one]
    dir: Option<PathBuf>,
    /// Title of the publication
    #[arg(long, default_value = "My Letter")]
    title: String,
    /// Your name
    #[arg(long, default_value = "The author")]
    author: String,
    /// The address that sends
    #[arg(long, value_name = "ADDR", default_value = "letters@example.org")]
    from: String,
    /// Where the archive will be on the web
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://letters.example.org/"
    )]
    base_url: String,
    /// Time zone of the dates
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
}

impl Init {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let folder = self
            .dir
            .as_ref()
            .map_or_else(|| app.folder.clone(), |dir| app.folder.join(dir));
        let settings = self.settings(app);
        // Read as the file will be read, so that nothing is written that would be refused later.
        let source = crate::diagnostic::SourceText::new(config::FILE_NAME, settings.as_str());
        config::parse(&source, &crate::config::Environment::default(), &folder)?;
        let path = folder.join(config::FILE_NAME);
        if path.exists() {
            return Err(Diagnostic::error(format!(
                "`{}` is a publication already",
                folder.display()
            ))
            .into());
        }
        write_if_missing(&folder, ".gitignore", GITIGNORE)?;
        write_if_missing(
            &folder,
            subscriber::FILE_NAME,
            "email,name,tags,joined,status\n",
        )?;
        make_folder(&folder.join("issues"))?;
        make_folder(&folder.join("templates"))?;
        write(&path, settings.as_bytes())?;
        let publication = Publication::open(&folder, &app.environment, app.clock)?;
        if !folder.join(KEY_FILE).exists() {
            publication.make_key()?;
        }
        if app.output.is_json() {
            app.output.json(&json!({ "folder": folder }));
        } else {
            app.output
                .line(&format!("a new publication is in {}", folder.display()));
            app.output.note("next: look through `postrider.toml`, put readers into `subscribers.csv`, and begin with `postrider new TITLE`");
        }
        Ok(Exit::Done)
    }

    fn settings(&self, app: &App) -> String {
        let domain = self
            .from
            .rsplit('@')
            .next()
            .unwrap_or("example.org")
            .trim_end_matches('>');
        let today = app.clock.now().format("%Y-%m-%d");
        let quoted = |text: &str| toml_edit::Value::from(text).to_string();
        let from = if self.from.contains('<') {
            self.from.clone()
        } else {
            format!("{} <{}>", self.title, self.from)
        };
        format!(
            r#"# What readers see.
title = {title}
author = {author}
description = ""

# Where the archive and the feeds are published; every link is built on it.
base_url = {base_url}

# Your domain, and a day on which it was yours: the root of every entry's identity in the feeds.
# Keep it for ever, also when you move to another domain.
feed_authority = {authority}

# Names the newsletter to mail programs. Keep it for ever.
list_id = {list_id}

# Language of the essays (BCP 47), time zone of the dates, and the hour at which an issue is due.
language = "en"
time_zone = {time_zone}
send_time = "09:00"

# An issue without a plan that is later than this goes out only when it is named.
max_lateness = "6h"

# Who sends. Answers come here too, unless `reply_to` says otherwise.
from = {from}

# Many countries ask for a postal address at the foot of each letter.
postal_address = ""

# The relay that takes the letters: smtp:// (STARTTLS) or smtps:// (TLS). The user name stands in
# `username`, the password in a file of mode 0600 that `password_file` names, or in the variable
# POSTRIDER_SMTP_PASSWORD. `postrider catch` is a relay to try with; it listens here:
[smtp]
url = "smtp://localhost:2525"
"#,
            title = quoted(&self.title),
            author = quoted(&self.author),
            base_url = quoted(&self.base_url),
            authority = quoted(&format!("{domain},{today}")),
            list_id = quoted(&format!("letters.{domain}")),
            time_zone = quoted(&self.time_zone),
            from = quoted(&from),
        )
    }
}

fn write_if_missing(folder: &Path, name: &str, text: &str) -> Result<(), Diagnostic> {
    let path = folder.join(name);
    if path.exists() {
        Ok(())
    } else {
        write(&path, text.as_bytes())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    fs::write_new(path, bytes).map_err(|error| {
        Diagnostic::error(format!("cannot write `{}`", path.display())).cause(error)
    })
}

fn make_folder(path: &Path) -> Result<(), Diagnostic> {
    std::fs::create_dir_all(path).map_err(|error| {
        Diagnostic::error(format!("cannot make `{}`", path.display())).cause(error)
    })
}
