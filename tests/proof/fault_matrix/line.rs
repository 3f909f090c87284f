//! A connection in memory whose other end can go without a word, as after a TCP reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};

/// How much waits between the two ends; a message does not fit.
const BUFFER: usize = 16 * 1024;

/// Both ways of a connection.
pub(in crate::proof) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The client's end.
pub(in crate::proof) struct Line {
    inner: DuplexStream,
    reset: Arc<AtomicBool>,
}

/// The server's handle on the kind of end that the client sees.
pub(in crate::proof) struct Reset(Arc<AtomicBool>);

impl Reset {
    /// The end of the connection will look like a reset.
    pub(in crate::proof) fn set(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// A connection: the client's end, the server's end, and the server's handle.
pub(in crate::proof) fn line() -> (Line, DuplexStream, Reset) {
    line_of(BUFFER)
}

/// A connection with so many bytes between its ends.
pub(in crate::proof) fn line_of(buffer: usize) -> (Line, DuplexStream, Reset) {
    let (inner, server) = duplex(buffer);
    let reset = Arc::new(AtomicBool::new(false));
    let line = Line {
        inner,
        reset: reset.clone(),
    };
    (line, server, Reset(reset))
}

impl Line {
    fn is_reset(&self) -> bool {
        self.reset.load(Ordering::SeqCst)
    }
}

/// No socket: the matrix runs in one process.
impl postrider::mailer::Stream for Line {}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if buffer.filled().len() == before && self.is_reset() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
