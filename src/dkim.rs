//! DKIM: signatures over finished messages (RFC 6376), rsa-sha256, relaxed/relaxed, no `l=`.
//!
//! The signature's time is that of the plan and PKCS #1 v1.5 has no randomness, so signing the same
//! message twice gives the same bytes: a second attempt sends what the first one sent.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use thiserror::Error;

/// What can go wrong with keys and signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DkimError {
    /// Not a PEM file with a PKCS #8 private key.
    #[error("this is not a private key in PEM (PKCS #8)")]
    NotAKey,
    /// Of another kind, or too small for what receivers accept (RFC 8301 §3.2).
    #[error("this is not an RSA key of at least 2048 bits")]
    WrongKey,
    /// The library refused.
    #[error("the signature cannot be made")]
    Signing,
    /// A message without a header.
    #[error("there is no header to be signed")]
    NoHeader,
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

/// Signs messages for one domain with one key.
pub struct Signer {
    domain: String,
    selector: String,
    key: KeyPair,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}._domainkey.{})", self.selector, self.domain)
    }
}

/// A new key: the private part as PEM, for a file of mode 0600.
pub fn generate() -> Result<String, DkimError> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| DkimError::Signing)?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| DkimError::Signing)?;
    let text = BASE64.encode(der.as_ref());
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem)
}

impl Signer {
    /// Reads a private key in PEM. `domain` goes into `d=`, `selector` into `s=`.
    pub fn new(domain: &str, selector: &str, pem: &str) -> Result<Self, DkimError> {
        let der =
            PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| DkimError::NotAKey)?;
        let key = KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(|_| DkimError::WrongKey)?;
        if key.public_modulus_len() < 256 {
            return Err(DkimError::WrongKey);
        }
        Ok(Self {
            domain: domain.to_owned(),
            selector: selector.to_owned(),
            key,
        })
    }

    /// Name of the DNS record that holds the public key.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// Value of that TXT record (RFC 6376 §3.6.1), in strings of at most 255 bytes (§3.6.2.2).
    pub fn record_value(&self) -> Result<Vec<String>, DkimError> {
        let der: PublicKeyX509Der<'_> = self
            .key
            .public_key()
            .as_der()
            .map_err(|_| DkimError::Signing)?;
        let value = format!("v=DKIM1; k=rsa; p={}", BASE64.encode(der.as_ref()));
        let strings = value.as_bytes().chunks(255);
        Ok(strings
            .map(|string| String::from_utf8_lossy(string).into_owned())
            .collect())
    }

    /// The field `DKIM-Signature` for a message with CRLF line ends, with its own CRLF at the end:
    /// to be put in front of the message.
    pub fn sign(&self, message: &[u8], at: DateTime<Utc>) -> Result<String, DkimError> {
        let end = memchr::memmem::find(message, b"\r\n\r\n").ok_or(DkimError::NoHeader)?;
        let (header, body) = (&message[..end + 2], &message[end + 4..]);
        let fields = fields(header);
        let names = signed_names(&fields);
        let body_hash = BASE64.encode(digest(&SHA256, &relaxed_body(body)).as_ref());
        let unsigned = self.unsigned_field(&names, &body_hash, at);

        let input = hash_input(&fields, &names, &unsigned);
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                &input,
                &mut signature,
            )
            .map_err(|_| DkimError::Signing)?;
        Ok(format!(
            "{unsigned}{}\r\n",
            folded(&BASE64.encode(&signature))
        ))
    }

    /// The field up to and including `b=`.
    fn unsigned_field(&self, names: &[&str], body_hash: &str, at: DateTime<Utc>) -> String {
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
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={};\r\n s={}; t={};\r\n h={list};\r\n bh={body_hash};\r\n b=",
            self.domain,
            self.selector,
            at.timestamp(),
        )
    }
}

/// A field of the header: its name and everything behind the colon, folds included.
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

fn fields(header: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut start = 0;
    for (at, _) in header
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
    {
        let continues = matches!(header.get(at + 1), Some(b' ' | b'\t'));
        if continues {
            continue;
        }
        let line = &header[start..=at];
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            fields.push(Field {
                name: &line[..colon],
                value: &line[colon + 1..],
            });
        }
        start = at + 1;
    }
    fields
}

fn count(fields: &[Field<'_>], name: &str) -> usize {
    fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
        .count()
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

/// One field, relaxed: lower-case name, unfolded, runs of white space as one space, none at the
/// ends of the value. Without its CRLF.
fn relax_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend(name.trim_ascii().to_ascii_lowercase());
    out.push(b':');
    let mut words = value
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.extend_from_slice(first);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

/// The body, relaxed (RFC 6376 §3.4.4): runs of white space in a line as one space, none at its
/// end, no empty lines at the end of the body.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty_lines = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = trim_end(line);
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        out.extend(std::iter::repeat_n(*b"\r\n", empty_lines).flatten());
        empty_lines = 0;
        let mut in_space = false;
        for byte in line {
            let space = matches!(byte, b' ' | b'\t');
            if !space {
                out.push(*byte);
            } else if !in_space {
                out.push(b' ');
            }
            in_space = space;
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn trim_end(line: &[u8]) -> &[u8] {
    let end = line
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t'))
        .map_or(0, |at| at + 1);
    &line[..end]
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
    fn the_examples_of_the_standard_come_out_relaxed() {
        // RFC 6376 §3.4.5.
        let fields = fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let mut out = Vec::new();
        for field in &fields {
            relax_field(&mut out, field.name, field.value);
            out.extend_from_slice(b"\r\n");
        }
        assert_eq!(out, b"a:X\r\nb:Y Z\r\n");
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"a"), b"a\r\n");
    }

    #[test]
    fn signing_twice_gives_the_same_bytes() {
        let signer = Signer::new("example.org", "letters", &generate().unwrap()).unwrap();
        let message = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nHello\r\n";
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let first = signer.sign(message, at).unwrap();
        assert_eq!(first, signer.sign(message, at).unwrap());
        assert!(first.lines().all(|line| line.len() <= 78), "{first}");
        assert!(
            first.contains("h=From:From:To:To:Cc:Subject:Subject:"),
            "{first}"
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert_eq!(
            Signer::new("example.org", "s", "hello").unwrap_err(),
            DkimError::NotAKey
        );
    }
}
