//! The message of one recipient: the frozen issue, a layout around its essay, headers.
//!
//! The essay is encoded once per issue; per recipient only the layout around it is rendered and
//! encoded, and the parts are spliced. The same frozen issue, recipient and key
//! always give the same bytes, so that a second attempt sends what the first one sent.

mod header;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Message as LettreMessage, MultiPart, MultiPartKind, SinglePart};
use serde::{Deserialize, Serialize};

use crate::address::{EmailAddress, clean_name};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::dkim::Signer;
use crate::issue::IssueId;
use crate::plan::Recipient;
use crate::render::layout::{AroundEssay, IssueView, Layouts, MailLayout, PublicationView};
use crate::token::{AddressKey, Keys, sha256, sha256_hex};

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
    /// Address of the sender, in the header and in the envelope.
    pub from: String,
    /// Where answers go if not to the sender.
    pub reply_to: Option<String>,
    /// List identifier without brackets.
    pub list_id: String,
    /// Domain and selector of the DKIM signature, if there is one.
    pub dkim: Option<(String, String)>,
    /// What the layouts know of the publication.
    pub publication: PublicationView,
    /// What the layouts know of the issue.
    pub issue: IssueView,
    /// The essay as HTML for the mail.
    pub essay_html: String,
    /// The essay as plain text.
    pub essay_text: String,
    /// The templates by file name.
    pub templates: BTreeMap<String, String>,
}

impl FrozenIssue {
    /// The version that is written.
    pub const VERSION: u32 = 1;

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
        serde_json::from_str(text).map_err(|error| {
            Diagnostic::error("the frozen issue in the ledger cannot be read").cause(error)
        })
    }
}

/// The recipient of one message.
#[derive(Debug, Clone, Copy)]
pub struct Addressee<'a> {
    /// Where it goes.
    pub address: &'a EmailAddress,
    /// Keyed hash of the address.
    pub key: &'a AddressKey,
    /// The recipient's frozen fields.
    pub fields: &'a BTreeMap<String, String>,
}

/// Whether a message counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// A delivery of the ledger.
    Delivery,
    /// A test outside the ledger: a Message-ID of its own (made of this), an unsubscribe token
    /// that names nobody.
    Test(&'a str),
}

/// A finished message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Message-ID without brackets.
    pub id: String,
    /// RFC 5322 bytes, CRLF line ends.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`.
    pub sha256: [u8; 32],
}

/// Makes the messages of one issue.
#[derive(Debug)]
pub struct Composer {
    issue: IssueId,
    frozen: FrozenIssue,
    layouts: Layouts,
    context: tera::Context,
    html: Vec<u8>,
    text: Vec<u8>,
    from: EmailAddress,
    reply_to: Option<EmailAddress>,
    date: std::time::SystemTime,
    keys: Arc<Keys>,
    signer: Option<Signer>,
}

impl Composer {
    /// Parses the templates and encodes the essay. `signer` is that of the frozen issue's `dkim`.
    pub fn new(
        frozen: FrozenIssue,
        keys: Arc<Keys>,
        signer: Option<Signer>,
    ) -> Result<Self, Diagnostic> {
        let damaged =
            |what: &str| Diagnostic::error(format!("the frozen issue has no valid {what}"));
        let sources = frozen.templates.iter().map(|(name, text)| {
            (
                name.clone(),
                SourceText::new(format!("templates/{name}"), text.as_str()),
            )
        });
        let layouts = Layouts::from_sources(sources.collect())?;
        layouts.mail()?;
        let from =
            EmailAddress::parse(&frozen.from).map_err(|error| damaged("sender").cause(error))?;
        let reply_to = match &frozen.reply_to {
            Some(text) => Some(
                EmailAddress::parse(text).map_err(|error| damaged("reply address").cause(error))?,
            ),
            None => None,
        };
        let mut context = tera::Context::new();
        context.insert("publication", &frozen.publication);
        context.insert("issue", &frozen.issue);
        Ok(Self {
            issue: IssueId::parse(&frozen.issue_id).ok_or_else(|| damaged("identity"))?,
            html: quoted_printable(&frozen.essay_html),
            text: quoted_printable(&frozen.essay_text),
            reply_to,
            date: UNIX_EPOCH + Duration::from_millis(u64::try_from(frozen.date_ms).unwrap_or(0)),
            from,
            frozen,
            layouts,
            context,
            keys,
            signer,
        })
    }

    /// The address for MAIL FROM.
    pub fn envelope_from(&self) -> &EmailAddress {
        &self.from
    }

    /// When the issue was frozen.
    pub fn date(&self) -> DateTime<Utc> {
        self.date.into()
    }

    /// The Message-ID of a delivery, without brackets: the same on every attempt.
    pub fn message_id(&self, key: &AddressKey) -> String {
        format!(
            "{}@{}",
            self.keys.message_id_local(&self.issue, key),
            self.from.domain()
        )
    }

    /// Makes the message of one recipient.
    pub fn compose(&self, to: Addressee<'_>, purpose: Purpose<'_>) -> Result<Message, Diagnostic> {
        let (id, token) = match purpose {
            Purpose::Delivery => (self.message_id(to.key), self.keys.unsubscribe_token(to.key)),
            Purpose::Test(nonce) => (
                format!("test.{}.{nonce}@{}", self.issue, self.from.domain()),
                self.keys.dead_unsubscribe_token(),
            ),
        };
        let unsubscribe = self.unsubscribe_url(&token);
        let [html, text] = self.parts(to, &unsubscribe)?;
        let boundary = format!("postrider-{}", &sha256_hex(id.as_bytes())[..32]);
        let message = self.with_headers(to, &id, &unsubscribe)?;
        let part = |content_type: ContentType, body: Vec<u8>| {
            let encoding = ContentTransferEncoding::QuotedPrintable;
            SinglePart::builder()
                .header(content_type)
                .body(Body::dangerous_pre_encoded(body, encoding))
        };
        // RFC 2046 §5.1.4: the best part last.
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(boundary)
            .singlepart(part(ContentType::TEXT_PLAIN, text))
            .singlepart(part(ContentType::TEXT_HTML, html));
        let message = message
            .multipart(parts)
            .map_err(|error| Diagnostic::error("the message cannot be composed").cause(error))?;
        let bytes = self.signed(message.formatted())?;
        Ok(Message {
            sha256: sha256(&bytes),
            id,
            bytes,
        })
    }

    /// The message behind its signature. The signature's time is the message's date, so that a
    /// second attempt has the bytes of the first.
    fn signed(&self, message: Vec<u8>) -> Result<Vec<u8>, Diagnostic> {
        let Some(signer) = &self.signer else {
            return Ok(message);
        };
        let field = signer
            .sign(&message, self.date())
            .map_err(|error| Diagnostic::error("the message cannot be signed").cause(error))?;
        let mut bytes = Vec::with_capacity(field.len() + message.len());
        bytes.extend_from_slice(field.as_bytes());
        bytes.extend_from_slice(&message);
        Ok(bytes)
    }

    /// Makes messages for a few recipients, to see before the plan that it can be done: the first
    /// ones, and one without a name. A layout that shows no way to unsubscribe is refused.
    pub fn rehearse(&self, recipients: &[Recipient]) -> Result<(), Diagnostic> {
        let nameless = recipients
            .iter()
            .find(|recipient| recipient.fields.as_json().contains("\"name\":\"\""));
        for recipient in recipients.iter().take(3).chain(nameless) {
            let fields = recipient.fields.to_map().map_err(|error| {
                Diagnostic::error("a recipient's fields cannot be read").cause(error)
            })?;
            let to = Addressee {
                address: &recipient.address,
                key: &recipient.key,
                fields: &fields,
            };
            let unsubscribe = self.unsubscribe_url(&self.keys.unsubscribe_token(to.key));
            let around = self.around(to, &unsubscribe)?;
            for (name, around) in [MailLayout::HTML, MailLayout::TEXT]
                .into_iter()
                .zip(&around)
            {
                if !around.before.contains(&unsubscribe) && !around.after.contains(&unsubscribe) {
                    return Err(Diagnostic::error(format!(
                        "`templates/{name}` shows no way to unsubscribe"
                    ))
                    .hint("put `{{ unsubscribe_url }}` into it, where a reader sees it"));
                }
            }
            self.compose(to, Purpose::Delivery)?;
        }
        Ok(())
    }

    /// RFC 2369 §3.2. Without a public server the request goes to the author by mail; the token
    /// in the subject tells `subscribers suppress` who asks, whatever address the mail comes from.
    fn unsubscribe_url(&self, token: &str) -> String {
        let to = self
            .reply_to
            .as_ref()
            .map_or(self.from.as_str(), EmailAddress::as_str);
        format!("mailto:{to}?subject=unsubscribe%20{token}")
    }

    /// The two encoded bodies: HTML and plain text.
    fn parts(&self, to: Addressee<'_>, unsubscribe: &str) -> Result<[Vec<u8>; 2], Diagnostic> {
        let [html, text] = self.around(to, unsubscribe)?;
        Ok([splice(&html, &self.html), splice(&text, &self.text)])
    }

    /// The two layouts, rendered for one recipient around the open place of the essay.
    fn around(&self, to: Addressee<'_>, unsubscribe: &str) -> Result<[AroundEssay; 2], Diagnostic> {
        let mut subscriber = to.fields.clone();
        subscriber.insert("email".to_owned(), to.address.as_str().to_owned());
        subscriber.entry("name".to_owned()).or_default();
        let mut context = self.context.clone();
        context.insert("subscriber", &subscriber);
        context.insert("unsubscribe_url", unsubscribe);
        let layout = self.layouts.checked_mail();
        let html = layout.render(MailLayout::HTML, &mut context)?;
        let text = layout.render(MailLayout::TEXT, &mut context)?;
        Ok([html, text])
    }

    fn with_headers(
        &self,
        to: Addressee<'_>,
        id: &str,
        unsubscribe: &str,
    ) -> Result<lettre::message::MessageBuilder, Diagnostic> {
        let name = to.fields.get("name").map_or("", String::as_str);
        let publication = &self.frozen.publication;
        let mut builder = LettreMessage::builder()
            .envelope(envelope(&self.from, to.address)?)
            .raw_header(mailbox("From", &self.frozen.from_name, &self.from))
            .raw_header(mailbox("To", name, to.address))
            .raw_header(header::text("Subject", &self.frozen.subject))
            .date(self.date)
            .message_id(Some(format!("<{id}>")));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.raw_header(mailbox("Reply-To", "", reply_to));
        }
        builder = builder.raw_header(header::named(
            "List-Id",
            &clean_name(&publication.title),
            &self.frozen.list_id,
        ));
        let help = format!("<mailto:{}?subject=help>", publication.reply_to);
        let headers = [
            (
                HeaderName::new_from_ascii_str("List-Unsubscribe"),
                format!("<{unsubscribe}>"),
            ),
            (HeaderName::new_from_ascii_str("List-Help"), help),
            (
                HeaderName::new_from_ascii_str("List-Archive"),
                format!("<{}>", publication.base_url),
            ),
            // RFC 2369 §3.4: the bare word.
            (HeaderName::new_from_ascii_str("List-Post"), "NO".to_owned()),
            // RFC 5064 §2.2: where this message can be read again.
            (
                HeaderName::new_from_ascii_str("Archived-At"),
                format!("<{}>", self.frozen.issue.url),
            ),
            // Not a standard, but what keeps holiday answers away (RFC 3834 §2).
            (
                HeaderName::new_from_ascii_str("Precedence"),
                "bulk".to_owned(),
            ),
        ];
        for (name, value) in headers {
            builder = builder.raw_header(HeaderValue::new(name, value));
        }
        Ok(builder)
    }
}

/// Puts the encoded essay between the encoded halves of a layout. Both borders are line ends, so
/// no encoded line grows.
fn splice(around: &AroundEssay, essay: &[u8]) -> Vec<u8> {
    let mut body = quoted_printable(&around.before);
    body.reserve(essay.len() + around.after.len() + 512);
    body.extend_from_slice(essay);
    body.extend_from_slice(&quoted_printable(&around.after));
    body
}

/// Quoted-printable of text with LF line ends (RFC 2045 §6.7); lines of at most 76 characters.
fn quoted_printable(text: &str) -> Vec<u8> {
    let mut with_crlf = String::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                with_crlf.push_str(line.strip_suffix('\r').unwrap_or(line));
                with_crlf.push_str("\r\n");
            }
            None => with_crlf.push_str(line),
        }
    }
    quoted_printable::encode(with_crlf)
}

fn mailbox(header: &'static str, name: &str, address: &EmailAddress) -> HeaderValue {
    // Names were cleaned at the border; this is the last place where a mistake there can be made
    // harmless.
    header::named(header, &clean_name(name), address.as_str())
}

/// What lettre would read out of the headers, where it cannot read every address.
fn envelope(from: &EmailAddress, to: &EmailAddress) -> Result<Envelope, Diagnostic> {
    // Checked by our own rules already; lettre's refuse letters that RFC 6532 allows.
    let address =
        |address: &EmailAddress| Address::new_dangerous(address.local(), address.domain());
    Envelope::new(Some(address(from)), vec![address(to)])
        .map_err(|error| Diagnostic::error("the message has no envelope").cause(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_encoded_line_is_longer_than_76_characters() {
        for length in 60..160 {
            for end in [" \n", "\t\n", "\n", "=\n", "é \n"] {
                let encoded = quoted_printable(&format!("{}{end}", "x".repeat(length)));
                let text = String::from_utf8(encoded).unwrap();
                for line in text.split("\r\n") {
                    assert!(line.len() <= 76, "{} characters: {line}", line.len());
                    assert!(!line.ends_with([' ', '\t']), "{line:?}");
                }
            }
        }
    }

    #[test]
    fn a_phrase_is_quoted_where_it_holds_specials_and_encoded_where_it_is_not_ascii() {
        let value = |phrase| {
            let header = header::named("List-Id", phrase, "letters.example.org");
            let builder = LettreMessage::builder()
                .raw_header(mailbox(
                    "From",
                    "",
                    &EmailAddress::parse("a@example.org").unwrap(),
                ))
                .envelope(
                    envelope(
                        &EmailAddress::parse("a@example.org").unwrap(),
                        &EmailAddress::parse("b@example.org").unwrap(),
                    )
                    .unwrap(),
                )
                .raw_header(header);
            let message = builder.body(String::new()).unwrap().formatted();
            let text = String::from_utf8(message).unwrap();
            let line = text
                .lines()
                .find(|line| line.starts_with("List-Id"))
                .unwrap();
            line.to_owned()
        };
        assert_eq!(
            value("The Test Letter"),
            "List-Id: The Test Letter <letters.example.org>"
        );
        assert_eq!(
            value("Letters: \"yours\""),
            "List-Id: \"Letters: \\\"yours\\\"\" <letters.example.org>"
        );
        assert_eq!(
            value("Más, o"),
            "List-Id: =?utf-8?B?TcOhcywgbw==?= <letters.example.org>"
        );
    }
}
