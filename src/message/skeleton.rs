//! A message with holes: what all messages of an issue share is composed once, and each reader's
//! own values are put between it.

use std::ops::Range;

const COUNT: usize = 7;

/// The values of one reader, ready for the wire.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    /// The field `To`, without its name and its CRLF.
    pub(super) to: &'a str,
    /// Message-ID without brackets.
    pub(super) id: &'a str,
    /// The token of the unsubscribe link.
    pub(super) link_token: &'a str,
    /// The token of the unsubscribe address.
    pub(super) mail_token: &'a str,
    /// What separates the parts.
    pub(super) boundary: &'a str,
    /// The encoded plain text.
    pub(super) text: &'a [u8],
    /// The encoded HTML.
    pub(super) html: &'a [u8],
}

impl<'a> Values<'a> {
    fn all(&self) -> [&'a [u8]; COUNT] {
        [
            self.to.as_bytes(),
            self.id.as_bytes(),
            self.link_token.as_bytes(),
            self.mail_token.as_bytes(),
            self.boundary.as_bytes(),
            self.text,
            self.html,
        ]
    }
}

/// The shared text, and where which value goes.
#[derive(Debug)]
pub(super) struct Skeleton {
    shared: Vec<u8>,
    /// In order: what is copied of the shared text, and the value behind it.
    pieces: Vec<(Range<usize>, Option<usize>)>,
    /// The lengths that the values must have, where a fold depends on them.
    lengths: [Option<usize>; COUNT],
}

impl Skeleton {
    /// Takes a message apart that was composed of `marks`: values that stand nowhere else in it.
    pub(super) fn new(message: Vec<u8>, marks: &Values<'_>) -> Self {
        let marks = marks.all();
        let mut pieces = Vec::new();
        let mut from = 0;
        loop {
            let rest = &message[from..];
            let next = marks
                .iter()
                .enumerate()
                .filter_map(|(value, mark)| Some((memchr::memmem::find(rest, mark)?, value)))
                .min();
            let Some((at, value)) = next else { break };
            pieces.push((from..from + at, Some(value)));
            from += at + marks[value].len();
        }
        pieces.push((from..message.len(), None));
        // `To` was folded for its reader, and bodies are not folded at all.
        let mut lengths = marks.map(|mark| Some(mark.len()));
        for free in [0, 5, 6] {
            lengths[free] = None;
        }
        Self {
            shared: message,
            pieces,
            lengths,
        }
    }

    /// Fills the holes; `None` if a value has not the length of its mark, so that a line might
    /// have to be folded elsewhere.
    pub(super) fn fill(&self, values: &Values<'_>) -> Option<Vec<u8>> {
        let values = values.all();
        let fits = |(value, length): (&&[u8], &Option<usize>)| {
            length.is_none_or(|length| length == value.len())
        };
        if !values.iter().zip(&self.lengths).all(fits) {
            return None;
        }
        let bodies = values.iter().map(|value| value.len()).sum::<usize>();
        let mut message = Vec::with_capacity(self.shared.len() + bodies + 512);
        for (shared, value) in &self.pieces {
            message.extend_from_slice(&self.shared[shared.clone()]);
            if let Some(value) = value {
                message.extend_from_slice(values[*value]);
            }
        }
        Some(message)
    }
}
