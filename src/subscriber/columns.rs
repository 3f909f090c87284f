//! The header of the roster: which column is which.

use std::ops::Range;

use csv::StringRecord;

use crate::address::clean_name;
use crate::diagnostic::{Diagnostic, SourceText, closest};

/// Most columns a roster may have.
const MOST_COLUMNS: usize = 256;

/// Where the columns are.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    pub(super) names: Vec<String>,
    pub(super) email: usize,
    pub(super) name: Option<usize>,
    pub(super) tags: Option<usize>,
    pub(super) status: Option<usize>,
}

impl Columns {
    const KNOWN: [&'static str; 5] = ["email", "name", "tags", "joined", "status"];

    /// Finds the columns that we know by their names; `place` is the header's.
    pub(super) fn find(
        header: &StringRecord,
        source: &SourceText,
        place: Range<usize>,
    ) -> Result<Self, Diagnostic> {
        let wrong = |message: &str| Diagnostic::error(message).at(source, place.clone());
        if header.len() > MOST_COLUMNS {
            return Err(wrong(&format!(
                "the roster has more than {MOST_COLUMNS} columns"
            )));
        }
        let names: Vec<String> = header.iter().map(canonical).collect();
        if names.iter().any(|name| name.contains('@')) {
            return Err(
                wrong("the roster has no header row").hint("put `email,name` on the first line")
            );
        }
        let find = |wanted: &str| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == wanted);
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => Err(wrong(&format!("the roster has two columns `{wanted}`"))),
                (first, _) => Ok(first.map(|(at, _)| at)),
            }
        };
        let Some(email) = find("email")? else {
            let like = names
                .iter()
                .find(|name| closest(name, ["email", "e-mail address"]).is_some());
            return Err(wrong("the roster has no column `email`").hint(match like {
                Some(name) => format!("rename the column `{name}` to `email`"),
                None => "name the column that holds the addresses `email`".to_owned(),
            }));
        };
        for known in Self::KNOWN {
            find(known)?;
        }
        Ok(Self {
            email,
            name: find("name")?,
            tags: find("tags")?,
            status: find("status")?,
            names,
        })
    }

    /// These, and those that are wanted and not among them.
    pub(super) fn with(&self, wanted: [&str; 3]) -> Self {
        let mut names = self.names.clone();
        for name in wanted {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        let find = |wanted: &str| names.iter().position(|name| name == wanted);
        Self {
            email: find("email").unwrap_or(self.email),
            name: find("name"),
            tags: find("tags"),
            status: None,
            names,
        }
    }
}

/// Column names as other programs write them, in our words.
pub(super) fn canonical(name: &str) -> String {
    let name = clean_name(name).to_lowercase();
    match name.as_str() {
        "e-mail" | "mail" | "email address" | "e-mail address" | "email_address"
        | "subscriber email" | "subscriber_email" => "email".to_owned(),
        _ => name,
    }
}

/// Comma, semicolon or tab: whichever stands most often in the header.
pub(super) fn delimiter_of(header: &str) -> u8 {
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}
