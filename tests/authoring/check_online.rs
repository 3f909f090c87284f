//! `check --online` against a server on this machine, which a publication on this machine may ask.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use super::newsroom;
use crate::support::certificate::Certificate;
use crate::support::newsroom::Newsroom;

/// What a server was asked, request by request.
type Asked = Arc<Mutex<Vec<String>>>;

/// Answers a few paths, and keeps what it was asked. It ends with the test process.
fn server() -> (String, Asked) {
    serve("http", answer)
}

/// The same behind TLS, at `https://localhost:PORT`.
fn server_with(certificate: &Certificate) -> (String, Asked) {
    let config = certificate.server.clone();
    let (address, asked) = serve("https", move |stream, log| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        answer(StreamOwned::new(connection, stream), log);
    });
    (address.replace("127.0.0.1", "localhost"), asked)
}

fn serve(scheme: &str, answer: impl Fn(TcpStream, &Asked) + Send + 'static) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("{scheme}://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &log);
        }
    });
    (address, asked)
}

/// Answers one request; a client that refuses the certificate has none.
fn answer(mut stream: impl Read + Write, asked: &Asked) {
    let mut request = Vec::new();
    let mut block = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut block).unwrap_or(0);
        if count == 0 {
            return;
        }
        request.extend_from_slice(&block[..count]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let line = request.lines().next().unwrap_or_default().to_owned();
    let answer = match line.trim_end_matches(" HTTP/1.1") {
        "HEAD /fine" | "GET /no-head" => "200 OK\r\n",
        "HEAD /moved" => "301 Moved Permanently\r\nLocation: /fine\r\n",
        "HEAD /for-now" => "302 Found\r\nLocation: /fine\r\n",
        "HEAD /round" => "302 Found\r\nLocation: /round\r\n",
        "HEAD /no-head" => "405 Method Not Allowed\r\n",
        "HEAD /wall" | "GET /wall" => "403 Forbidden\r\n",
        _ => "404 Not Found\r\n",
    };
    asked.lock().unwrap().push(request);
    let _ = write!(stream, "HTTP/1.1 {answer}Content-Length: 0\r\n\r\n");
    let _ = stream.flush();
}

fn linking(base_url: &str, links: &[String]) -> Newsroom {
    let paragraphs: Vec<String> = links
        .iter()
        .map(|link| format!("[a page]({link})\n\n"))
        .collect();
    let body = paragraphs.concat();
    newsroom()
        .config(&format!(
            "base_url = \"{base_url}\"\ncheck.silence = [\"placeholder-link\", \"only-a-link\"]"
        ))
        .subscribers("email\n")
        .essay("2026-12-01-one", "One", &format!("Pages.\n\n{body}"))
}

#[test]
fn pages_that_are_gone_or_have_moved_are_told_with_their_place() {
    let (server, asked) = server();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let paths = [
        "fine",
        "gone",
        "moved",
        "for-now",
        "round",
        "no-head",
        "wall",
        "fine#part",
    ];
    let mut links: Vec<String> = paths
        .iter()
        .map(|path| format!("{server}/{path}"))
        .collect();
    links.push(nobody.clone());
    let room = linking("http://localhost/", &links);
    room.run(["check"]).succeeds();
    assert!(asked.lock().unwrap().is_empty(), "nobody asked for that");
    let output = room.run(["check", "--online"]).exits(0);
    for told in [
        format!("warning[gone-link]: `{server}/gone` answers 404"),
        format!("note[moved-link]: `{server}/moved` has moved"),
        format!("hint: it is `{server}/fine` now"),
        format!("warning[unreachable-link]: `{server}/round` cannot be reached"),
        format!("warning[unreachable-link]: `{nobody}` cannot be reached"),
        format!("note[unjudged-link]: `{server}/wall` answers 403 to a program"),
        "issues/2026-12-01-one.md:10:1".to_owned(),
    ] {
        assert!(output.stderr.contains(&told), "{told}{output}");
    }
    for fine in ["/for-now", "/no-head"] {
        assert!(
            !output.stderr.contains(&format!("`{server}{fine}")),
            "{fine}{output}"
        );
    }
    let asked = asked.lock().unwrap();
    assert!(
        asked
            .iter()
            .all(|request| request.contains("User-Agent: Postrider/"))
    );
    // One address, however often and with whatever fragment it is linked; redirects led here, too.
    let fine = asked
        .iter()
        .filter(|request| request.starts_with("HEAD /fine"))
        .count();
    assert_eq!(fine, 3, "{asked:?}");
}

#[test]
fn nothing_on_this_machine_is_asked_for_a_publication_of_the_public_network() {
    let (server, asked) = server();
    let port = server.rsplit(':').next().unwrap();
    let links = [
        format!("{server}/fine"),
        format!("http://localhost:{port}/fine"),
        format!("http://[::ffff:127.0.0.1]:{port}/fine"),
        format!("http://2130706433:{port}/fine"),
        "http://169.254.169.254/latest/".to_owned(),
    ];
    let output = linking("https://letters.example.org/", &links)
        .run(["check", "--online"])
        .exits(0)
        .stderr_contains("note[unjudged-link]")
        .stderr_contains("is on this machine or in its network");
    assert_eq!(
        output.stderr.matches("was not asked for").count(),
        4,
        "{output}"
    );
    assert!(asked.lock().unwrap().is_empty());
}

/// The authorities of the system are trusted; `SSL_CERT_FILE` names others, as for other programs.
fn trusting(room: Newsroom, certificate: &Certificate) -> Newsroom {
    let room = room.file("authority.pem", &certificate.authority_pem);
    let path = room.path("authority.pem");
    room.env("SSL_CERT_FILE", &path.display().to_string())
}

#[test]
fn pages_behind_tls_are_asked_for_where_the_certificate_is_good() {
    let certificate = Certificate::valid();
    let (server, asked) = server_with(&certificate);
    let links = ["fine", "gone", "moved"].map(|path| format!("{server}/{path}"));
    let output = trusting(linking("http://localhost/", &links), &certificate)
        .run(["check", "--online"])
        .exits(0)
        .stderr_contains(&format!("warning[gone-link]: `{server}/gone` answers 404"))
        .stderr_contains(&format!("hint: it is `{server}/fine` now"))
        .stderr_lacks(&format!("`{server}/fine` answers"))
        .stderr_lacks(&format!("`{server}/fine` cannot be reached"));
    let asked = asked.lock().unwrap();
    let host = format!("Host: {}\r\n", server.trim_start_matches("https://"));
    assert!(
        !asked.is_empty() && asked.iter().all(|request| request.contains(&host)),
        "{asked:?}{output}"
    );
}

#[test]
fn a_server_that_cannot_show_who_it_is_is_told_nothing() {
    let other = Certificate::valid();
    for (certificate, trusted) in [
        (Certificate::for_another_host(), None),
        (Certificate::expired(), None),
        (Certificate::valid(), Some(&other)),
    ] {
        let (server, asked) = server_with(&certificate);
        let links = [format!("{server}/fine")];
        let room = linking("http://localhost/", &links);
        trusting(room, trusted.unwrap_or(&certificate))
            .run(["check", "--online"])
            .exits(0)
            .stderr_contains(&format!(
                "warning[unreachable-link]: `{server}/fine` cannot be reached"
            ))
            .stderr_contains("certificate");
        assert!(asked.lock().unwrap().is_empty());
    }
}
