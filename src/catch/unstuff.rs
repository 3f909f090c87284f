//! From the bytes after DATA to the message: finds the end and takes the stuffed dots away.
//!
//! Pure: bytes in, bytes out, in pieces of any size.

/// What one call of [`Unstuffer::feed`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress {
    /// How many bytes of the input are done with. The others must be fed again, with more behind
    /// them: they may be the beginning of the end.
    pub(super) consumed: usize,
    /// The line with the lone dot was reached; what lies behind it is the next command.
    pub(super) finished: bool,
}

/// Reads the data of one message (RFC 5321 §4.5.2).
///
/// Only CRLF ends a line. A dot behind a bare LF or a bare CR is text: a server that sees it
/// otherwise can be made to read a second message that the sender never wrote ("SMTP smuggling",
/// RFC 5321 §2.3.8 and §4.1.1.4).
#[derive(Debug)]
pub(super) struct Unstuffer {
    at_line_start: bool,
}

/// What ends one line and begins the next with a dot.
const DOTTED_LINE: &[u8] = b"\r\n.";

impl Unstuffer {
    /// A reader that stands before the first byte after the 354 reply.
    pub(super) fn new() -> Self {
        Self {
            at_line_start: true,
        }
    }

    /// Appends to `message` what `input` holds of it.
    pub(super) fn feed(&mut self, input: &[u8], message: &mut Vec<u8>) -> Progress {
        let mut consumed = 0;
        loop {
            let rest = &input[consumed..];
            if self.at_line_start {
                match rest {
                    [b'.', b'\r', b'\n', ..] => {
                        let consumed = consumed + 3;
                        let finished = true;
                        return Progress { consumed, finished };
                    }
                    [] | [b'.'] | [b'.', b'\r'] => break,
                    [b'.', ..] => consumed += 1,
                    _ => {}
                }
                self.at_line_start = false;
            } else if let Some(at) = find_dotted_line(rest) {
                // The CRLF belongs to the message, the dot is looked at next.
                let line_end = at + 2;
                message.extend_from_slice(&rest[..line_end]);
                consumed += line_end;
                self.at_line_start = true;
            } else {
                let certain = rest.len() - held_back(rest);
                message.extend_from_slice(&rest[..certain]);
                consumed += certain;
                break;
            }
        }
        Progress {
            consumed,
            finished: false,
        }
    }
}

/// How many of the last bytes may be the beginning of [`DOTTED_LINE`].
fn held_back(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\r\n") {
        2
    } else {
        usize::from(bytes.ends_with(b"\r"))
    }
}

/// Where the first [`DOTTED_LINE`] begins.
///
/// Dots are rare in mail: a block without any is passed over by one fast search.
fn find_dotted_line(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 64;
    let mut start = 0;
    while let Some(block) = bytes.get(start..start + BLOCK) {
        if block.contains(&b'.') {
            let from = start.saturating_sub(DOTTED_LINE.len() - 1);
            let here = &bytes[from..start + BLOCK];
            if let Some(at) = position_of_dotted_line(here) {
                return Some(from + at);
            }
        }
        start += BLOCK;
    }
    let from = start.saturating_sub(DOTTED_LINE.len() - 1);
    position_of_dotted_line(&bytes[from..]).map(|at| from + at)
}

fn position_of_dotted_line(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(DOTTED_LINE.len())
        .position(|window| window == DOTTED_LINE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Unstuffer;

    /// Feeds `wire` in pieces of `piece` bytes; the message and what is left behind its end.
    fn receive(wire: &[u8], piece: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let mut unstuffer = Unstuffer::new();
        let mut message = Vec::new();
        let mut waiting = Vec::new();
        let mut fed = 0;
        while fed < wire.len() {
            let end = (fed + piece).min(wire.len());
            waiting.extend_from_slice(&wire[fed..end]);
            fed = end;
            let progress = unstuffer.feed(&waiting, &mut message);
            waiting.drain(..progress.consumed);
            if progress.finished {
                waiting.extend_from_slice(&wire[fed..]);
                return Some((message, waiting));
            }
            assert!(waiting.len() <= 2, "held back {waiting:?}");
        }
        None
    }

    fn stuff(message: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut before: [u8; 2] = *b"\r\n";
        for &byte in message {
            if before == *b"\r\n" && byte == b'.' {
                wire.push(b'.');
            }
            wire.push(byte);
            before = [before[1], byte];
        }
        wire
    }

    #[test]
    fn the_stuffed_dot_goes_and_every_other_byte_stays() {
        let wire = b"..\r\na\r\n..b\r\n...\r\nc.\r\n.\r\nQUIT\r\n";
        for piece in 1..=wire.len() {
            let (message, rest) = receive(wire, piece).unwrap();
            assert_eq!(message, b".\r\na\r\n.b\r\n..\r\nc.\r\n", "piece {piece}");
            assert_eq!(rest, b"QUIT\r\n", "piece {piece}");
        }
    }

    #[test]
    fn an_empty_message_ends_at_once() {
        assert_eq!(receive(b".\r\n", 1), Some((vec![], vec![])));
    }

    #[test]
    fn a_dot_behind_a_bare_line_feed_or_carriage_return_is_text() {
        for fake in [
            "\n.\n",
            "\r.\r",
            "\n.\r\n",
            "\r\n.\n",
            "\r\n.\r",
            "\r.\r\n",
            "\r\n\0.\r\n",
        ] {
            let wire = format!("a{fake}b\r\n.\r\n");
            for piece in 1..=wire.len() {
                let (message, rest) = receive(wire.as_bytes(), piece).unwrap();
                // Only a dot that truly begins a line is taken for a stuffed one.
                let kept = fake.replace("\r\n.", "\r\n");
                assert_eq!(
                    message,
                    format!("a{kept}b\r\n").as_bytes(),
                    "{fake:?} {piece}"
                );
                assert_eq!(rest, b"");
            }
        }
    }

    #[test]
    fn the_end_is_found_wherever_it_lies() {
        for length in 0..300 {
            let wire = [b"x".repeat(length).as_slice(), b"\r\n.\r\n.\r\n"].concat();
            let expected = [b"x".repeat(length).as_slice(), b"\r\n"].concat();
            let received = receive(&wire, wire.len());
            assert_eq!(received, Some((expected, b".\r\n".to_vec())), "{length}");
        }
    }

    #[test]
    fn a_megabyte_of_dots_is_read_in_linear_time() {
        let message = b".".repeat(1 << 20);
        let mut wire = stuff(&message);
        wire.extend_from_slice(b"\r\n.\r\n");
        let (received, _) = receive(&wire, 4096).unwrap();
        assert_eq!(received.len(), message.len() + 2);
    }

    proptest! {
        #[test]
        fn what_was_stuffed_comes_back_whole(
            letters in proptest::collection::vec(prop::sample::select(b"\r\n.a".to_vec()), 0..60),
            piece in 1_usize..70,
        ) {
            let mut message = letters;
            message.extend_from_slice(b"\r\n");
            let mut wire = stuff(&message);
            wire.extend_from_slice(b".\r\nNOOP\r\n");
            prop_assert_eq!(receive(&wire, piece), Some((message, b"NOOP\r\n".to_vec())));
        }
    }
}
