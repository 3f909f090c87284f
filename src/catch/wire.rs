//! The socket of one connection: lines and blocks in, replies out.
//!
//! Replies are gathered and written in one piece when nothing more can be read, so that a client
//! that pipelines (RFC 2920) gets its answers in one packet.

use std::io;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longest command line, in bytes without its CRLF. RFC 5321 §4.5.3.1.4 asks for 512, the
/// parameters of the extensions add to it.
pub(super) const LONGEST_LINE: usize = 4096;

/// How much is read from the socket at once, in bytes.
const BUFFER: usize = 64 * 1024;

/// Why a connection ended without QUIT.
#[derive(Debug, Error)]
pub(super) enum Ended {
    #[error("the client closed the connection")]
    Closed,
    #[error("the client was silent for too long")]
    Idle,
    #[error(transparent)]
    Socket(#[from] io::Error),
}

/// One command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its bytes, without the CRLF.
    Whole(Vec<u8>),
    /// It was longer than [`LONGEST_LINE`] and is gone.
    TooLong,
}

/// A socket with its buffers.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    input: Box<[u8]>,
    start: usize,
    end: usize,
    output: Vec<u8>,
    written: usize,
    idle: Duration,
}

impl Wire {
    /// Wraps a fresh connection that is closed after `idle` without a byte.
    pub(super) fn new(stream: TcpStream, idle: Duration) -> io::Result<Self> {
        // Replies are whole when they are written; waiting for more to send along only delays.
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            input: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            output: Vec::new(),
            written: 0,
            idle,
        })
    }

    /// Puts a reply, which ends in CRLF, with those that wait to be written.
    pub(super) fn reply(&mut self, reply: &str) {
        self.reply_bytes(reply.as_bytes());
    }

    /// Puts bytes with the replies that wait to be written.
    pub(super) fn reply_bytes(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// How much waits to be written, for [`Self::cut`].
    pub(super) fn mark(&self) -> usize {
        self.output.len()
    }

    /// Takes back what was put behind `mark`; nothing may have been written since.
    pub(super) fn cut(&mut self, mark: usize) {
        self.output.truncate(mark);
    }

    /// Ends the connection so that the client's system reports an error.
    pub(super) fn reset(self) -> Result<(), Ended> {
        Ok(self.stream.set_zero_linger()?)
    }

    /// Writes the waiting replies. Can be dropped at any await and called again.
    pub(super) async fn flush(&mut self) -> Result<(), Ended> {
        while self.written < self.output.len() {
            let write = self.stream.write(&self.output[self.written..]);
            match timeout(self.idle, write).await {
                Err(_) => return Err(Ended::Idle),
                Ok(written) => match written? {
                    0 => return Err(Ended::Closed),
                    written => self.written += written,
                },
            }
        }
        self.output.clear();
        self.written = 0;
        Ok(())
    }

    /// The bytes that were read and not consumed.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.input[self.start..self.end]
    }

    /// Takes the first `count` of the waiting bytes away.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Writes the waiting replies, then reads more bytes behind the waiting ones.
    ///
    /// Can be dropped at any await and called again.
    pub(super) async fn fill(&mut self) -> Result<(), Ended> {
        self.flush().await?;
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let read = self.stream.read(&mut self.input[self.end..]);
        match timeout(self.idle, read).await {
            Err(_) => Err(Ended::Idle),
            Ok(count) => match count? {
                0 => Err(Ended::Closed),
                count => {
                    self.end += count;
                    Ok(())
                }
            },
        }
    }

    /// The next command line. Only CRLF ends a line (RFC 5321 §2.3.8).
    ///
    /// Can be dropped at any await and called again; of a line that is too long the part that was
    /// passed over is then forgotten.
    pub(super) async fn read_line(&mut self) -> Result<Line, Ended> {
        let mut too_long = false;
        let mut searched = 0;
        loop {
            let waiting = self.waiting();
            if let Some(at) = find_line_end(&waiting[searched..]) {
                let length = searched + at;
                let line = if too_long || length > LONGEST_LINE {
                    Line::TooLong
                } else {
                    Line::Whole(waiting[..length].to_vec())
                };
                self.consume(length + 2);
                return Ok(line);
            }
            let unfinished = usize::from(waiting.ends_with(b"\r"));
            if waiting.len() > LONGEST_LINE + unfinished {
                too_long = true;
                self.consume(self.waiting().len() - unfinished);
            }
            searched = self.waiting().len() - unfinished;
            self.fill().await?;
        }
    }

    /// Writes what waits, says that no more will come, and reads on until the client has closed
    /// too: closing with bytes unread makes some systems take the last reply back.
    pub(super) async fn close(mut self) -> Result<(), Ended> {
        /// How long the client has to close after its last reply.
        const PATIENCE: Duration = Duration::from_secs(2);

        self.flush().await?;
        self.stream.shutdown().await?;
        self.idle = PATIENCE;
        for _ in 0..16 {
            self.consume(self.waiting().len());
            if self.fill().await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

fn find_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}
