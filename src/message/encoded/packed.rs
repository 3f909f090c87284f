//! Base64 bodies (RFC 2045 §6.8). Three bytes become four characters, so that what an essay looks like
//! depends on how many bytes stand before it: it is encoded once for each of the three cases.

use data_encoding::BASE64;

use super::{Kind, canonical, canonical_line, layout_line};
use crate::render::layout::AroundEssay;

/// Bytes that become one group of characters.
const GROUP: usize = 3;

/// Bytes of a full line: 76 characters, the most that there may be.
const LINE: usize = 57;

/// An essay, encoded for each place in a group at which it can begin.
#[derive(Debug)]
pub(in crate::message) struct PackedEssay {
    essay: Vec<u8>,
    kind: Kind,
    /// Of these, the one at `n` lacks the first `n` bytes, which complete the group before it, and
    /// at its end what fills no group.
    from: [Vec<u8>; GROUP],
}

impl PackedEssay {
    pub(super) fn new(essay: &str, kind: Kind) -> Self {
        let essay = canonical(essay);
        let from = std::array::from_fn(|start| pack(&essay[whole_groups(essay.len(), start)]));
        Self { essay, kind, from }
    }

    pub(super) fn len(&self) -> usize {
        length(self.essay.len())
    }

    pub(super) fn within(&self, around: &AroundEssay) -> Vec<u8> {
        let mut before = self.layout(&around.before);
        let missing = before.len().next_multiple_of(GROUP) - before.len();
        let inner = whole_groups(self.essay.len(), missing);
        before.extend_from_slice(&self.essay[..inner.start]);
        let after = self.layout(&around.after);
        // An essay of one byte may complete no group.
        if missing > inner.start {
            return pack(&[&before, &self.essay[inner.start..], after.as_slice()].concat());
        }
        // A line may be shorter than the longest (§6.8): the pieces join at line ends.
        let mut body = pack(&before);
        body.extend_from_slice(&self.from[missing]);
        body.extend_from_slice(&pack(&[&self.essay[inner.end..], &after].concat()));
        body
    }

    fn layout(&self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len() + text.len() / 16);
        for line in text.split_inclusive('\n') {
            bytes.extend_from_slice(canonical_line(&layout_line(line, self.kind)).as_bytes());
        }
        bytes
    }
}

/// The bytes from `start` on that fill whole groups.
fn whole_groups(length: usize, start: usize) -> std::ops::Range<usize> {
    let start = start.min(length);
    start..length - (length - start) % GROUP
}

/// Lines of base64, each with its end.
fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; length(bytes.len())];
    let mut at = 0;
    for line in bytes.chunks(LINE) {
        let end = at + BASE64.encode_len(line.len());
        BASE64.encode_mut(line, &mut packed[at..end]);
        packed[end..end + 2].copy_from_slice(b"\r\n");
        at = end + 2;
    }
    packed
}

/// How many bytes become of so many.
pub(super) fn length(bytes: usize) -> usize {
    bytes.div_ceil(GROUP) * 4 + bytes.div_ceil(LINE) * 2
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The bytes behind lines of base64.
    pub(in crate::message::encoded) fn unpacked(body: &[u8]) -> Vec<u8> {
        let text = std::str::from_utf8(body).unwrap();
        assert!(text.is_empty() || text.ends_with("\r\n"), "{text}");
        assert!(text.split("\r\n").all(|line| line.len() <= 76), "{text}");
        BASE64.decode(text.replace("\r\n", "").as_bytes()).unwrap()
    }

    #[test]
    fn any_layout_around_any_essay_decodes_to_both() {
        for essay_length in 0..130 {
            let essay = "手紙を書く。\n"
                .chars()
                .cycle()
                .take(essay_length)
                .collect::<String>();
            let packed = PackedEssay::new(&essay, Kind::Fixed);
            for (before, after) in [(0, 0), (1, 0), (2, 1), (3, 2), (56, 57), (57, 3), (200, 58)] {
                let around = AroundEssay {
                    before: "b".repeat(before),
                    after: "a".repeat(after),
                };
                let whole = [&around.before, essay.as_str(), &around.after].concat();
                assert_eq!(
                    String::from_utf8(unpacked(&packed.within(&around))).unwrap(),
                    whole.replace('\n', "\r\n")
                );
            }
        }
    }

    #[test]
    fn an_essay_of_a_byte_or_two_is_packed_with_what_is_around_it() {
        for essay in ["", "x", "xy", "xyz"] {
            for before in ["", "b", "bb", "bbb"] {
                let around = AroundEssay {
                    before: before.to_owned(),
                    after: "a\n".to_owned(),
                };
                let body = PackedEssay::new(essay, Kind::Fixed).within(&around);
                assert_eq!(
                    unpacked(&body),
                    format!("{before}{essay}a\r\n").into_bytes()
                );
            }
        }
    }

    #[test]
    fn the_length_is_that_of_what_is_packed() {
        for bytes in 0..200 {
            assert_eq!(pack(&vec![0; bytes]).len(), length(bytes), "{bytes}");
        }
    }
}
