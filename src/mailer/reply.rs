//! Reading a relay's reply from lines (RFC 5321 §4.2), with limits on everything.

use crate::delivery::Reply;

/// Longest line of a reply, in bytes with its line end.
pub(super) const LONGEST_LINE: usize = 4 * 1024;
/// Most lines of one reply.
const MOST_LINES: usize = 128;
/// Longest reply, in bytes.
const LONGEST_REPLY: usize = 64 * 1024;

/// Collects the lines of one reply.
#[derive(Debug, Default)]
pub(super) struct ReplyReader {
    code: Option<u16>,
    lines: Vec<String>,
    bytes: usize,
}

/// A finished reply with its lines, which EHLO needs one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReplyLines {
    pub(super) code: u16,
    pub(super) lines: Vec<String>,
}

impl ReplyLines {
    pub(super) fn into_reply(self) -> Reply {
        Reply {
            code: self.code,
            text: self.lines.join(" "),
        }
    }
}

impl ReplyReader {
    /// Takes one line without its CRLF; gives the reply with its last line. Anything that is not a
    /// reply is an error after which the conversation cannot be trusted.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<Option<ReplyLines>, String> {
        self.bytes += line.len();
        if self.lines.len() >= MOST_LINES || self.bytes > LONGEST_REPLY {
            return Err("the relay's reply does not end".to_owned());
        }
        let (code, rest) = line.split_at_checked(3).ok_or_else(|| unreadable(line))?;
        // RFC 5321 §4.2: Reply-code = %x32-35 %x30-35 %x30-39.
        let valid = matches!(code, [b'2'..=b'5', b'0'..=b'5', b'0'..=b'9']);
        if !valid {
            return Err(unreadable(line));
        }
        let code = code
            .iter()
            .fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        if self.code.is_some_and(|first| first != code) {
            return Err("the lines of the relay's reply have different codes".to_owned());
        }
        self.code = Some(code);
        let (last, text) = match rest {
            [] => (true, rest),
            [b' ', text @ ..] => (true, text),
            [b'-', text @ ..] => (false, text),
            _ => return Err(unreadable(line)),
        };
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        let lines = if last {
            std::mem::take(&mut self.lines)
        } else {
            return Ok(None);
        };
        Ok(Some(ReplyLines { code, lines }))
    }
}

fn unreadable(line: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&line[..line.len().min(60)]);
    format!(
        "the relay said something that is no reply: `{}`",
        shown.escape_debug()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<ReplyLines>, String> {
        let mut reader = ReplyReader::default();
        for line in text.split("\r\n") {
            if let Some(reply) = reader.take(line.as_bytes())? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    #[test]
    fn lines_are_joined_until_the_one_without_a_dash() {
        let reply = read("250-relay.example.org\r\n250-SIZE 1000\r\n250 PIPELINING")
            .unwrap()
            .unwrap();
        assert_eq!(
            reply.lines,
            ["relay.example.org", "SIZE 1000", "PIPELINING"]
        );
        assert_eq!(read("250").unwrap().unwrap().code, 250);
    }

    #[test]
    fn what_is_no_reply_is_an_error_and_never_a_guess() {
        for text in [
            "2500 ok",
            "25",
            "999 x",
            "250-a\r\n550 b",
            "",
            "abc",
            "260 x",
            "250ok",
            "\u{1b}[2J",
        ] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_reply_without_end_is_given_up() {
        assert!(read(&"250-more\r\n".repeat(1000)).is_err());
    }
}
