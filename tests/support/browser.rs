//! A browser of the plainest kind: asks over HTTP/1.1, and listens to server-sent events.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::DEADLINE;

/// Asks one server.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
}

/// What it answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    head: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Events as they come.
#[derive(Debug)]
pub struct Events {
    stream: BufReader<TcpStream>,
}

impl Browser {
    /// A browser for the server at `http://ADDRESS/`.
    #[track_caller]
    pub fn at(url: &str) -> Self {
        let address = url
            .trim()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        Self {
            address: address
                .parse()
                .unwrap_or_else(|_| panic!("no address: {url:?}")),
        }
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for a page, which must be there.
    #[track_caller]
    pub fn get(&self, path: &str) -> String {
        let answer = self.ask("GET", path, &self.address.to_string());
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Asks with a method and a `Host` of any kind.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, host: &str) -> Answer {
        self.ask_raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        ))
    }

    /// Sends these bytes and reads what comes until the server closes.
    #[track_caller]
    pub fn ask_raw(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        // A server that refuses may close before all is written.
        let _ = stream.write_all(request.as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::read(&bytes)
    }

    /// Listens to the events at a path.
    #[track_caller]
    pub fn listen(&self, path: &str) -> Events {
        let mut stream = self.connect();
        let host = self.address;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
        Events {
            stream: BufReader::new(stream),
        }
    }

    #[track_caller]
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream
    }
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self {
            status: status.unwrap_or(0),
            body: bytes.get(end + 4..).unwrap_or_default().to_vec(),
            head,
        }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a field; empty if there is none.
    pub fn field(&self, name: &str) -> &str {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields
            .into_iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }
}

impl Events {
    /// The data of the next event.
    #[track_caller]
    pub fn wait(&mut self) -> String {
        loop {
            let mut line = String::new();
            let count = self.stream.read_line(&mut line).unwrap();
            assert!(count > 0, "the server ended the events");
            if let Some(data) = line.strip_prefix("data: ") {
                return data.trim_end().to_owned();
            }
        }
    }
}
