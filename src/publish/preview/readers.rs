//! The two readers whose mail is shown: one with a name and one without. They come from the roster
//! where it has such people, so that the author's own columns are filled as they will be.

use std::collections::BTreeMap;

use crate::address::EmailAddress;
use crate::diagnostic::Diagnostic;
use crate::fs;
use crate::plan::{Fields, Recipient};
use crate::preview::Reader;
use crate::publish::Publication;
use crate::subscriber::{FILE_NAME, Roster, Status};
use crate::token::Keys;

/// Somebody who gets a mail.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) address: EmailAddress,
    pub(super) fields: BTreeMap<String, String>,
}

impl Person {
    /// The same as a plan has it.
    pub(super) fn recipient(&self, keys: &Keys) -> Recipient {
        Recipient {
            key: keys.address_key(&self.address),
            address: self.address.clone(),
            fields: Fields::new(self.fields.clone()),
        }
    }
}

/// Both of them.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    named: Option<Person>,
    nameless: Option<Person>,
    /// What is wrong with the roster.
    pub(super) problems: Vec<Diagnostic>,
}

/// Ends the reading of the roster: both were found, or it cannot be read.
enum Enough {
    Both,
    Problem(Diagnostic),
}

impl From<Diagnostic> for Enough {
    fn from(problem: Diagnostic) -> Self {
        Self::Problem(problem)
    }
}

const MADE_UP: &str = "reader@example.org";

impl Readers {
    /// Looks for them in the roster.
    pub(super) fn find(publication: &Publication, keys: &Keys) -> Self {
        let mut readers = Self {
            named: None,
            nameless: None,
            problems: Vec::new(),
        };
        let mut columns = BTreeMap::new();
        let roster =
            fs::open_if_present(&publication.folder.join(FILE_NAME), FILE_NAME).and_then(|file| {
                file.map(|file| Roster::open(FILE_NAME, file, keys))
                    .transpose()
            });
        let read = roster.map_err(Enough::Problem).and_then(|roster| {
            let Some(mut roster) = roster else {
                return Ok(());
            };
            roster.each(keys, |row| {
                let mut fields: BTreeMap<String, String> = row
                    .fields()
                    .map(|(name, text)| (name.to_owned(), text))
                    .collect();
                fields.insert("name".to_owned(), row.name());
                columns = fields.clone();
                if row.status != Status::Active {
                    return Ok(());
                }
                let place = if row.name().is_empty() {
                    &mut readers.nameless
                } else {
                    &mut readers.named
                };
                place.get_or_insert(Person {
                    address: row.address.clone(),
                    fields,
                });
                match (&readers.named, &readers.nameless) {
                    (Some(_), Some(_)) => Err(Enough::Both),
                    _ => Ok(()),
                }
            })
        });
        if let Err(Enough::Problem(problem)) = read {
            readers.problems.push(problem);
        }
        readers.make_up(columns);
        readers
    }

    /// Whoever was not found is made up, with the author's columns empty.
    fn make_up(&mut self, mut columns: BTreeMap<String, String>) {
        columns.values_mut().for_each(String::clear);
        let Ok(address) = EmailAddress::parse(MADE_UP) else {
            return;
        };
        let person = |name: &str| {
            let mut fields = columns.clone();
            fields.insert("name".to_owned(), name.to_owned());
            Person {
                address: address.clone(),
                fields,
            }
        };
        self.named.get_or_insert_with(|| person("Reader"));
        self.nameless.get_or_insert_with(|| person(""));
    }

    /// One of them.
    pub(super) fn get(&self, reader: Reader) -> Option<&Person> {
        match reader {
            Reader::Named => self.named.as_ref(),
            Reader::Nameless => self.nameless.as_ref(),
        }
    }

    /// What they are called in the list to choose from.
    pub(super) fn labels(&self) -> [String; 2] {
        let named = self.named.as_ref().map_or_else(String::new, |person| {
            let name = person.fields.get("name").map_or("", String::as_str);
            format!("{name} <{}>", person.address)
        });
        let nameless = self.nameless.as_ref().map_or_else(String::new, |person| {
            format!("{} (no name)", person.address)
        });
        [named, nameless]
    }
}
