//! The fields of a message that tell what list it comes from and how to leave it (RFC 2369,
//! RFC 2919, RFC 8058).

use lettre::message::MessageBuilder;
use lettre::message::header::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{FrozenIssue, header};
use crate::address::{EmailAddress, clean_name};
use crate::issue::{IssueId, lower_base32};

/// What must not stand for itself in the address of a `mailto:` (RFC 6068 §2), nor in the HTML
/// around it.
const NOT_IN_MAILTO: &AsciiSet = &CONTROLS
    .add(b'%')
    .add(b'/')
    .add(b'?')
    .add(b'#')
    .add(b'[')
    .add(b']')
    .add(b'&')
    .add(b';')
    .add(b'=')
    .add(b'\'')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}')
    .add(b'^');

/// How one reader leaves the list.
pub(super) struct Leave {
    /// The one-click address, where there is a public server.
    link: Option<String>,
    /// By mail; always there.
    mail: String,
}

/// The two forms of a reader's token: for a link, and for the local part of an address.
pub(super) struct LeaveTokens {
    pub(super) link: String,
    pub(super) mail: String,
}

impl Leave {
    /// `author` gets the requests where no domain of ours receives them: then the token in the
    /// subject tells `subscribers suppress` who asks, whatever address the mail comes from.
    pub(super) fn new(frozen: &FrozenIssue, author: &EmailAddress, tokens: &LeaveTokens) -> Self {
        let LeaveTokens { link, mail } = tokens;
        Self {
            link: frozen
                .serve_url
                .as_ref()
                .map(|url| format!("{url}u/{link}")),
            mail: match &frozen.bounces_domain {
                Some(domain) => format!("mailto:unsubscribe+{mail}@{domain}?subject=unsubscribe"),
                None => format!("{}?subject=unsubscribe%20{link}", mailto(author.as_str())),
            },
        }
    }

    /// What a reader is shown.
    pub(super) fn shown(&self) -> &str {
        self.link.as_deref().unwrap_or(&self.mail)
    }

    /// The value of `List-Unsubscribe` (RFC 2369 §3.2): at most one https address, and that first.
    fn value(&self) -> String {
        match &self.link {
            Some(link) => format!("<{link}>, <{}>", self.mail),
            None => format!("<{}>", self.mail),
        }
    }
}

/// Adds the fields of the list, each at most once (RFC 2369 §3).
pub(super) fn add_list_fields(
    frozen: &FrozenIssue,
    leave: &Leave,
    builder: MessageBuilder,
) -> MessageBuilder {
    let publication = &frozen.publication;
    let author = mailto(&publication.reply_to);
    let list_id = header::named("List-Id", &clean_name(&publication.title), &frozen.list_id);
    let mut builder = builder.raw_header(HeaderValue::dangerous_new_pre_encoded(
        HeaderName::new_from_ascii_str("List-Id"),
        list_id.clone(),
        list_id,
    ));
    let mut add = |name: &'static str, value: String| {
        let name = HeaderName::new_from_ascii_str(name);
        let whole = std::mem::take(&mut builder);
        builder = whole.raw_header(HeaderValue::new(name, value));
    };
    add("List-Unsubscribe", leave.value());
    if leave.link.is_some() {
        // RFC 8058 §3.1: exactly this, and never folded; only beside an https address.
        add(
            "List-Unsubscribe-Post",
            "List-Unsubscribe=One-Click".to_owned(),
        );
    }
    add("List-Help", format!("<{author}?subject=help>"));
    if frozen.version >= 2 {
        add("List-Owner", format!("<{author}>"));
    }
    add("List-Archive", format!("<{}>", publication.base_url));
    // RFC 2369 §3.4: the bare word.
    add("List-Post", "NO".to_owned());
    // RFC 5064 §2.2: where this message can be read again.
    add("Archived-At", format!("<{}>", frozen.issue.url));
    // Not a standard, but what keeps holiday answers away (RFC 3834 §2).
    add("Precedence", "bulk".to_owned());
    if let Some(id) = &frozen.feedback_id {
        add("Feedback-ID", id.clone());
    }
    builder
}

/// The value of `Feedback-ID`, by which providers count complaints: three words of the sender's
/// choice, none of them unique to a message, and the sender, who is the same for ever.
pub fn feedback_id(issue: &IssueId, list_id: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, list_id.as_bytes());
    // 5 to 15 characters; 60 bits of a name that never changes.
    let sender = &lower_base32().encode(digest.as_ref())[..12];
    format!("{issue}:newsletter:postrider:{sender}")
}

fn mailto(address: &str) -> String {
    format!("mailto:{}", utf8_percent_encode(address, NOT_IN_MAILTO))
}
