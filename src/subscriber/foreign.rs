//! Other programs' exports: which of their columns is which of ours, and what they say of a person.
//!
//! Mailchimp, Substack, Ghost, Buttondown and listmonk tell in five ways that somebody left: a word in
//! a column, a flag, a time, a file of its own. Whoever left there is never a subscriber here. Where
//! a word is none that we know, the row keeps it as its status, and is not mailed.

use std::ops::Range;

use super::fields::{split, value};
use super::formula::restored;
use crate::address::clean_name;
use crate::suppression::Reason;

/// Most columns of a file to import.
pub(super) const MOST_COLUMNS: usize = 32;

/// How a person stands in the other program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stance {
    /// Gets mail.
    Active,
    /// Does not, for a reason that is none of ours: `pending`, `paused` ...
    Other,
    /// Left, failed or complained.
    Gone(Reason),
}

/// Which column is what.
#[derive(Debug, Clone, Default)]
pub(super) struct Mapping {
    name: Option<usize>,
    first_name: Option<usize>,
    last_name: Option<usize>,
    tags: Option<usize>,
    joined: Option<usize>,
    says: Vec<(usize, Says)>,
    /// Columns that are none of ours, by name.
    pub(super) others: Vec<(usize, String)>,
}

/// How a column tells that somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A word.
    Word,
    /// `false` means that no mail is wanted.
    Wanted,
    /// `true`, or a time, means that.
    NotWanted(Reason),
}

/// A person as the file has them, without the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Particulars {
    /// The name.
    pub name: String,
    /// Tags.
    pub tags: Vec<String>,
    /// The day when they joined, or what the file says of it.
    pub joined: String,
    /// The word of the status where it is none of ours; empty otherwise.
    pub status: String,
    /// Other columns, by name.
    pub others: Vec<(String, String)>,
}

impl Mapping {
    /// Finds the columns by their names, which are in lower case.
    pub(super) fn find(names: &[String], email: usize) -> Self {
        let names: Vec<String> = names.iter().map(|name| plain(name)).collect();
        let first_of = |wanted: &[&str]| {
            let at = |wanted: &&str| names.iter().position(|name| name == wanted);
            wanted.iter().find_map(at)
        };
        let mut mapping = Self {
            name: first_of(&["name", "full name", "display name", "subscriber name"]),
            first_name: first_of(&["first name", "firstname", "fname", "given name"]),
            last_name: first_of(&["last name", "lastname", "lname", "surname", "family name"]),
            tags: first_of(&["tags", "labels", "tag", "label"]),
            joined: first_of(&[
                "joined",
                "optin time",
                "subscribed at",
                "created at",
                "creation date",
                "start date",
                "date added",
                "signup date",
                "confirm time",
            ]),
            ..Self::default()
        };
        for (at, name) in names.iter().enumerate() {
            if let Some(says) = says(name) {
                mapping.says.push((at, says));
            } else if at != email && !mapping.is_ours(at) {
                mapping.others.push((at, name.clone()));
            }
        }
        mapping
    }

    fn is_ours(&self, at: usize) -> bool {
        [
            self.name,
            self.first_name,
            self.last_name,
            self.tags,
            self.joined,
        ]
        .contains(&Some(at))
    }

    /// How a person stands: the worst that any column says.
    pub(super) fn stance<'a>(&self, field: impl Fn(usize) -> &'a str) -> Stance {
        let each = self
            .says
            .iter()
            .map(|(at, says)| says.judge(restored(field(*at))));
        each.max().unwrap_or(Stance::Active)
    }

    /// Whether a name holds what none may hold.
    pub(super) fn has_a_bad_name<'a>(&self, field: impl Fn(usize) -> &'a str) -> bool {
        let names = [self.name, self.first_name, self.last_name];
        names.into_iter().flatten().any(|at| {
            let name = restored(field(at));
            name.chars()
                .any(|character| character.is_control() && character != '\t')
        })
    }

    /// Everything that a record says of a person; `record` is its bytes.
    pub(super) fn particulars(&self, record: &[u8], delimiter: u8) -> Particulars {
        let ranges = split(record, delimiter);
        let field = |at: usize| text_of(record, ranges.get(at).cloned());
        let optional = |at: Option<usize>| at.map(field).unwrap_or_default();
        let mut name = optional(self.name);
        if name.is_empty() {
            let (first, last) = (optional(self.first_name), optional(self.last_name));
            name = clean_name(&format!("{first} {last}"));
        }
        let words = self.says.iter().filter(|(_, says)| *says == Says::Word);
        let mut others = words
            .map(|(at, _)| field(*at).to_lowercase())
            .filter(|word| judge_word(word) == Stance::Other);
        Particulars {
            name,
            tags: tags_of(&optional(self.tags)),
            joined: day_of(optional(self.joined)),
            status: others.next().unwrap_or_default(),
            others: self
                .others
                .iter()
                .map(|(at, name)| (name.clone(), field(*at)))
                .collect(),
        }
    }
}

/// A field, without the mark of an export and without what cannot be seen.
fn text_of(record: &[u8], range: Option<Range<usize>>) -> String {
    let bytes = range.map(|range| value(&record[range])).unwrap_or_default();
    clean_name(restored(&String::from_utf8_lossy(&bytes)))
}

/// `OPTIN_TIME`, `opt-in time` and `Optin Time` are one.
fn plain(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ").to_lowercase();
    match spaced.as_str() {
        "opt in time" | "optin" => "optin time".to_owned(),
        _ => spaced,
    }
}

/// What a column of this name says about leaving, if it is one of those.
fn says(name: &str) -> Option<Says> {
    Some(match name {
        "status"
        | "state"
        | "type"
        | "subscriber type"
        | "subscription type"
        | "subscription status"
        | "subscriber status"
        | "email status"
        | "member status" => Says::Word,
        "subscribed to emails" | "subscribed" | "email enabled" => Says::Wanted,
        "email disabled"
        | "unsubscribed"
        | "unsub time"
        | "unsubscribed at"
        | "unsubscribe date"
        | "unsubscription date"
        | "deleted at" => Says::NotWanted(Reason::Unsubscribed),
        "clean time" | "bounced" | "bounced at" => Says::NotWanted(Reason::Bounced),
        "complained" | "complained at" => Says::NotWanted(Reason::Complained),
        _ => return None,
    })
}

impl Says {
    fn judge(self, text: &str) -> Stance {
        let word = text.trim().to_lowercase();
        let no = matches!(word.as_str(), "" | "false" | "no" | "0" | "null" | "none");
        match self {
            Self::Word => judge_word(&word),
            Self::Wanted if no && !word.is_empty() => Stance::Gone(Reason::Unsubscribed),
            Self::NotWanted(reason) if !no => Stance::Gone(reason),
            Self::Wanted | Self::NotWanted(_) => Stance::Active,
        }
    }
}

fn judge_word(word: &str) -> Stance {
    let word = clean_name(word).replace(['_', '-'], " ");
    match word.as_str() {
        "" | "active" | "subscribed" | "enabled" | "confirmed" | "regular" | "premium" | "free"
        | "paid" | "comp" | "complimentary" | "gifted" | "trialed" | "founding" | "member"
        | "true" | "yes" => Stance::Active,
        "unsubscribed" | "unsubscribe" | "opted out" | "opt out" | "optout" | "removed"
        | "left" | "archived" | "deleted" => Stance::Gone(Reason::Unsubscribed),
        "cleaned" | "bounced" | "bounce" | "hard bounced" | "hard bounce" | "undeliverable" => {
            Stance::Gone(Reason::Bounced)
        }
        "complained" | "complaint" | "spam complaint" | "spam" | "abuse" | "marked as spam" => {
            Stance::Gone(Reason::Complained)
        }
        "blocked" | "blocklisted" | "blacklisted" | "banned" | "operator" => {
            Stance::Gone(Reason::Operator)
        }
        _ => Stance::Other,
    }
}

/// Tags as other programs write them: a list between commas, or with a quote around each. A tag of
/// ours has no space.
fn tags_of(text: &str) -> Vec<String> {
    let is_list = text.contains([',', ';', '"']);
    let words: Vec<&str> = if is_list {
        text.split([',', ';']).collect()
    } else {
        text.split_whitespace().collect()
    };
    words
        .into_iter()
        .map(|tag| {
            let tag = tag.trim_matches(|sign: char| sign == '"' || sign.is_whitespace());
            tag.split_whitespace().collect::<Vec<_>>().join("-")
        })
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// The day of a time such as `2026-03-04T05:06:07Z`; anything else as it is.
fn day_of(text: String) -> String {
    let is_day = |day: &str| {
        let mut bytes = day.bytes().enumerate();
        bytes.all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    };
    match text.get(..10) {
        Some(day) if is_day(day) => day.to_owned(),
        _ => text,
    }
}
