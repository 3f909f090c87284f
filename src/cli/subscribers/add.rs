//! `subscribers add`: one more row.

use serde_json::json;

use super::{address_of, tell_of_open};
use crate::cli::{App, CommandResult, Exit};
use crate::publish::{NewSubscriber, Office, add_subscriber};

/// Arguments of `subscribers add`.
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// The address
    address: String,
    /// The person's name
    #[arg(long, default_value = "")]
    name: String,
    /// Tags, separated by commas
    #[arg(long, value_delimiter = ',')]
    tags: Vec<String>,
    /// A value for a column of your own; may be given several times
    #[arg(long = "column", value_name = "NAME=VALUE", value_parser = pair)]
    columns: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

impl Add {
    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let tags = self.tags.iter().map(|tag| tag.trim().to_owned());
        let new = NewSubscriber {
            address: address_of(&self.address)?,
            name: self.name.clone(),
            tags: tags.filter(|tag| !tag.is_empty()).collect(),
            columns: self.columns.clone(),
        };
        let added = add_subscriber(&mut office, &new)?;
        if added.is_role {
            app.output
                .note(&format!("`{}` is a role, not a reader", new.address));
        }
        if added.has_signed_up {
            app.output.note(&format!(
                "{} signed up on the web before; from now on the row in `subscribers.csv` counts",
                new.address
            ));
        }
        tell_of_open(app, added.open_elsewhere);
        if app.output.is_json() {
            app.output.json(&json!({
                "address": new.address.as_str(), "added": true, "made_file": added.made_file,
            }));
            return Ok(Exit::Done);
        }
        if added.made_file {
            app.output.line("made `subscribers.csv`");
        }
        app.output
            .line(&format!("{} is on the roster", new.address));
        Ok(Exit::Done)
    }
}
