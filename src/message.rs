//! The message of one recipient: the frozen issue, a layout around its essay, headers.
//!
//! The essay is encoded once per issue; per recipient only the layout around it is rendered and
//! encoded, and the parts are spliced. The same frozen issue, recipient and key
//! always give the same bytes, so that a second attempt sends what the first one sent.

mod attached;
mod encoded;
mod frozen;
mod header;
mod list;
mod notice;
mod reader_mail;
mod skeleton;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{
    Body, Message as LettreMessage, MessageBuilder, MultiPart, MultiPartKind, SinglePart,
};

use crate::address::{EmailAddress, clean_name};
use crate::check::NO_UNSUBSCRIBE;
use crate::diagnostic::{Diagnostic, SourceText};
use crate::dkim::Signer;
use crate::issue::IssueId;
use crate::plan::Recipient;
use crate::render::layout::{AroundEssay, Layouts, MailLayout};
use crate::token::{AddressKey, Keys, sha256, sha256_hex};
use attached::Related;
use encoded::{EncodedEssay, Kind};
use list::{Leave, LeaveTokens};
use skeleton::{Skeleton, Values};

pub use encoded::Encoding;
pub use frozen::{FrozenIssue, FrozenPicture};
pub use list::feedback_id;
pub use notice::Notice;
pub use reader_mail::ReaderMail;

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

impl Message {
    /// Fails if an earlier attempt sent other bytes (`earlier` is their hash): a reader who got that
    /// one, although nobody knows it, would get another message under the same Message-ID.
    pub fn check_repeats(&self, earlier: Option<&[u8; 32]>) -> Result<(), Diagnostic> {
        if earlier.is_none_or(|earlier| *earlier == self.sha256) {
            return Ok(());
        }
        Err(Diagnostic::error(
            "not the message of the attempt before: a key or Postrider has changed",
        )
        .cause("put the old key for DKIM (or the old version) back and send again; `postrider cancel` leaves it unsent"))
    }
}

/// What one reader is shown, before it is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailParts {
    /// The HTML part.
    pub html: String,
    /// The plain-text part.
    pub text: String,
    /// Bytes of the HTML part as it is sent, encoded.
    pub html_as_sent: usize,
    /// How many of them are the essay, and not the layout around it.
    pub essay_as_sent: usize,
}

/// Makes the messages of one issue.
#[derive(Debug)]
pub struct Composer {
    issue: IssueId,
    frozen: FrozenIssue,
    layouts: Layouts,
    context: tera::Context,
    html: EncodedEssay,
    text: EncodedEssay,
    /// The parts of the pictures that come with each message.
    pictures: Vec<SinglePart>,
    skeleton: Option<Skeleton>,
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
        context.insert("words", &frozen.words);
        context.insert("direction", &frozen.direction);
        let kind_of_text = if frozen.is_flowed {
            Kind::Flowed
        } else {
            Kind::Fixed
        };
        let mut composer = Self {
            issue: IssueId::parse(&frozen.issue_id).ok_or_else(|| damaged("identity"))?,
            html: EncodedEssay::new(&frozen.essay_html, Kind::Fixed, frozen.html_encoding),
            text: EncodedEssay::new(&frozen.essay_text, kind_of_text, frozen.text_encoding),
            pictures: attached::parts(&frozen.pictures)
                .ok_or_else(|| damaged("picture to bring along"))?,
            skeleton: None,
            reply_to,
            date: UNIX_EPOCH + Duration::from_millis(u64::try_from(frozen.date_ms).unwrap_or(0)),
            from,
            frozen,
            layouts,
            context,
            keys,
            signer,
        };
        composer.skeleton = Some(composer.make_skeleton()?);
        Ok(composer)
    }

    /// Composes a message for nobody, and takes it apart.
    fn make_skeleton(&self) -> Result<Skeleton, Diagnostic> {
        let nobody = AddressKey::of_nobody();
        let id = self.message_id(&nobody);
        let tokens = self.tokens(&nobody, Purpose::Delivery);
        let marks = Values {
            to: "<to@nobody.invalid>",
            id: &id,
            link_token: &tokens.link,
            mail_token: &tokens.mail,
            boundary: &boundary(&id),
            // No body holds a NUL (RFC 5322 §2.3).
            text: b"\0text\0",
            html: b"\0html\0",
        };
        Ok(Skeleton::new(self.assemble(&marks)?, &marks))
    }

    /// The address for MAIL FROM, where failures are reported. In a domain for bounces it names the
    /// delivery (`None`: a test, which none belongs to), so that a report can be believed; without
    /// one it is that of the author, since many relays refuse a sender they do not know.
    pub fn envelope_from(&self, delivery: Option<i64>) -> EmailAddress {
        let Some(domain) = &self.frozen.bounces_domain else {
            return self.from.clone();
        };
        let token = delivery.map_or_else(|| "test".to_owned(), |row| self.keys.bounce_token(row));
        EmailAddress::parse(&format!("b+{token}@{domain}")).unwrap_or_else(|_| self.from.clone())
    }

    /// What a report of failure calls the delivery (ENVID, RFC 3461 §4.4): at most 38 characters,
    /// of which none needs encoding.
    pub fn envelope_id(&self, delivery: i64) -> String {
        self.keys.bounce_token(delivery)
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

    /// Makes the message of one recipient; one that shows no way to unsubscribe cannot be made.
    pub fn compose(&self, to: Addressee<'_>, purpose: Purpose<'_>) -> Result<Message, Diagnostic> {
        let id = match purpose {
            Purpose::Delivery => self.message_id(to.key),
            Purpose::Test(nonce) => format!("test.{}.{nonce}@{}", self.issue, self.from.domain()),
        };
        let tokens = self.tokens(to.key, purpose);
        let leave = self.leave(&tokens);
        let [html, text] = self.around(to, &leave, purpose)?;
        shows_the_way_out([&html, &text], leave.shown())?;
        let name = to.fields.get("name").map_or("", String::as_str);
        let values = Values {
            to: &mailbox("To", name, to.address),
            id: &id,
            link_token: &tokens.link,
            mail_token: &tokens.mail,
            boundary: &boundary(&id),
            text: &self.text.within(&text),
            html: &self.html.within(&html),
        };
        let filled = self.skeleton.as_ref().and_then(|one| one.fill(&values));
        let message = match filled {
            Some(message) => message,
            None => self.assemble(&values)?,
        };
        let bytes = self.signed(message)?;
        Ok(Message {
            sha256: sha256(&bytes),
            id,
            bytes,
        })
    }

    /// What the message of one recipient shows, without the message.
    pub fn parts(&self, to: Addressee<'_>) -> Result<MailParts, Diagnostic> {
        let leave = self.leave(&self.tokens(to.key, Purpose::Delivery));
        let [html, text] = self.around(to, &leave, Purpose::Delivery)?;
        shows_the_way_out([&html, &text], leave.shown())?;
        Ok(MailParts {
            html_as_sent: self.html.within(&html).len(),
            essay_as_sent: self.html.len(),
            html: [&html.before, self.frozen.essay_html.as_str(), &html.after].concat(),
            text: [&text.before, self.frozen.essay_text.as_str(), &text.after].concat(),
        })
    }

    /// Composes a message of one reader's values.
    fn assemble(&self, values: &Values<'_>) -> Result<Vec<u8>, Diagnostic> {
        let part = |content_type: ContentType, body: &[u8], encoding: Encoding| {
            SinglePart::builder()
                .header(content_type)
                .body(Body::dangerous_pre_encoded(body.to_vec(), encoding.field()))
        };
        // RFC 2046 §5.1.4: the best part last.
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(values.boundary)
            .singlepart(part(
                self.text_type()?,
                values.text,
                self.frozen.text_encoding,
            ));
        let html = part(
            ContentType::TEXT_HTML,
            values.html,
            self.frozen.html_encoding,
        );
        let parts = match attached::related(html, &self.pictures, values.boundary) {
            Related::Alone(html) => parts.singlepart(html),
            Related::WithPictures(related) => parts.multipart(related),
        };
        let message = self
            .with_headers(values)?
            .multipart(parts)
            .map_err(|error| Diagnostic::error("the message cannot be composed").cause(error))?;
        Ok(message.formatted())
    }

    /// What the plain text is. A program that shows it breaks its paragraphs anew (RFC 3676).
    fn text_type(&self) -> Result<ContentType, Diagnostic> {
        if !self.frozen.is_flowed {
            return Ok(ContentType::TEXT_PLAIN);
        }
        let deletes = if self.frozen.deletes_spaces {
            "yes"
        } else {
            "no"
        };
        let flowed = format!("text/plain; charset=utf-8; format=flowed; delsp={deletes}");
        ContentType::parse(&flowed)
            .map_err(|error| Diagnostic::error("the plain text cannot be described").cause(error))
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
    /// ones, and one without a name.
    pub fn rehearse(&self, recipients: &[Recipient]) -> Result<(), Diagnostic> {
        let nameless = recipients
            .iter()
            .find(|recipient| recipient.fields.name().is_empty());
        for recipient in recipients.iter().take(3).chain(nameless) {
            let fields = recipient.fields.to_map().map_err(|error| {
                Diagnostic::error("a recipient's fields cannot be read").cause(error)
            })?;
            let to = Addressee {
                address: &recipient.address,
                key: &recipient.key,
                fields: &fields,
            };
            self.compose(to, Purpose::Delivery)?;
        }
        Ok(())
    }

    /// What names the reader who leaves; in a test nobody does.
    fn tokens(&self, reader: &AddressKey, purpose: Purpose<'_>) -> LeaveTokens {
        match purpose {
            Purpose::Delivery => LeaveTokens {
                link: self.keys.unsubscribe_token(reader),
                mail: self.keys.unsubscribe_mail_token(reader),
            },
            Purpose::Test(_) => LeaveTokens {
                link: self.keys.dead_unsubscribe_token(),
                mail: self.keys.dead_unsubscribe_mail_token(),
            },
        }
    }

    /// How the reader leaves.
    fn leave(&self, tokens: &LeaveTokens) -> Leave {
        let author = self.reply_to.as_ref().unwrap_or(&self.from);
        Leave::new(&self.frozen, author, tokens)
    }

    /// Where the reader chooses what to get; nothing without a public server. In a test it is nobody's.
    fn preferences(&self, reader: &AddressKey, purpose: Purpose<'_>) -> Option<String> {
        let url = self.frozen.serve_url.as_ref()?;
        let token = match purpose {
            Purpose::Delivery => self.keys.preferences_token(reader),
            Purpose::Test(_) => self.keys.dead_preferences_token(),
        };
        Some(format!("{url}preferences/{token}"))
    }

    /// The two layouts, rendered for one recipient around the open place of the essay.
    fn around(
        &self,
        to: Addressee<'_>,
        leave: &Leave,
        purpose: Purpose<'_>,
    ) -> Result<[AroundEssay; 2], Diagnostic> {
        let mut subscriber = to.fields.clone();
        subscriber.insert("email".to_owned(), to.address.as_str().to_owned());
        subscriber.entry("name".to_owned()).or_default();
        let mut context = self.context.clone();
        context.insert("subscriber", &subscriber);
        context.insert("unsubscribe_url", leave.shown());
        context.insert("preferences_url", &self.preferences(to.key, purpose));
        let layout = self.layouts.checked_mail();
        let html = layout.render(MailLayout::HTML, &mut context)?;
        let text = layout.render(MailLayout::TEXT, &mut context)?;
        Ok([html, text])
    }

    fn with_headers(&self, values: &Values<'_>) -> Result<MessageBuilder, Diagnostic> {
        let leave = self.leave(&LeaveTokens {
            link: values.link_token.to_owned(),
            mail: values.mail_token.to_owned(),
        });
        let folded = |name: &'static str, value: String| {
            // Ours already: ASCII or an address, without control characters, folded. What lettre
            // reads instead of it, where it looks for an address, is an address.
            let name = HeaderName::new_from_ascii_str(name);
            HeaderValue::dangerous_new_pre_encoded(name, NOBODY.to_owned(), value)
        };
        let from = mailbox("From", &self.frozen.from_name, &self.from);
        let subject = header::text("Subject", &self.frozen.subject);
        let mut builder = LettreMessage::builder()
            .envelope(any_envelope()?)
            .raw_header(folded("From", from))
            .raw_header(folded("To", values.to.to_owned()))
            .raw_header(folded("Subject", subject))
            .date(self.date)
            .message_id(Some(format!("<{}>", values.id)));
        if let Some(reply_to) = &self.reply_to {
            builder = builder.raw_header(folded("Reply-To", mailbox("Reply-To", "", reply_to)));
        }
        Ok(list::add_list_fields(&self.frozen, &leave, builder))
    }
}

/// A layout may hide it from some readers, and a rehearsal sees only a few of them.
fn shows_the_way_out([html, text]: [&AroundEssay; 2], unsubscribe: &str) -> Result<(), Diagnostic> {
    let way_out = memchr::memmem::Finder::new(unsubscribe);
    let is_in = |text: &str| way_out.find(text.as_bytes()).is_some();
    for (name, around) in [(MailLayout::HTML, html), (MailLayout::TEXT, text)] {
        if !is_in(&around.after) && !is_in(&around.before) {
            return Err(NO_UNSUBSCRIBE
                .mark(Diagnostic::error(format!(
                    "`templates/{name}` shows no way to unsubscribe"
                )))
                .hint("put `{{ unsubscribe_url }}` into it, where every reader sees it"));
        }
    }
    Ok(())
}

/// What separates the parts of a message: the same on every attempt, and in no other message.
fn boundary(id: &str) -> String {
    format!("postrider-{}", &sha256_hex(id.as_bytes())[..32])
}

fn mailbox(header: &'static str, name: &str, address: &EmailAddress) -> String {
    // Names were cleaned at the border; this is the last place where a mistake there can be made
    // harmless.
    header::named(header, &clean_name(name), address.as_str())
}

const NOBODY: &str = "nobody@nobody.invalid";

/// lettre wants an envelope, and cannot read every address out of the headers. Ours goes another
/// way, so that any will do.
fn any_envelope() -> Result<Envelope, Diagnostic> {
    let envelope = NOBODY
        .parse::<Address>()
        .ok()
        .and_then(|nobody| Envelope::new(Some(nobody.clone()), vec![nobody]).ok());
    envelope.ok_or_else(|| Diagnostic::error("the message has no envelope"))
}
