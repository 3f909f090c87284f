//! The subject of a message, for the eyes of the person who watches the mail arrive.
//!
//! Owns just enough of RFC 5322 and RFC 2047 for one line of text; what it cannot decode is shown
//! as it was written. The stored message is never touched.

use data_encoding::BASE64;

/// Longest subject that is shown, in characters.
const LONGEST: usize = 200;

/// The subject in the first bytes of a message: unfolded, decoded, on one line, without control
/// characters. `None` if its header has none.
pub(super) fn subject_of(message: &[u8]) -> Option<String> {
    let mut lines = message
        .split(|byte| *byte == b'\n')
        .map(without_carriage_return);
    let first = lines
        .by_ref()
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (name, value) = line.split_at_checked(b"subject:".len())?;
            name.eq_ignore_ascii_case(b"subject:").then_some(value)
        })?;
    let mut raw = first.to_vec();
    // A line that begins with white space continues the one before it (RFC 5322 §2.2.3).
    for line in lines.take_while(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
        raw.extend_from_slice(line);
    }
    Some(one_line(&decode_words(&String::from_utf8_lossy(&raw))))
}

fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn one_line(text: &str) -> String {
    let spaced: String = text
        .chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .take(LONGEST)
        .collect();
    spaced.trim().to_owned()
}

/// Replaces the encoded words of RFC 2047 by their text.
fn decode_words(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut pending = Vec::new();
    for word in text.split_inclusive([' ', '\t']) {
        let bare = word.trim_end_matches([' ', '\t']);
        match decode_word(bare) {
            // White space between two encoded words is not part of the text (RFC 2047 §6.2), and
            // a character may have been split over both by a careless sender: join bytes first.
            Some(bytes) => pending.extend_from_slice(&bytes),
            None if bare.is_empty() && !pending.is_empty() => {}
            None => {
                flush(&mut pending, &mut decoded, true);
                decoded.push_str(word);
            }
        }
    }
    flush(&mut pending, &mut decoded, false);
    decoded
}

fn flush(pending: &mut Vec<u8>, decoded: &mut String, text_follows: bool) {
    if !pending.is_empty() {
        decoded.push_str(&String::from_utf8_lossy(pending));
        if text_follows {
            decoded.push(' ');
        }
        pending.clear();
    }
}

/// The bytes of one `=?utf-8?Q?...?=` or `=?utf-8?B?...?=` (RFC 2047 §2).
fn decode_word(word: &str) -> Option<Vec<u8>> {
    let inner = word.strip_prefix("=?")?.strip_suffix("?=")?;
    let mut fields = inner.split('?');
    let (charset, encoding, text) = (fields.next()?, fields.next()?, fields.next()?);
    let known = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii");
    if !known || fields.next().is_some() {
        return None;
    }
    match encoding {
        "B" | "b" => BASE64.decode(text.as_bytes()).ok(),
        "Q" | "q" => decode_q(text.as_bytes()),
        _ => None,
    }
}

/// The "Q" encoding (RFC 2047 §4.2).
fn decode_q(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'_' => bytes.push(b' '),
            b'=' => {
                let (digits, after) = rest.split_at_checked(2)?;
                bytes.extend(data_encoding::HEXUPPER_PERMISSIVE.decode(digits).ok()?);
                rest = after;
            }
            other => bytes.push(other),
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::subject_of;

    #[track_caller]
    fn assert_subject(header: &str, subject: &str) {
        let message =
            format!("From: a@example.org\r\n{header}\r\nTo: b@example.org\r\n\r\nSubject: no\r\n");
        assert_eq!(subject_of(message.as_bytes()).as_deref(), Some(subject));
    }

    #[test]
    fn a_plain_subject_is_shown_as_it_is() {
        assert_subject("Subject: Why write?", "Why write?");
        assert_subject("SUBJECT:Why write?", "Why write?");
    }

    #[test]
    fn a_folded_subject_is_unfolded() {
        assert_subject("Subject: Why\r\n write?", "Why write?");
    }

    #[test]
    fn encoded_words_are_decoded_and_joined() {
        assert_subject(
            "Subject: =?utf-8?Q?Caf=C3=A9_?=\r\n =?UTF-8?b?w6kh?= again",
            "Café é! again",
        );
        assert_subject("Subject: =?utf-8?Q?half_=C3?= =?utf-8?Q?=A9?=", "half é");
    }

    #[test]
    fn what_cannot_be_decoded_is_shown_as_written() {
        assert_subject(
            "Subject: =?koi8-r?B?8A==?= =?utf-8?Q?=zz?=",
            "=?koi8-r?B?8A==?= =?utf-8?Q?=zz?=",
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_subject("Subject: a\u{1b}[2Jb =?utf-8?Q?=0D=0Ac?=", "a [2Jb   c");
    }

    #[test]
    fn a_subject_in_the_body_is_none() {
        assert_eq!(
            subject_of(b"From: a@example.org\r\n\r\nSubject: no\r\n"),
            None
        );
        assert_eq!(subject_of(b""), None);
    }
}
