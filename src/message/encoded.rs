//! Bodies on the wire (RFC 2045 §6): the essay encoded once for the issue, the layout around it for
//! each reader.
//!
//! A body is `quoted-printable` where it is mostly ASCII, and `base64` where that is shorter: three
//! characters for each byte of Arabic or Chinese would let Gmail cut a mail off at a third of its
//! length (standards I1, B11).

mod packed;
mod quoted;

use std::borrow::Cow;

use lettre::message::header::ContentTransferEncoding;
use serde::{Deserialize, Serialize};

use crate::render::layout::AroundEssay;
use crate::render::needs_stuffing;
use packed::PackedEssay;
use quoted::QuotedEssay;

pub(super) use quoted::quoted_printable;

/// How a body is written in ASCII (RFC 2045 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// ASCII stays as it is, every other byte takes three characters (§6.7).
    #[default]
    QuotedPrintable,
    /// Three bytes take four characters (§6.8).
    Base64,
}

impl Encoding {
    /// The one in which these texts together are shorter; as they are, if both are alike.
    pub fn shorter_for(texts: &[&str]) -> Self {
        let quoted: usize = texts.iter().map(|text| quoted_printable(text).len()).sum();
        let plain: usize = texts.iter().map(|text| canonical(text).len()).sum();
        if packed::length(plain) < quoted {
            Self::Base64
        } else {
            Self::QuotedPrintable
        }
    }

    /// The value of the field `Content-Transfer-Encoding`.
    pub(super) fn field(self) -> ContentTransferEncoding {
        match self {
            Self::QuotedPrintable => ContentTransferEncoding::QuotedPrintable,
            Self::Base64 => ContentTransferEncoding::Base64,
        }
    }
}

/// What the lines of a body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// As they are.
    Fixed,
    /// Plain text that flows (RFC 3676): the essay is coded already, a line of the layout ends
    /// where it ends.
    Flowed,
}

/// The essay in one body of a message, encoded.
#[derive(Debug)]
pub(super) enum EncodedEssay {
    /// As `quoted-printable`.
    Quoted(QuotedEssay),
    /// As `base64`.
    Packed(PackedEssay),
}

impl EncodedEssay {
    /// Encodes an essay with LF line ends.
    pub(super) fn new(essay: &str, kind: Kind, encoding: Encoding) -> Self {
        match encoding {
            Encoding::QuotedPrintable => Self::Quoted(QuotedEssay::new(essay, kind)),
            Encoding::Base64 => Self::Packed(PackedEssay::new(essay, kind)),
        }
    }

    /// Bytes of the encoded essay alone.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Quoted(essay) => essay.len(),
            Self::Packed(essay) => essay.len(),
        }
    }

    /// Puts the essay between the halves of a layout, and encodes them.
    pub(super) fn within(&self, around: &AroundEssay) -> Vec<u8> {
        match self {
            Self::Quoted(essay) => essay.within(around),
            Self::Packed(essay) => essay.within(around),
        }
    }
}

/// A line of a layout with its end. Where text flows, one whose beginning would mean something is
/// stuffed, and one that ends with a space must not flow; but that of a signature keeps it
/// (RFC 3676 §4.1-4.4).
fn layout_line(line: &str, kind: Kind) -> Cow<'_, str> {
    let text = line.trim_end_matches(['\n', '\r']);
    let is_signature = text == "-- ";
    if kind == Kind::Fixed || is_signature || !(needs_stuffing(text) || text.ends_with(' ')) {
        return Cow::Borrowed(line);
    }
    let stuffing = if needs_stuffing(text) { " " } else { "" };
    let end = &line[text.len()..];
    Cow::Owned([stuffing, text.trim_end_matches(' '), end].concat())
}

/// A line with the end that it has on the wire (RFC 2045 §6.8: CRLF, before it is encoded); the last
/// one may have none.
fn canonical_line(line: &str) -> Cow<'_, str> {
    let Some(text) = line.strip_suffix('\n') else {
        return Cow::Borrowed(line);
    };
    Cow::Owned([text.strip_suffix('\r').unwrap_or(text), "\r\n"].concat())
}

/// A text with CRLF line ends.
fn canonical(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + text.len() / 32);
    for line in text.split_inclusive('\n') {
        bytes.extend_from_slice(canonical_line(line).as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_the_encoding_in_which_it_is_shorter() {
        for (text, encoding) in [
            ("", Encoding::QuotedPrintable),
            ("Why write letters?\n", Encoding::QuotedPrintable),
            (
                "Größer als jedes Maß, schöner noch.\n",
                Encoding::QuotedPrintable,
            ),
            ("Почему я пишу письма.\n", Encoding::Base64),
            ("الرسالة الأولى\n", Encoding::Base64),
            ("手紙を書く理由。\n", Encoding::Base64),
        ] {
            assert_eq!(Encoding::shorter_for(&[text]), encoding, "{text}");
        }
        let layout = "<p style=\"margin: 0 0 1em\">\n".repeat(20);
        assert_eq!(
            Encoding::shorter_for(&["手紙\n", &layout]),
            Encoding::QuotedPrintable
        );
        assert_eq!(
            Encoding::shorter_for(&[&"手紙を書く理由。\n".repeat(20), &layout]),
            Encoding::Base64
        );
    }

    #[test]
    fn a_layout_around_text_that_flows_keeps_its_lines() {
        let around = AroundEssay {
            before: "> a\nFrom b \n  c\nd  \n".to_owned(),
            after: "-- \ne\n".to_owned(),
        };
        let quoted = Encoding::QuotedPrintable;
        let body = EncodedEssay::new("One \ntwo.\n", Kind::Flowed, quoted).within(&around);
        let text = " > a\r\n From b\r\n   c\r\nd\r\nOne=20\r\ntwo.\r\n--=20\r\ne\r\n";
        assert_eq!(String::from_utf8(body).unwrap(), text);
        let fixed = EncodedEssay::new("", Kind::Fixed, quoted).within(&around);
        assert!(fixed.starts_with(b"> a\r\nFrom b=20\r\n  c\r\n"));
        let packed = EncodedEssay::new("One \ntwo.\n", Kind::Flowed, Encoding::Base64);
        assert_eq!(
            String::from_utf8(packed::tests::unpacked(&packed.within(&around))).unwrap(),
            text.replace("=20", " ")
        );
    }
}
