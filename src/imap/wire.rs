//! Responses of the server, each with the literals in it, read within bounds.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

use super::ImapError;

/// Longest text of a response without its literals, in bytes: the numbers of 100,000 mails.
const LONGEST_TEXT: usize = 1024 * 1024;

/// A connection, protected or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The two directions of a conversation.
pub(super) struct Wire(BufReader<Box<dyn Stream>>);

/// One response (RFC 9051 §7).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Response {
    /// The line without its end. Where a literal was, its length in braces stands.
    pub(super) text: String,
    /// The literals, each with where it was: at this byte of the text its braces end.
    pub(super) literals: Vec<(usize, Vec<u8>)>,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self(BufReader::new(stream))
    }

    /// The connection, unless something waits in it that nobody has read.
    pub(super) fn into_stream(self) -> Option<Box<dyn Stream>> {
        self.0.buffer().is_empty().then(|| self.0.into_inner())
    }

    pub(super) async fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), ImapError> {
        let written = timeout(within, async {
            self.0.write_all(bytes).await?;
            self.0.flush().await
        });
        match written.await {
            Ok(written) => written.map_err(|error| ImapError::Broken(error.to_string())),
            Err(_) => Err(ImapError::Broken("the server does not read".to_owned())),
        }
    }

    /// Reads one response. Its literals may have so many bytes together.
    pub(super) async fn read(
        &mut self,
        most: usize,
        within: Duration,
    ) -> Result<Response, ImapError> {
        let read = timeout(within, self.read_response(most)).await;
        read.unwrap_or_else(|_| {
            let seconds = within.as_secs();
            Err(ImapError::Broken(format!("no answer within {seconds} s")))
        })
    }

    async fn read_response(&mut self, mut most: usize) -> Result<Response, ImapError> {
        let mut response = Response::default();
        let mut text = Vec::new();
        loop {
            let begin = text.len();
            self.read_line(&mut text).await?;
            // What stood before belongs to the literal before.
            let Some(length) = literal_length(&text[begin.min(text.len())..])? else {
                break;
            };
            if length > most {
                return Err(ImapError::Garbled("it sends more than was asked for"));
            }
            most -= length;
            let mut literal = Vec::new();
            let mut limited = (&mut self.0).take(length as u64);
            let read = limited
                .read_to_end(&mut literal)
                .await
                .map_err(|error| broken(&error))?;
            if read < length {
                return Err(ended());
            }
            response.literals.push((text.len(), literal));
        }
        // A name in another encoding is nobody's concern here, and a literal is not touched.
        response.text = text
            .iter()
            .map(|byte| char::from(*byte))
            .filter(char::is_ascii)
            .collect();
        if response.text.len() < text.len() && !response.literals.is_empty() {
            return Err(ImapError::Garbled("it is not in ASCII"));
        }
        Ok(response)
    }

    /// Adds a line to `text`, without its end.
    async fn read_line(&mut self, text: &mut Vec<u8>) -> Result<(), ImapError> {
        use tokio::io::AsyncBufReadExt;
        loop {
            let block = self.0.fill_buf().await.map_err(|error| broken(&error))?;
            if block.is_empty() {
                return Err(ended());
            }
            let end = memchr::memchr(b'\n', block);
            let count = end.map_or(block.len(), |end| end + 1);
            text.extend_from_slice(&block[..count]);
            self.0.consume(count);
            if text.len() > LONGEST_TEXT {
                return Err(ImapError::Garbled("a line does not end"));
            }
            if end.is_some() {
                while text
                    .last()
                    .is_some_and(|byte| matches!(byte, b'\r' | b'\n'))
                {
                    text.pop();
                }
                return Ok(());
            }
        }
    }
}

/// The length of the literal that begins behind this line (RFC 9051 §4.3), if one does.
fn literal_length(text: &[u8]) -> Result<Option<usize>, ImapError> {
    let Some(inner) = text.strip_suffix(b"}") else {
        return Ok(None);
    };
    let Some(open) = inner.iter().rposition(|byte| *byte == b'{') else {
        return Ok(None);
    };
    let digits = inner[open + 1..]
        .strip_suffix(b"+")
        .unwrap_or(&inner[open + 1..]);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Ok(None);
    }
    let number = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok());
    number
        .map(Some)
        .ok_or(ImapError::Garbled("it sends more than was asked for"))
}

fn broken(error: &std::io::Error) -> ImapError {
    ImapError::Broken(error.to_string())
}

fn ended() -> ImapError {
    ImapError::Broken("the server closed the connection".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(bytes: &'static [u8], most: usize) -> Result<Response, ImapError> {
        let stream = tokio::io::join(bytes, tokio::io::sink());
        Wire::new(Box::new(stream))
            .read(most, Duration::from_mins(1))
            .await
    }

    #[tokio::test]
    async fn a_literal_is_read_whole_whatever_stands_in_it() {
        let response = read(
            b"* 1 FETCH (BODY[] {10}\r\n)\r\nA1 OK\r\n UID 3)\r\nA1 OK\r\n",
            100,
        )
        .await;
        let response = response.unwrap();
        assert_eq!(response.text, "* 1 FETCH (BODY[] {10} UID 3)");
        assert_eq!(response.literals, [(22, b")\r\nA1 OK\r\n".to_vec())]);
        let response = read(b"* 1 FETCH (BODY[] {3}\r\nabc\r\nA1 OK\r\n", 100)
            .await
            .unwrap();
        assert_eq!(response.literals, [(21, b"abc".to_vec())]);
    }

    #[tokio::test]
    async fn what_is_too_large_or_cut_off_is_an_error() {
        let asked = ImapError::Garbled("it sends more than was asked for");
        assert_eq!(
            read(b"* 1 FETCH (BODY[] {101}\r\n", 100).await,
            Err(asked.clone())
        );
        assert_eq!(
            read(b"* {99999999999999999999999}\r\n", 100).await,
            Err(asked)
        );
        assert_eq!(
            read(b"* 1 FETCH (BODY[] {10}\r\nabc", 100).await,
            Err(ended())
        );
        assert_eq!(read(b"* OK", 100).await, Err(ended()));
        let endless: &'static [u8] = vec![b'('; LONGEST_TEXT + 1].leak();
        assert_eq!(
            read(endless, 100).await,
            Err(ImapError::Garbled("a line does not end"))
        );
    }
}
