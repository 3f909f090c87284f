//! `dkim`: the keys by which messages are signed, and their records for the DNS.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{App, CommandResult, Exit};
use crate::config::{DkimConfig, DkimKey};
use crate::diagnostic::Diagnostic;
use crate::dkim::{Algorithm, generate, record_name};
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
    /// Make a key, and show the records to be published
    Keygen {
        /// Make the key of a second signature (Ed25519), and the usual one if it is missing
        #[arg(long)]
        ed25519: bool,
    },
    /// Show the records of the keys that are there
    Record,
}

/// A record of the DNS, and the key it belongs to.
struct Record<'a> {
    name: String,
    strings: Vec<String>,
    key: &'a DkimKey,
    algorithm: Algorithm,
}

impl Dkim {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        let configured = publication.config.dkim.as_ref();
        let mut config = configured
            .cloned()
            .unwrap_or_else(|| default_config(&publication));
        if let Action::Keygen { ed25519: true } = self.action {
            let key = config.ed25519.get_or_insert_with(|| DkimKey {
                selector: format!("{}-ed25519", config.rsa.selector),
                key_file: publication.folder.join("dkim-ed25519.key"),
                record: None,
            });
            make_key(key, Algorithm::Ed25519)?;
            if !config.rsa.key_file.exists() {
                make_key(&config.rsa, Algorithm::Rsa)?;
            }
        } else if matches!(self.action, Action::Keygen { .. }) {
            make_key(&config.rsa, Algorithm::Rsa)?;
            // The other key is made when it is asked for.
            config.ed25519 = config.ed25519.filter(|key| key.key_file.exists());
        }
        let records = records(&publication, &config)?;
        if app.output.is_json() {
            app.output.json(&to_json(&records));
            return Ok(Exit::Done);
        }
        show(app, &publication, &config.domain, &records);
        let known = |record: &Record<'_>| record.key.record == Some(record.strings.concat());
        let complete = configured.is_some() && records.iter().all(known);
        if !complete {
            let keys = settings(&publication, &records);
            app.output.note(&format!("\nWhen the records are there, let `postrider.toml` say so; with `record` in it no other key is ever used:\n\n[dkim]\n{keys}"));
        }
        Ok(Exit::Done)
    }
}

fn default_config(publication: &Publication) -> DkimConfig {
    DkimConfig {
        domain: publication.config.from.address.domain().to_owned(),
        rsa: DkimKey {
            selector: "postrider".to_owned(),
            key_file: publication.folder.join("dkim.key"),
            record: None,
        },
        ed25519: None,
    }
}

fn records<'a>(publication: &Publication, config: &'a DkimConfig) -> Result<Vec<Record<'a>>, Stop> {
    let second = config.ed25519.iter().map(|key| (key, Algorithm::Ed25519));
    let mut records = Vec::new();
    for (key, algorithm) in std::iter::once((&config.rsa, Algorithm::Rsa)).chain(second) {
        // The record in the file may be the old one: this is where the new one is shown.
        let unchecked = DkimKey {
            record: None,
            ..key.clone()
        };
        let private = publication.dkim_key(&unchecked, algorithm)?;
        let strings = private
            .record_value()
            .map_err(|error| Diagnostic::error("the public key cannot be written").cause(error))?;
        records.push(Record {
            name: record_name(&key.selector, &config.domain),
            strings,
            key,
            algorithm,
        });
    }
    Ok(records)
}

fn to_json(records: &[Record<'_>]) -> Value {
    let records = records.iter().map(|record| {
        json!({ "name": record.name, "type": "TXT", "strings": record.strings,
            "key_file": record.key.key_file, "algorithm": record.algorithm.name() })
    });
    json!({ "records": records.collect::<Vec<_>>() })
}

fn show(app: &App, publication: &Publication, domain: &str, records: &[Record<'_>]) {
    app.output
        .note("Publish in the DNS, so that receivers can check the signatures (DKIM):\n");
    for record in records {
        let strings = record.strings.join("\" \"");
        app.output
            .line(&format!("{}. IN TXT ( \"{strings}\" )", record.name));
    }
    let envelope = publication.config.bounces_domain.as_deref();
    let from = publication.config.from.address.domain();
    app.output.note(&format!(
        "\nIf they are not there yet: who may send for the envelope's domain (SPF; the relay's operator knows the \
         name to include, and there must be one such record alone), and what receivers do with \
         mail that fails (DMARC; `p=quarantine` when the reports look right):\n\n\
         {}. IN TXT \"v=spf1 include:RELAY ~all\"\n\
         _dmarc.{from}. IN TXT \"v=DMARC1; p=none; rua=mailto:{}\"",
        envelope.unwrap_or(from),
        publication.config.from.address,
    ));
    if domain != from && !from.ends_with(&format!(".{domain}")) {
        app.output.note(&format!(
            "\nMind that `{domain}` does not end the sender's domain `{from}`: such a signature does not count for DMARC."
        ));
    }
}

/// What belongs into `[dkim]` for these records.
fn settings(publication: &Publication, records: &[Record<'_>]) -> String {
    let tables = records.iter().map(|record| {
        let prefix = match record.algorithm {
            Algorithm::Rsa => "",
            Algorithm::Ed25519 => "ed25519_",
        };
        let file = record.key.key_file.strip_prefix(&publication.folder);
        let file = file.unwrap_or(&record.key.key_file).display();
        format!(
            "{prefix}selector = \"{}\"\n{prefix}key_file = \"{file}\"\n{prefix}record = \"{}\"\n",
            record.key.selector,
            record.strings.concat(),
        )
    });
    tables.collect()
}

fn make_key(key: &DkimKey, algorithm: Algorithm) -> Result<(), Diagnostic> {
    let name = key.key_file.display();
    let pem = generate(algorithm)
        .map_err(|error| Diagnostic::error("no key could be made").cause(error))?;
    fs::write_new_secret(&key.key_file, pem.as_bytes()).map_err(|error| {
        let problem = Diagnostic::error(format!("cannot write `{name}`"));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => problem
                .cause("there is a key already, and mail that is under way is signed with it")
                .hint("`postrider dkim record` shows its record; for a new key name another `selector` and `key_file`"),
            _ => problem.cause(error),
        }
    })
}
