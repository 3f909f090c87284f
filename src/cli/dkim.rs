//! `dkim`: the key by which messages are signed, and its record for the DNS.

use clap::Subcommand;
use serde_json::json;

use super::{App, CommandResult, Exit};
use crate::config::DkimConfig;
use crate::diagnostic::Diagnostic;
use crate::dkim::generate;
use crate::fs;
use crate::publish::{Publication, Stop};

/// Arguments of `dkim`.
#[derive(Debug, clap::Args)]
pub(super) struct Dkim {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key, and show the record to be published
    Keygen,
    /// Show the record of the key that is there
    Record,
}

impl Dkim {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let configured = publication.config.dkim.clone();
        let config = configured
            .clone()
            .unwrap_or_else(|| default_config(&publication));
        if matches!(self.action, Action::Keygen) {
            make_key(&config)?;
        }
        let signer = publication
            .signer_for(&config, &config.domain, &config.selector)
            .map_err(Stop::from)?;
        let strings = signer
            .record_value()
            .map_err(|error| Diagnostic::error("the public key cannot be written").cause(error))?;
        if app.output.is_json() {
            app.output.json(&json!({ "name": signer.record_name(), "type": "TXT", "strings": strings, "key_file": config.key_file }));
            return Ok(Exit::Done);
        }
        app.output.note("publish this record in the DNS:\n");
        let quoted: Vec<String> = strings
            .iter()
            .map(|string| format!("\"{string}\""))
            .collect();
        app.output.line(&format!(
            "{}. IN TXT ( {} )",
            signer.record_name(),
            quoted.join(" ")
        ));
        if configured.is_none() {
            app.output.note("\nand, when it is there, turn signing on in `postrider.toml`:\n\n[dkim]\nselector = \"postrider\"\nkey_file = \"dkim.key\"");
        }
        Ok(Exit::Done)
    }
}

fn default_config(publication: &Publication) -> DkimConfig {
    DkimConfig {
        domain: publication.config.from.address.domain().to_owned(),
        selector: "postrider".to_owned(),
        key_file: publication.folder.join("dkim.key"),
    }
}

fn make_key(config: &DkimConfig) -> Result<(), Diagnostic> {
    let name = config.key_file.display();
    let pem = generate().map_err(|error| Diagnostic::error("no key could be made").cause(error))?;
    fs::write_new_secret(&config.key_file, pem.as_bytes()).map_err(|error| {
        let problem = Diagnostic::error(format!("cannot write `{name}`"));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => problem
                .cause("there is a key already, and mail that is under way is signed with it")
                .hint("`postrider dkim record` shows its record; for a new key name another `selector` and `key_file`"),
            _ => problem.cause(error),
        }
    })
}
