//! DKIM: signatures over finished messages (RFC 6376), relaxed/relaxed, no `l=`; rsa-sha256, and
//! beside it ed25519-sha256 (RFC 8463) where the author wants both.
//!
//! The signature's time is that of the plan and neither algorithm has randomness as it is used
//! here, so signing the same message twice gives the same bytes: a second attempt sends what the
//! first one sent.

mod key;
mod relaxed;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use thiserror::Error;

pub use key::{Algorithm, PrivateKey, generate};
use relaxed::{Field, count, fields, relax_field, relaxed_body};

/// What can go wrong with keys and signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DkimError {
    /// Not a PEM file with a private key.
    #[error("this is not a private key in PEM")]
    NotAKey,
    /// Of another kind than its place asks for.
    #[error("this is not a private key for {}", .0.name())]
    WrongKind(Algorithm),
    /// Too short for receivers that look at it (RFC 8301 §3.2).
    #[error("this key has fewer than 2048 bits, which receivers no longer trust")]
    TooShort,
    /// The library refused.
    #[error("the signature cannot be made")]
    Signing,
    /// A message without a header.
    #[error("there is no header to be signed")]
    NoHeader,
    /// Not the text of a DKIM record.
    #[error("the record is none for DKIM: it has no valid `p=`")]
    NotARecord,
    /// A record with an empty `p=` (RFC 6376 §3.6.1).
    #[error("the record says that its key is revoked: its `p=` is empty")]
    Revoked,
    /// The record of another key.
    #[error("the record is that of another key: receivers would refuse every signature")]
    OtherRecord,
}

/// Header fields that are signed where they stand, and once more as absent, so that nobody on the
/// way can add a second one (RFC 6376 §5.4.2, §8.15).
const OVERSIGNED: &[&str] = &[
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Reply-To",
    "Sender",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
];
/// Header fields that are signed where they stand.
const SIGNED: &[&str] = &[
    "List-Archive",
    "List-Help",
    "List-Owner",
    "List-Post",
    "Archived-At",
];

/// Signs messages for one domain, with one key or two.
pub struct Signer {
    domain: String,
    keys: Vec<(String, PrivateKey)>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let selectors = self.keys.iter().map(|(selector, _)| selector.as_str());
        let selectors: Vec<&str> = selectors.collect();
        write!(f, "Signer({} {})", self.domain, selectors.join(" "))
    }
}

impl Signer {
    /// `domain` goes into `d=`, `selector` into `s=`.
    pub fn new(domain: &str, selector: &str, key: PrivateKey) -> Self {
        Self {
            domain: domain.to_owned(),
            keys: vec![(selector.to_owned(), key)],
        }
    }

    /// Signs with a second key as well.
    #[must_use]
    pub fn and(mut self, selector: &str, key: PrivateKey) -> Self {
        self.keys.push((selector.to_owned(), key));
        self
    }

    /// The fields `DKIM-Signature` for a message with CRLF line ends, one for each key, each with
    /// its own CRLF at the end: to be put in front of the message.
    pub fn sign(&self, message: &[u8], at: DateTime<Utc>) -> Result<String, DkimError> {
        let end = memchr::memmem::find(message, b"\r\n\r\n").ok_or(DkimError::NoHeader)?;
        let (header, body) = (&message[..end + 2], &message[end + 4..]);
        let fields = fields(header);
        let names = signed_names(&fields);
        let body_hash = BASE64.encode(digest(&SHA256, &relaxed_body(body)).as_ref());
        let mut signatures = String::new();
        for (selector, key) in &self.keys {
            let unsigned = self.unsigned_field(selector, key.algorithm(), &names, &body_hash, at);
            let signature = key.sign(&hash_input(&fields, &names, &unsigned))?;
            signatures.push_str(&unsigned);
            signatures.push_str(&folded(&BASE64.encode(&signature)));
            signatures.push_str("\r\n");
        }
        Ok(signatures)
    }

    /// The field up to and including `b=`.
    fn unsigned_field(
        &self,
        selector: &str,
        algorithm: Algorithm,
        names: &[&str],
        body_hash: &str,
        at: DateTime<Utc>,
    ) -> String {
        let mut list = String::new();
        let mut width = 4;
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                list.push(':');
            }
            if width + name.len() > 70 {
                list.push_str("\r\n  ");
                width = 2;
            }
            list.push_str(name);
            width += name.len() + 1;
        }
        format!(
            "DKIM-Signature: v=1; a={}-sha256; c=relaxed/relaxed; d={};\r\n s={selector}; t={};\r\n h={list};\r\n bh={body_hash};\r\n b=",
            algorithm.name(),
            self.domain,
            at.timestamp(),
        )
    }
}

/// Name of the DNS record that holds the public key of a selector.
pub fn record_name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// Names for `h=`, in the order in which they are hashed.
fn signed_names(fields: &[Field<'_>]) -> Vec<&'static str> {
    let oversigned = OVERSIGNED
        .iter()
        .flat_map(|name| std::iter::repeat_n(*name, count(fields, name) + 1));
    let signed = SIGNED
        .iter()
        .flat_map(|name| std::iter::repeat_n(*name, count(fields, name)));
    oversigned.chain(signed).collect()
}

/// What is hashed: the named fields and the signature's own, all relaxed (RFC 6376 §3.4.2, §3.7).
/// Of several fields of a name the last one is taken first (§5.4.2); one that is absent adds nothing.
fn hash_input(fields: &[Field<'_>], names: &[&str], unsigned: &str) -> Vec<u8> {
    let mut input = Vec::new();
    let mut previous = "";
    let mut taken = 0;
    for name in names {
        taken = if *name == previous { taken + 1 } else { 0 };
        previous = name;
        let mut of_name = fields
            .iter()
            .rev()
            .filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()));
        if let Some(field) = of_name.nth(taken) {
            relax_field(&mut input, field.name, field.value);
            input.extend_from_slice(b"\r\n");
        }
    }
    let (name, value) = unsigned.split_once(':').unwrap_or((unsigned, ""));
    relax_field(&mut input, name.as_bytes(), value.as_bytes());
    input
}

/// Base64 in lines that fit a header.
fn folded(text: &str) -> String {
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(72)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    lines.join("\r\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_twice_gives_the_same_bytes() {
        let key = |algorithm| PrivateKey::read(algorithm, &generate(algorithm).unwrap()).unwrap();
        let signer = Signer::new("example.org", "letters", key(Algorithm::Rsa))
            .and("second", key(Algorithm::Ed25519));
        let message = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHello\r\n";
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let first = signer.sign(message, at).unwrap();
        assert_eq!(first, signer.sign(message, at).unwrap());
        assert!(first.lines().all(|line| line.len() <= 78), "{first}");
        assert!(
            first.contains("h=From:From:To:To:Cc:Subject:Subject:"),
            "{first}"
        );
        assert!(first.starts_with("DKIM-Signature: v=1; a=rsa-sha256;"));
        assert!(first.contains("\r\nDKIM-Signature: v=1; a=ed25519-sha256;"));
    }
}
