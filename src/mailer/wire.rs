//! The byte stream under a session: writes with a time limit per block, reads of whole replies,
//! and the look whether something came that was not asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::reply::{LONGEST_LINE, ReplyLines, ReplyReader};

/// A connection to a relay, with or without TLS.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {
    /// The socket below TLS; `None` where there is none, and then what a read finds is all that
    /// there is.
    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

impl Stream for TcpStream {
    fn socket(&self) -> Option<&TcpStream> {
        Some(self)
    }
}

impl Stream for TlsStream<Box<dyn Stream>> {
    fn socket(&self) -> Option<&TcpStream> {
        self.get_ref().0.socket()
    }
}

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

    /// Whether nothing is known to have come that was not asked for. Bytes may wait in the system that
    /// the runtime has not heard of: enough to begin something that [`Self::is_quiet`] comes behind.
    pub(super) async fn seems_quiet(&mut self) -> bool {
        self.buffer.is_empty() && !self.has_something_to_read().await
    }

    /// Whether nothing has come that was not asked for. One reply out of step would make every
    /// later one lie, so the caller closes on `false`.
    ///
    /// A read that would wait is no proof: the runtime knows of bytes only since it last asked the
    /// system, and a task that another thread woke runs before it asks again. So the system itself
    /// is asked. Below TLS it may hold a record without a reply in it, such as a session ticket;
    /// reading takes that away, and then both agree.
    pub(super) async fn is_quiet(&mut self) -> bool {
        while self.seems_quiet().await {
            let Some(socket) = self.stream.socket() else {
                return true;
            };
            match something_waits(socket) {
                Ok(false) => return true,
                // The runtime asks the system now, and learns of the bytes.
                Ok(true) if socket.readable().await.is_ok() => {}
                _ => return false,
            }
        }
        false
    }

    /// Takes what can be read without waiting into the buffer. Also true at the end of the stream.
    async fn has_something_to_read(&mut self) -> bool {
        let mut space = [0_u8; 512];
        let mut space = ReadBuf::new(&mut space);
        let stream = &mut self.stream;
        let read =
            poll_fn(|context| Poll::Ready(Pin::new(&mut *stream).poll_read(context, &mut space)))
                .await;
        // Pending: nothing to read. Ready with nothing: closed. Ready with bytes: unasked for.
        self.buffer.extend_from_slice(space.filled());
        read.is_ready()
    }

    /// Ends the stream politely; failures do not matter any more.
    pub(super) async fn close(mut self, limit: Duration) {
        let _ = timeout(limit, self.stream.shutdown()).await;
    }
}

/// Whether the system holds bytes for this socket, or knows that it is closed.
fn something_waits(socket: &TcpStream) -> rustix::io::Result<bool> {
    let look = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    match recv(socket, &mut [0_u8; 1][..], look) {
        Ok(_) => Ok(true),
        Err(rustix::io::Errno::AGAIN) => Ok(false),
        Err(error) => Err(error),
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A wire, and the relay's end of it.
    async fn connected() -> (Wire, std::net::TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (relay, _) = listener.accept().unwrap();
        (Wire::new(Box::new(stream.unwrap())), relay)
    }

    /// Returns when the system holds something for the wire, without giving way to the runtime.
    fn until_it_arrived(wire: &Wire) {
        let socket = wire.stream.socket().unwrap();
        while !something_waits(socket).unwrap() {
            std::thread::yield_now();
        }
    }

    #[tokio::test]
    async fn a_reply_is_seen_before_the_runtime_has_asked_for_it() {
        let (mut wire, mut relay) = connected().await;
        assert!(wire.is_quiet().await);
        relay.write_all(b"250 2.0.0 queued\r\n").unwrap();
        until_it_arrived(&wire);
        assert!(!wire.is_quiet().await);
        let reply = wire.read_reply(Duration::from_secs(30)).await.unwrap();
        assert_eq!(reply.code, 250);
    }

    #[tokio::test]
    async fn the_end_is_seen_before_the_runtime_has_asked_for_it() {
        let (mut wire, relay) = connected().await;
        assert!(wire.is_quiet().await);
        drop(relay);
        until_it_arrived(&wire);
        assert!(!wire.is_quiet().await);
    }
}
