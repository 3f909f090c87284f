//! The frozen issue: everything that its messages are made of, in the form that the ledger keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Encoding;
use crate::diagnostic::Diagnostic;
use crate::render::layout::{IssueView, PublicationView};
use crate::token::sha256_hex;
use crate::words::Words;

/// Everything that the messages of an issue are made of, fixed when it is planned. Later edits of
/// the essay, the templates or the configuration change nothing in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenIssue {
    /// Version of this form.
    pub version: u32,
    /// Identity of the issue.
    pub issue_id: String,
    /// `Date` of every message, and the time of the plan, in milliseconds.
    pub date_ms: i64,
    /// Subject.
    pub subject: String,
    /// Display name of the sender.
    pub from_name: String,
    /// Address of the sender, in the header and, without a domain for bounces, in the envelope.
    pub from: String,
    /// Where answers go if not to the sender.
    pub reply_to: Option<String>,
    /// List identifier without brackets.
    pub list_id: String,
    /// Domain and selector of the DKIM signature, if there is one.
    pub dkim: Option<(String, String)>,
    /// Selector of the second, Ed25519 signature, if there is one. From version 2 on.
    #[serde(default)]
    pub dkim_ed25519: Option<String>,
    /// Where the public server is, with a slash at its end, if there is one. From version 2 on.
    #[serde(default)]
    pub serve_url: Option<String>,
    /// The domain that receives reports of failure, if there is one. From version 2 on.
    #[serde(default)]
    pub bounces_domain: Option<String>,
    /// What the publication and the issue are called in the providers' counts of complaints. From
    /// version 2 on.
    #[serde(default)]
    pub feedback_id: Option<String>,
    /// The words around the essay, which another version may say otherwise. From version 3 on.
    #[serde(default)]
    pub words: Words,
    /// The direction in which the issue is written, `ltr` or `rtl`. From version 3 on.
    #[serde(default)]
    pub direction: String,
    /// What the layouts know of the publication.
    pub publication: PublicationView,
    /// What the layouts know of the issue.
    pub issue: IssueView,
    /// The essay as HTML for the mail.
    pub essay_html: String,
    /// The essay as plain text.
    pub essay_text: String,
    /// Whether its lines are coded so that they flow (RFC 3676). From version 3 on.
    #[serde(default)]
    pub is_flowed: bool,
    /// Whether the space at the end of a line that flows is none of the text, as in Chinese and
    /// Japanese (RFC 3676 §4.1). From version 5 on.
    #[serde(default)]
    pub deletes_spaces: bool,
    /// How the HTML is written on the wire. From version 4 on.
    #[serde(default)]
    pub html_encoding: Encoding,
    /// How the plain text is written on the wire. From version 4 on.
    #[serde(default)]
    pub text_encoding: Encoding,
    /// The templates by file name.
    pub templates: BTreeMap<String, String>,
    /// The pictures that every message brings along. From version 3 on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<FrozenPicture>,
}

/// A picture that every message of an issue brings along.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrozenPicture {
    /// Content-ID without brackets: how the HTML names it (RFC 2392).
    pub content_id: String,
    /// Its media type, `image/png`.
    pub media_type: String,
    /// What it is called when a reader saves it; ASCII.
    pub file_name: String,
    /// Its bytes in base64, in one line.
    pub base64: String,
}

/// What every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl FrozenIssue {
    /// The version that is written. An issue that was planned in an older one keeps its messages
    /// as they were: what a version added is absent from it.
    pub const VERSION: u32 = 5;

    /// The form in which it is kept in the ledger.
    pub fn to_text(&self) -> Result<String, Diagnostic> {
        serde_json::to_string(self)
            .map_err(|error| Diagnostic::error("the issue cannot be frozen").cause(error))
    }

    /// Reads back what [`Self::to_text`] wrote; `sha256` is the hash that was kept with it.
    pub fn from_text(text: &str, sha256: &str) -> Result<Self, Diagnostic> {
        if sha256_hex(text.as_bytes()) != sha256 {
            return Err(Diagnostic::error(
                "the frozen issue in the ledger is not the one that was planned",
            )
            .hint("the ledger was changed from outside; restore it from a backup"));
        }
        let unreadable =
            |error| Diagnostic::error("the frozen issue in the ledger cannot be read").cause(error);
        let Versioned { version } = serde_json::from_str(text).map_err(unreadable)?;
        if version > Self::VERSION {
            return Err(
                Diagnostic::error("the issue was planned by a newer Postrider")
                    .hint("finish it with that one: this one would make other messages out of it"),
            );
        }
        serde_json::from_str(text).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frozen issue of a version, as the ledger has it, with its hash.
    fn stored(version: u32) -> (String, String) {
        let view = serde_json::json!({
            "version": version, "issue_id": "a", "date_ms": 0, "subject": "s", "from_name": "n",
            "from": "letters@example.org", "reply_to": null, "list_id": "letters.example.org", "dkim": null,
            "publication": { "title": "", "author": "", "description": "", "base_url": "", "language": "en",
                "postal_address": "", "reply_to": "" },
            "issue": { "title": "", "summary": "", "opening": "", "url": "", "date": "", "updated": "",
                "author": "", "language": "en", "tags": [] },
            "essay_html": "", "essay_text": "", "templates": {},
        });
        let text = view.to_string();
        let sha256 = sha256_hex(text.as_bytes());
        (text, sha256)
    }

    #[test]
    fn an_issue_of_the_first_version_is_read_without_what_came_later() {
        let (text, sha256) = stored(1);
        let frozen = FrozenIssue::from_text(&text, &sha256).unwrap();
        assert_eq!(
            (frozen.version, frozen.feedback_id, frozen.serve_url),
            (1, None, None)
        );
    }

    /// Its messages were quoted-printable whatever they said, and a second attempt sends them again.
    #[test]
    fn an_issue_that_was_planned_before_there_was_a_choice_keeps_its_encoding() {
        let (text, sha256) = stored(3);
        let frozen = FrozenIssue::from_text(&text, &sha256).unwrap();
        assert_eq!(frozen.html_encoding, Encoding::QuotedPrintable);
        assert_eq!(frozen.text_encoding, Encoding::QuotedPrintable);
        let text = text.replace(
            "\"version\":3",
            "\"html_encoding\":\"base64\",\"version\":4",
        );
        let frozen = FrozenIssue::from_text(&text, &sha256_hex(text.as_bytes())).unwrap();
        assert_eq!(frozen.html_encoding, Encoding::Base64);
    }

    /// A later version may say things otherwise, and know more of them.
    #[test]
    fn the_words_of_the_plan_are_kept() {
        let (text, _) = stored(3);
        let words = "\"words\":{\"unsubscribe\":\"Raus\"},\"version\"";
        let text = text.replace("\"version\"", words);
        let frozen = FrozenIssue::from_text(&text, &sha256_hex(text.as_bytes())).unwrap();
        assert_eq!(frozen.words.unsubscribe, "Raus");
        assert_eq!(frozen.words.read_online, Words::default().read_online);
        let again = frozen.to_text().unwrap();
        let read = FrozenIssue::from_text(&again, &sha256_hex(again.as_bytes())).unwrap();
        assert_eq!(read, frozen);
    }

    #[test]
    fn an_issue_of_a_later_version_and_a_changed_one_are_refused() {
        let (text, sha256) = stored(FrozenIssue::VERSION + 1);
        let problem = FrozenIssue::from_text(&text, &sha256).unwrap_err();
        assert_eq!(
            problem.message(),
            "the issue was planned by a newer Postrider"
        );
        let (text, sha256) = stored(1);
        let changed = text.replace("\"subject\":\"s\"", "\"subject\":\"t\"");
        assert_ne!(changed, text);
        assert!(FrozenIssue::from_text(&changed, &sha256).is_err());
    }
}
