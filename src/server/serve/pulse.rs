//! What a connection is doing, and for how long. Request and answer leave their marks here; the
//! task of the connection looks at them as seldom as it can, so that no timer is set or taken back
//! for a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::limits::Limits;

/// The marks of one connection. Only its own task changes them, whoever else looks may see the last
/// moment but one.
#[derive(Debug)]
pub(super) struct Pulse {
    began: Instant,
    phase: AtomicU8,
    /// When the phase began, in milliseconds since `began`; all times here are.
    since: AtomicU64,
    /// When the request that is worked on began.
    asked: AtomicU64,
    /// When the last bytes of an answer went out.
    wrote: AtomicU64,
    /// Bytes of the present answer that went out.
    written: AtomicU64,
    /// Since when the peer takes nothing; [`NEVER`] if it does.
    blocked: AtomicU64,
    /// Whether the head of the present request tells a length.
    tells_length: AtomicBool,
    /// How much of the name of that field has been read, also where it comes in pieces.
    of_the_name: AtomicU8,
}

/// No time.
const NEVER: u64 = u64::MAX;

/// Nothing came yet.
const FRESH: u8 = 0;
/// A head is on its way.
const HEAD: u8 = 1;
/// A request is worked on; its body may still be on its way.
const WORKING: u8 = 2;
/// An answer is on its way, or was given.
const ANSWERED: u8 = 3;

impl Pulse {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            phase: AtomicU8::new(FRESH),
            since: AtomicU64::new(0),
            asked: AtomicU64::new(0),
            wrote: AtomicU64::new(0),
            written: AtomicU64::new(0),
            blocked: AtomicU64::new(NEVER),
            tells_length: AtomicBool::new(false),
            of_the_name: AtomicU8::new(0),
        }
    }

    /// Milliseconds since the connection began.
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(NEVER)
    }

    fn enter(&self, phase: u8, at: u64) {
        self.phase.store(phase, Ordering::Relaxed);
        self.since.store(at, Ordering::Relaxed);
    }

    /// The head of a request is there.
    pub(super) fn works(&self) {
        self.phase.store(WORKING, Ordering::Relaxed);
    }

    /// The answer is ready to go out.
    pub(super) fn answers(&self) {
        let now = self.now();
        self.written.store(0, Ordering::Relaxed);
        self.wrote.store(now, Ordering::Relaxed);
        self.enter(ANSWERED, now);
    }

    /// Whether the head of the present request told a length. hyper forgets it where the body comes
    /// in chunks.
    pub(super) fn tells_length(&self) -> bool {
        self.tells_length.load(Ordering::Relaxed)
    }

    fn receives(&self, bytes: &[u8]) {
        let phase = self.phase.load(Ordering::Relaxed);
        if phase == FRESH || phase == ANSWERED {
            let now = self.now();
            self.asked.store(now, Ordering::Relaxed);
            self.tells_length.store(false, Ordering::Relaxed);
            self.of_the_name.store(0, Ordering::Relaxed);
            self.enter(HEAD, now);
        }
        if phase != WORKING {
            let mut search = NameOfLength(self.of_the_name.load(Ordering::Relaxed));
            if search.is_in(bytes) {
                self.tells_length.store(true, Ordering::Relaxed);
            }
            self.of_the_name.store(search.0, Ordering::Relaxed);
        }
    }

    fn sends(&self, sent: &Poll<io::Result<usize>>) {
        match sent {
            Poll::Ready(Ok(length)) => {
                let length = u64::try_from(*length).unwrap_or(0);
                self.written.fetch_add(length, Ordering::Relaxed);
                if self.blocked.load(Ordering::Relaxed) != NEVER {
                    self.blocked.store(NEVER, Ordering::Relaxed);
                }
                self.wrote.store(self.now(), Ordering::Relaxed);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                if self.blocked.load(Ordering::Relaxed) == NEVER {
                    self.blocked.store(self.now(), Ordering::Relaxed);
                }
            }
        }
    }

    /// How long the connection may go on as it is; `None` if it has had its time.
    pub(super) fn patience(&self, limits: &Limits) -> Option<Duration> {
        let now = self.now();
        let left = |since: u64, limit: Duration| {
            let passed = Duration::from_millis(now.saturating_sub(since));
            limit.checked_sub(passed).filter(|left| !left.is_zero())
        };
        let since = self.since.load(Ordering::Relaxed);
        match self.phase.load(Ordering::Relaxed) {
            FRESH => left(since, limits.first_byte),
            HEAD => left(since, limits.head),
            WORKING => left(self.asked.load(Ordering::Relaxed), limits.request),
            _ => match self.blocked.load(Ordering::Relaxed) {
                NEVER => left(self.wrote.load(Ordering::Relaxed), limits.idle),
                blocked => {
                    let is_slow = left(since, limits.stall).is_none() && {
                        let seconds = now.saturating_sub(since) / 1000;
                        self.written.load(Ordering::Relaxed) < seconds * limits.slowest
                    };
                    left(blocked, limits.stall).filter(|_| !is_slow)
                }
            },
        }
    }

    /// For how long nothing was asked or given, if that is so: such a connection can be closed and
    /// nobody loses more than the making of another one.
    pub(super) fn waits(&self) -> Option<Duration> {
        let since = match self.phase.load(Ordering::Relaxed) {
            WORKING => return None,
            ANSWERED if self.blocked.load(Ordering::Relaxed) != NEVER => return None,
            ANSWERED => self.wrote.load(Ordering::Relaxed),
            _ => self.since.load(Ordering::Relaxed),
        };
        Some(Duration::from_millis(self.now().saturating_sub(since)))
    }
}

/// Looks for `Content-Length` at the beginning of a line of a head that may come in pieces: how much of
/// it, with the end of the line before, stood at the end of the last piece.
struct NameOfLength(u8);

impl NameOfLength {
    const WANTED: &[u8] = b"\ncontent-length";

    /// Whether the name ends in this piece.
    fn is_in(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        loop {
            if self.0 == 0 {
                // Most bytes are none of it, and are passed over quickly.
                let Some(end) = memchr::memchr(b'\n', rest) else {
                    return false;
                };
                rest = rest.get(end + 1..).unwrap_or_default();
                self.0 = 1;
            }
            let [first, others @ ..] = rest else {
                return false;
            };
            let wanted = Self::WANTED.get(usize::from(self.0)).copied();
            if wanted == Some(first.to_ascii_lowercase()) {
                rest = others;
                self.0 += 1;
                if usize::from(self.0) == Self::WANTED.len() {
                    self.0 = 0;
                    return true;
                }
            } else {
                self.0 = 0;
            }
        }
    }
}

/// A stream that leaves its marks.
#[derive(Debug)]
pub(super) struct Watched<T> {
    stream: T,
    pulse: Arc<Pulse>,
}

impl<T> Watched<T> {
    pub(super) fn new(stream: T, pulse: Arc<Pulse>) -> Self {
        Self { stream, pulse }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let came = buffer.filled().get(before..).unwrap_or_default();
        if !came.is_empty() {
            self.pulse.receives(came);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.pulse.sends(&sent);
        sent
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.pulse.sends(&sent);
        sent
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::NameOfLength;

    fn names_length(bytes: &[u8]) -> bool {
        NameOfLength(0).is_in(bytes)
    }

    #[test]
    fn a_length_is_seen_wherever_its_name_is_cut() {
        let head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n";
        for at in 0..head.len() {
            let (one, other) = head.split_at(at);
            let mut search = NameOfLength(0);
            let seen = search.is_in(one) | search.is_in(other);
            assert!(seen, "{at}");
        }
        let mut search = NameOfLength(0);
        let in_pieces = head.iter().any(|byte| search.is_in(&[*byte]));
        assert!(in_pieces);
        let mut search = NameOfLength(0);
        let other = b"GET / HTTP/1.1\r\nContent-Lengt: 5\r\nX-Content-Length: 5\r\n\r\n";
        assert!(!other.iter().any(|byte| search.is_in(&[*byte])));
    }

    #[test]
    fn a_length_is_seen_at_the_beginning_of_a_line_alone() {
        assert!(names_length(
            b"POST / HTTP/1.1\r\ncOntent-Length: 1\r\n\r\n"
        ));
        assert!(names_length(b"\nContent-Length"));
        for other in [
            "Content-Length: 1",
            "\r\nX-Content-Length: 1",
            "\nContent-Lengt",
            "",
        ] {
            assert!(!names_length(other.as_bytes()), "{other}");
        }
    }
}
