//! A socket that may be encrypted, read a line at a time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server's side of a connection.
#[derive(Debug)]
pub(super) struct Stream {
    transport: Transport,
    /// A second handle of the same socket.
    socket: TcpStream,
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Transport {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    pub(super) fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        Ok(Self {
            transport: Transport::Plain(socket.try_clone()?),
            socket,
            buffer: Vec::new(),
        })
    }

    /// Speaks TLS from here on. What was read and not used is thrown away.
    pub(super) fn encrypt(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(connection, self.socket.try_clone()?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        self.buffer.clear();
        self.transport = Transport::Tls(Box::new(stream));
        Ok(())
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self.transport, Transport::Tls(_))
    }

    /// What was read and not used.
    pub(super) fn waiting(&self) -> &[u8] {
        &self.buffer
    }

    /// Reads until something waits.
    pub(super) fn wait_for_bytes(&mut self) -> io::Result<()> {
        while self.buffer.is_empty() {
            self.fill()?;
        }
        Ok(())
    }

    /// Everything up to `end` and with it.
    pub(super) fn read_through(&mut self, end: &[u8]) -> io::Result<Vec<u8>> {
        let mut searched = 0;
        loop {
            let found = self.buffer[searched..]
                .windows(end.len())
                .position(|window| window == end);
            if let Some(at) = found {
                let rest = self.buffer.split_off(searched + at + end.len());
                return Ok(std::mem::replace(&mut self.buffer, rest));
            }
            searched = self.buffer.len().saturating_sub(end.len() - 1);
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut block = [0; 16 * 1024];
        let count = match &mut self.transport {
            Transport::Plain(stream) => stream.read(&mut block)?,
            Transport::Tls(stream) => stream.read(&mut block)?,
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.buffer.extend_from_slice(&block[..count]);
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.transport {
            Transport::Plain(stream) => stream.write_all(bytes),
            Transport::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    /// Ends the connection so that the client still reads what was written: closing a socket with
    /// unread bytes would make the system throw that away.
    pub(super) fn close(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Write);
        let _ = self.socket.set_read_timeout(Some(Duration::from_secs(5)));
        let mut block = [0; 16 * 1024];
        while matches!(self.socket.read(&mut block), Ok(count) if count > 0) {}
    }
}
