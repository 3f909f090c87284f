//! The words of the mails that answer readers. Nothing that a stranger wrote stands in them: a name
//! or a choice in a mail that anybody can have sent would be an advertisement.

use chrono::{DateTime, Utc};
use textwrap::Options;

use super::CONFIRM_WITHIN;
use crate::issue::Issue;
use crate::ledger::{AnswerRow, Ledger};
use crate::publish::{Publication, Stop};
use crate::readers::Answer;
use crate::token::{Confirmation, Keys};
use crate::words::{DateWords, Words, fill, format_date};

/// Width of the text.
const COLUMNS: usize = 72;

/// A mail before it has headers.
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    /// The address that unsubscribes, where the mail goes to a reader of the list.
    pub(super) leave: Option<String>,
}

/// Writes the mail that answers a request; `None` where there is nothing to say any more.
pub(super) fn write(
    publication: &Publication,
    url: &str,
    keys: &Keys,
    ledger: &mut Ledger,
    row: &AnswerRow,
) -> Result<Option<Letter>, Stop> {
    let writer = Writer::new(publication, row);
    let words = &writer.words;
    let preferences = format!("{url}preferences/{}", keys.preferences_token(&row.key));
    let leave = format!("{url}u/{}", keys.unsubscribe_token(&row.key));
    let links = format!(
        "{}\n{preferences}\n\n{}\n{leave}",
        words.preferences, words.unsubscribe
    );
    Ok(Some(match row.answer {
        Answer::Silence => return Ok(None),
        Answer::Confirm => {
            let Some(nonce) = ledger.nonce_of(&row.key)? else {
                return Ok(None);
            };
            let token = keys.confirm_token(&Confirmation {
                subscriber: row.key,
                nonce,
                expires: row.asked.at + CONFIRM_WITHIN,
            });
            let parts = [
                writer.filled(&words.mail_confirm_text),
                format!("{url}confirm/{token}"),
                writer.filled(&words.mail_confirm_end),
            ];
            writer.letter(&words.mail_confirm_subject, &parts, None)
        }
        Answer::Known => {
            let parts = [writer.filled(&words.mail_known_text), links];
            writer.letter(&words.mail_known_subject, &parts, None)
        }
        Answer::Link => {
            let parts = [writer.filled(&words.mail_links_text), links];
            writer.letter(&words.mail_links_subject, &parts, None)
        }
        Answer::Welcome => {
            if !publication.config.sign_up.welcome {
                return Ok(None);
            }
            let latest = latest_issue(publication)?.map(|issue| {
                let view = publication.issue_view(&issue, "");
                format!("{}\n{}\n{}", words.latest_issue, view.title, view.url)
            });
            let parts: Vec<String> = [writer.filled(&words.mail_welcome_text)]
                .into_iter()
                .chain(latest)
                .chain([links])
                .collect();
            writer.letter(&words.mail_welcome_subject, &parts, Some(leave))
        }
    }))
}

struct Writer<'a> {
    publication: &'a Publication,
    words: Words,
    date: String,
    client: &'a str,
}

impl<'a> Writer<'a> {
    fn new(publication: &'a Publication, row: &'a AnswerRow) -> Self {
        let config = &publication.config;
        let words = Words::of(&config.language, &config.words);
        Self {
            date: moment(row.asked.at, &words),
            client: &row.asked.from,
            publication,
            words,
        }
    }

    fn filled(&self, text: &str) -> String {
        let filled = fill(text, |name| match name {
            "title" => Some(self.publication.config.title.as_str()),
            "client" => Some(self.client),
            "date" => Some(&self.date),
            _ => None,
        });
        textwrap::fill(&filled, Options::new(COLUMNS).break_words(false))
    }

    fn letter(&self, subject: &str, parts: &[String], leave: Option<String>) -> Letter {
        let title = &self.publication.config.title;
        let address = &self.publication.config.postal_address;
        let mut text = parts.join("\n\n");
        text.push_str("\n\n--\n");
        text.push_str(title);
        for line in address.lines() {
            text.push('\n');
            text.push_str(line);
        }
        text.push('\n');
        Letter {
            subject: fill(subject, |name| (name == "title").then_some(title.as_str())),
            text,
            leave,
        }
    }
}

/// A day and a time. Nobody knows the reader's zone, so it is everybody's.
fn moment(at: DateTime<Utc>, words: &Words) -> String {
    let day = format_date(at.date_naive(), None, &DateWords::from(words));
    let day = day.unwrap_or_else(|_| at.date_naive().to_string());
    format!("{day}{}{}", words.comma, at.format("%H:%M UTC"))
}

/// The newest issue that is public and was, or is, mailed.
fn latest_issue(publication: &Publication) -> Result<Option<Issue>, Stop> {
    let now = publication.clock.now();
    let issues = publication.issues()?.issues.into_iter();
    let mut public = issues.filter(|issue| !issue.draft && issue.mail && issue.published <= now);
    Ok(public.next_back())
}
