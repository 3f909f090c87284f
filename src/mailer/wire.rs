//! The byte stream under a session: writes with a time limit per block, reads of whole replies,
//! and the look whether something came that was not asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

use super::reply::{LONGEST_LINE, ReplyLines, ReplyReader};

/// A TCP connection, with or without TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Largest block that is written under one time limit.
const BLOCK: usize = 64 * 1024;

/// What went wrong on the wire, in words for the ledger.
pub(super) type Broken = String;

/// A stream with a buffer of what was read and not used.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    buffer: Vec<u8>,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream,
            buffer: Vec::with_capacity(1024),
        }
    }

    /// Gives the stream back for a TLS handshake. Fails if bytes were read that belong to nothing:
    /// kept, they would be taken for a protected reply (command injection after STARTTLS).
    pub(super) fn into_stream(self) -> Option<Box<dyn Stream>> {
        self.buffer.is_empty().then_some(self.stream)
    }

    /// Writes and flushes.
    pub(super) async fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Broken> {
        for block in bytes.chunks(BLOCK) {
            within(limit, self.stream.write_all(block)).await?;
        }
        within(limit, self.stream.flush()).await
    }

    /// Reads one whole reply.
    pub(super) async fn read_reply(&mut self, limit: Duration) -> Result<ReplyLines, Broken> {
        match timeout(limit, self.read_reply_without_limit()).await {
            Ok(result) => result,
            Err(_) => Err(format!("no reply within {} s", limit.as_secs())),
        }
    }

    async fn read_reply_without_limit(&mut self) -> Result<ReplyLines, Broken> {
        let mut reader = ReplyReader::default();
        loop {
            let line = self.read_line().await?;
            if let Some(reply) = reader.take(&line)? {
                return Ok(reply);
            }
        }
    }

    /// One line without its end. RFC 5321 §2.3.8 wants CRLF; a bare LF is read as well, because
    /// that cannot be mistaken for anything else in a reply.
    async fn read_line(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err("the relay's line does not end".to_owned());
            }
            let read = self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .map_err(|error| error.to_string())?;
            if read == 0 {
                return Err("the relay closed the connection".to_owned());
            }
        }
    }

    /// Whether nothing has come that was not asked for. One reply out of step would make every
    /// later one lie, so the caller closes on `false`.
    pub(super) async fn is_quiet(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return false;
        }
        let mut space = [0_u8; 512];
        let mut space = ReadBuf::new(&mut space);
        let stream = &mut self.stream;
        let read =
            poll_fn(|context| Poll::Ready(Pin::new(&mut *stream).poll_read(context, &mut space)))
                .await;
        // Pending: nothing to read. Ready with nothing: closed. Ready with bytes: unasked for.
        self.buffer.extend_from_slice(space.filled());
        read.is_pending()
    }

    /// Ends the stream politely; failures do not matter any more.
    pub(super) async fn close(mut self, limit: Duration) {
        let _ = timeout(limit, self.stream.shutdown()).await;
    }
}

async fn within(
    limit: Duration,
    work: impl Future<Output = std::io::Result<()>>,
) -> Result<(), Broken> {
    match timeout(limit, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("the relay took nothing for {} s", limit.as_secs())),
    }
}
