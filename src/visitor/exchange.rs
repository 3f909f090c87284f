//! One request and the head of its response, over HTTP/1.1 (RFC 9112). The body is not read.

use std::fmt::Write;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Position, Url};

/// Longest head of a response that is read, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) method: &'a str,
    /// Who asks.
    pub(super) agent: &'a str,
    /// Fields of a form, encoded as such.
    pub(super) form: Option<&'a str>,
}

impl Request<'_> {
    fn text(&self) -> String {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        let host = &self.url[Position::BeforeHost..Position::AfterPort];
        let (method, agent) = (self.method, self.agent);
        let mut text = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
             Connection: close\r\n"
        );
        if let Some(form) = self.form {
            let length = form.len();
            text.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
            let _ = write!(text, "Content-Length: {length}\r\n\r\n{form}");
        } else {
            text.push_str("\r\n");
        }
        text
    }
}

/// What is read of a response.
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) location: Option<String>,
}

/// Asks one server, at one of its addresses.
pub(super) async fn ask(
    tls: &TlsConnector,
    address: SocketAddr,
    request: Request<'_>,
) -> Result<Head, String> {
    let told = |error: std::io::Error| error.to_string();
    let stream = TcpStream::connect(address).await.map_err(told)?;
    if request.url.scheme() != "https" {
        return talk(stream, request).await;
    }
    let host = request
        .url
        .host_str()
        .unwrap_or_default()
        .trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    talk(tls.connect(name, stream).await.map_err(told)?, request).await
}

async fn talk(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: Request<'_>,
) -> Result<Head, String> {
    let told = |error: std::io::Error| error.to_string();
    stream
        .write_all(request.text().as_bytes())
        .await
        .map_err(told)?;
    stream.flush().await.map_err(told)?;
    let mut head = Vec::new();
    let mut block = [0; 4096];
    while !ends(&head) {
        let count = stream.read(&mut block).await.map_err(told)?;
        if count == 0 {
            break;
        }
        head.extend_from_slice(&block[..count]);
        if head.len() > LONGEST_HEAD {
            break;
        }
    }
    read_head(&String::from_utf8_lossy(&head)).ok_or_else(|| "the answer is not HTTP".to_owned())
}

fn ends(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\r\n\r\n").is_some()
}

fn read_head(text: &str) -> Option<Head> {
    let mut lines = text.split("\r\n");
    let mut status_line = lines.next()?.split(' ');
    status_line
        .next()
        .filter(|version| version.starts_with("HTTP/1."))?;
    let status = status_line.next()?.parse().ok()?;
    let location = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("location"));
    Some(Head {
        status,
        location: location.map(|(_, value)| value.trim().to_owned()),
    })
}
