//! Reports of delivery as RFC 3464 has them: a part of fields, one group for each recipient.

use super::fields::Fields;
use super::mail::Mail;
use crate::delivery::EnhancedCode;
use crate::diagnostic::visible;

/// What became of the message for one recipient (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// It was delivered.
    Delivered,
    /// It was handed to a system that sends no reports.
    Relayed,
    /// It went on to several addresses.
    Expanded,
    /// Not yet; the relay goes on trying.
    Delayed,
    /// Given up.
    Failed,
}

impl Action {
    /// The word of the RFC.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
            Self::Delayed => "delayed",
            Self::Failed => "failed",
        }
    }

    fn of(word: &str, status: Option<EnhancedCode>) -> Self {
        // A comment may follow (RFC 3464 §2.1.1).
        let word = word.split([' ', '(', ';']).next().unwrap_or_default();
        let known = [
            Self::Delivered,
            Self::Relayed,
            Self::Expanded,
            Self::Delayed,
            Self::Failed,
        ];
        let named = known
            .into_iter()
            .find(|action| word.eq_ignore_ascii_case(action.as_str()));
        named.unwrap_or(match status {
            Some(EnhancedCode(2, ..)) => Self::Delivered,
            Some(EnhancedCode(4, ..)) => Self::Delayed,
            _ => Self::Failed,
        })
    }
}

/// What a report says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReport {
    /// What became of the message.
    pub action: Action,
    /// Why, as an enhanced code: the most telling one of the group.
    pub status: Option<EnhancedCode>,
    /// The three digits of the reply that is quoted.
    pub code: Option<u16>,
    /// The words of whoever refused it, fit for the ledger.
    pub words: String,
    /// The recipient's addresses: as we gave it, and as it was in the end. Never believed.
    pub recipients: Vec<String>,
}

impl FailureReport {
    /// Longest words that are kept, in bytes.
    const LONGEST_WORDS: usize = 512;

    /// Makes a report of what stands in it, with codes that only the words tell.
    pub(super) fn new(
        action: &str,
        status: Option<EnhancedCode>,
        words: &str,
        recipients: Vec<String>,
    ) -> Self {
        Self {
            action: Action::of(action, status),
            status: most_telling(status, status_in(words)),
            code: code_in(words),
            words: stored(words),
            recipients,
        }
    }

    /// The domain of the recipient, as the report has it.
    pub fn domain(&self) -> Option<String> {
        let (_, domain) = self.recipients.first()?.rsplit_once('@')?;
        Some(domain.to_ascii_lowercase())
    }
}

/// Reads a mail that carries a delivery status; none of a mail without a recipient in it.
pub(super) fn read(mail: &Mail<'_>) -> Option<Vec<FailureReport>> {
    let part = status_part(mail)?;
    let blocks = Fields::read_blocks(part);
    let mut reports: Vec<FailureReport> = blocks.iter().filter_map(recipient).collect();
    // Some say nothing but a status, and tell the rest in words.
    if let [only] = reports.as_mut_slice()
        && only.words.is_empty()
    {
        let told = FailureReport::new(
            "failed",
            None,
            super::shapes::telling_line(&mail.text()),
            Vec::new(),
        );
        only.words = told.words;
        only.status = most_telling(only.status, told.status);
        only.code = told.code;
    }
    (!reports.is_empty()).then_some(reports)
}

/// What the sender called the message (RFC 3464 §2.2.1).
pub(super) fn envelope_id(mail: &Mail<'_>) -> Option<String> {
    let blocks = Fields::read_blocks(status_part(mail)?);
    let id = blocks
        .iter()
        .find_map(|block| block.get("original-envelope-id"))?;
    Some(from_xtext(id))
}

fn status_part<'a>(mail: &'a Mail<'_>) -> Option<&'a [u8]> {
    mail.part(&["message/delivery-status", "message/global-delivery-status"])
}

/// RFC 3464 §2.3: a group is about a recipient if it says who, or what became of the message.
fn recipient(block: &Fields) -> Option<FailureReport> {
    let addresses = ["original-recipient", "final-recipient"];
    if !block.has("action") && !addresses.iter().any(|name| block.has(name)) {
        return None;
    }
    let status = block.get("status").and_then(EnhancedCode::at_start_of);
    let recipients = addresses
        .iter()
        .filter_map(|name| Some(from_xtext(after_type(block.get(name)?))))
        .filter(|address| address.contains('@'));
    Some(FailureReport::new(
        block.get("action").unwrap_or_default(),
        status,
        block.get("diagnostic-code").map_or("", after_type),
        recipients.collect(),
    ))
}

/// `rfc822; reader@example.org`, `smtp; 550 no`: what follows the type (RFC 3464 §2.1.2).
fn after_type(value: &str) -> &str {
    let named = value.split_once(';').filter(|(kind, _)| {
        let kind = kind.trim();
        !kind.is_empty() && kind.len() <= 20 && !kind.contains(' ')
    });
    named
        .map_or(value, |(_, rest)| rest)
        .trim()
        .trim_matches(['<', '>'])
}

/// RFC 3461 §4: `+2B` for what an address must not hold.
pub(super) fn from_xtext(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.trim().as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *byte == b'+');
        let decoded = digits.and_then(|digits| data_encoding::HEXUPPER.decode(digits).ok());
        if let Some(decoded) = decoded {
            out.extend(decoded);
            rest = &after[2..];
        } else {
            out.push(*byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The status that says more: one of no subject or detail (`5.0.0`, `5.1.0`) is a mere form.
fn most_telling(
    status: Option<EnhancedCode>,
    quoted: Option<EnhancedCode>,
) -> Option<EnhancedCode> {
    let tells = |code: &EnhancedCode| code.2 != 0;
    status
        .filter(tells)
        .or(quoted.filter(tells))
        .or(status)
        .or(quoted)
}

/// The first enhanced code in a text: `5.1.1`, `#5.1.1`, `(5.1.1)`.
pub(super) fn status_in(text: &str) -> Option<EnhancedCode> {
    words_in(text).find_map(EnhancedCode::at_start_of)
}

/// The first code of a reply that refuses something.
pub(super) fn code_in(text: &str) -> Option<u16> {
    words_in(text).find_map(|word| {
        let digits = word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let code: u16 = word.parse().ok().filter(|_| digits)?;
        (400..560).contains(&code).then_some(code)
    })
}

fn words_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '.');
    words.map(|word| word.trim_end_matches('.'))
}

/// Fit for the ledger and for a terminal, in one line.
pub(super) fn stored(words: &str) -> String {
    let joined = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = visible(&joined);
    let mut end = text.len().min(FailureReport::LONGEST_WORDS);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_wherever_a_reply_is_quoted() {
        let code = |text| status_in(text).map(|code| code.to_string());
        assert_eq!(code("550-5.1.1 The account"), Some("5.1.1".to_owned()));
        assert_eq!(
            code("no mailbox here. (#5.1.10)"),
            Some("5.1.10".to_owned())
        );
        assert_eq!(code("[192.0.2.1] said: 550 no"), None);
        assert_eq!(code_in("host [192.0.2.1] said: 550 no"), Some(550));
        assert_eq!(code_in("got 1550 letters in 2025"), None);
    }

    #[test]
    fn the_code_that_says_more_counts() {
        let report = |status, words| {
            FailureReport::new(
                "failed",
                EnhancedCode::at_start_of(status),
                words,
                Vec::new(),
            )
        };
        let status = |report: FailureReport| report.status.unwrap().to_string();
        assert_eq!(status(report("5.0.0", "550 5.1.1 nobody")), "5.1.1");
        assert_eq!(status(report("5.7.1", "550 5.1.1 nobody")), "5.7.1");
        assert_eq!(status(report("5.0.0", "550 nobody")), "5.0.0");
    }

    #[test]
    fn what_an_envelope_had_to_encode_is_decoded() {
        assert_eq!(
            from_xtext("ada+2Bnews+3Dx@example.org"),
            "ada+news=x@example.org"
        );
        assert_eq!(from_xtext("ada+news@example.org"), "ada+news@example.org");
        assert_eq!(from_xtext("a+2"), "a+2");
    }
}
