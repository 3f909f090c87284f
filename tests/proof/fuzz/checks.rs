//! What must hold for every input. The bounded tests beside this file and the targets in `fuzz/`
//! ask the same.

use std::convert::Infallible;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll};

use postrider::address::{EmailAddress, Mailbox, clean_name};
use postrider::bounce::{self, Content};
use postrider::config::{Environment, parse};
use postrider::delivery::{Step, Transaction};
use postrider::diagnostic::{Diagnostic, SourceText};
use postrider::essay::parse_essay;
use postrider::mailer::{Envelope, Relay, Timers, WireMessage};
use postrider::render::{RenderContext, render_essay};
use postrider::subscriber::Roster;
use postrider::token::Keys;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

// -- the client against bytes --

const MESSAGE: &[u8] = b"Subject: test\r\n\r\n.\r\nThe last line.\r\n";

/// A server whose words are known beforehand: it says the next of them whenever the client has
/// written something, whatever that was.
struct Script {
    words: Vec<Vec<u8>>,
    next: usize,
    said: usize,
    may_speak: bool,
    heard: Arc<Mutex<Vec<u8>>>,
}

/// No socket: the words come from memory.
impl postrider::mailer::Stream for Script {}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        loop {
            let (next, said) = (self.next, self.said);
            let Some(words) = self.words.get(next) else {
                return Poll::Ready(Ok(()));
            };
            if said == 0 && !self.may_speak {
                // Nobody wakes the client but its own timer.
                return Poll::Pending;
            }
            let count = (words.len() - said).min(buffer.remaining());
            buffer.put_slice(&words[said..said + count]);
            let ends = said + count == words.len();
            self.said = if ends { 0 } else { said + count };
            self.next += usize::from(ends);
            self.may_speak &= !ends;
            if count > 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.may_speak = true;
        self.heard.lock().unwrap().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

static RELAY: LazyLock<Relay> = LazyLock::new(|| {
    let text = "title = \"t\"\nauthor = \"a\"\nbase_url = \"https://letters.example.org/\"\n\
        feed_authority = \"letters.example.org,2026\"\nlist_id = \"letters.example.org\"\n\
        from = \"letters@example.org\"\n[smtp]\nurl = \"smtp+plain://relay.example.org\"\n";
    let source = SourceText::new("postrider.toml", text);
    let config = parse(&source, &Environment::default(), Path::new("/"));
    let mut config = config.unwrap_or_else(|error| panic!("{}", error.message()));
    Relay::new(config.relays.remove(0), Timers::default()).unwrap()
});

fn converse(words: Vec<Vec<u8>>) -> (Option<Transaction>, bool, Vec<u8>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let script = Script {
        words,
        next: 0,
        said: 0,
        may_speak: true,
        heard: heard.clone(),
    };
    let envelope = Envelope {
        from: EmailAddress::parse("letters@example.org").unwrap(),
        to: EmailAddress::parse("reader@example.org").unwrap(),
        id: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut intended = false;
    let transaction = runtime.block_on(async {
        let own = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut session = RELAY.open_over(script, own).await.ok()?;
        let may_send = async {
            intended = true;
            Ok::<bool, Infallible>(true)
        };
        let message = WireMessage::new(MESSAGE.to_vec());
        let Ok(transaction) = session.deliver(&envelope, &message, may_send).await;
        session.quit().await;
        Some(transaction)
    });
    let heard = heard.lock().unwrap().clone();
    (transaction, intended, heard)
}

/// The client against a server that says anything. The words are divided by the byte 0xFF.
pub(super) fn conversation(input: &[u8]) {
    let words = input.split(|byte| *byte == 0xFF).map(<[u8]>::to_vec);
    let (transaction, intended, heard) = converse(words.collect());
    let end = b"The last line.\r\n.\r\n";
    let ended = heard.windows(end.len()).any(|window| window == end);
    assert_eq!(
        ended, intended,
        "the end is written behind the intent, and only there"
    );
    match transaction {
        Some(
            Transaction::Accepted(_)
            | Transaction::LostAfterDot(_)
            | Transaction::Refused(Step::Dot, _),
        ) => {
            assert!(intended, "{transaction:?} without an intent");
        }
        Some(_) => assert!(!intended, "{transaction:?} behind an intent"),
        None => assert!(!intended),
    }
}

/// The client reads these bytes as the reply to the dot, and a second reader must agree with it.
pub(super) fn reply(input: &[u8]) {
    let mut words: Vec<Vec<u8>> = [
        "220 relay\r\n",
        "250 relay\r\n",
        "250 ok\r\n",
        "250 ok\r\n",
        "354 go on\r\n",
    ]
    .iter()
    .map(|line| line.as_bytes().to_vec())
    .collect();
    words.push(input.to_vec());
    let (transaction, intended, _) = converse(words);
    assert!(intended);
    let code = first_reply(input);
    match transaction {
        Some(Transaction::Accepted(reply)) => assert_eq!(code, Some(reply.code)),
        Some(Transaction::Refused(Step::Dot, reply)) => {
            assert_eq!(code, Some(reply.code));
            assert!(reply.code >= 400);
            assert!(reply.stored_text().len() <= 512);
            assert!(!reply.stored_text().contains(char::is_control));
        }
        Some(Transaction::LostAfterDot(_)) => {
            let settles = |code: u16| !(300..400).contains(&code);
            assert!(!code.is_some_and(settles), "{code:?} was not believed");
        }
        other => panic!("{other:?}"),
    }
}

/// RFC 5321 §4.2 in a few lines: the code of a whole first reply that is in bounds.
fn first_reply(input: &[u8]) -> Option<u16> {
    let mut rest = input;
    let mut first = None;
    let mut length = 0;
    for _ in 0..128 {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let line = &rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        length += line.len();
        rest = &rest[end + 1..];
        let digits = line.get(..3)?;
        let shape = |range: std::ops::RangeInclusive<u8>, digit: u8| range.contains(&digit);
        let valid = shape(b'2'..=b'5', digits[0])
            && shape(b'0'..=b'5', digits[1])
            && shape(b'0'..=b'9', digits[2]);
        if !valid || length > 64 * 1024 || end > 4 * 1024 {
            return None;
        }
        let code = digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        if *first.get_or_insert(code) != code {
            return None;
        }
        match line.get(3) {
            None | Some(b' ') => return Some(code),
            Some(b'-') => {}
            Some(_) => return None,
        }
    }
    None
}

// -- what authors and readers write --

/// Addresses: what is taken can be said on the wire, and stays what it is.
pub(super) fn address(text: &str) {
    assert!(!clean_name(text).contains(char::is_control));
    let _ = Mailbox::parse(text);
    let Ok(address) = EmailAddress::parse(text) else {
        return;
    };
    let written = address.as_str();
    let odd = |character: char| character.is_control() || matches!(character, ' ' | '<' | '>');
    assert!(!written.contains(odd), "{written:?}");
    assert_eq!(written, format!("{}@{}", address.local(), address.domain()));
    let again = EmailAddress::parse(written);
    assert_eq!(again.as_ref(), Ok(&address), "{text:?}");
    let normal = address.normal_form();
    assert!(normal.len() <= 4 * text.len() + 16, "{normal:?}");
    let normal_again = EmailAddress::parse(&normal).map(|it| it.normal_form());
    assert!(
        normal_again.is_ok_and(|it| it == normal),
        "{text:?} {normal:?}"
    );
}

/// The roster: whoever is told of as a person is visited once.
pub(super) fn roster(bytes: &[u8]) {
    let keys = Keys::derive(&[7; 32]);
    let file = Cursor::new(bytes.to_vec());
    let mut roster = match Roster::open("subscribers.csv", file, &keys) {
        Ok(roster) => roster,
        Err(problem) => return drop(problem.render(false)),
    };
    for warning in roster.warnings() {
        warning.render(false);
    }
    let mut seen = std::collections::BTreeSet::new();
    let visited = roster.each::<Diagnostic>(&keys, |row| {
        assert!(!row.name().contains(char::is_control));
        assert!(seen.insert(row.key), "{} twice", row.address.as_str());
        Ok(())
    });
    assert!(visited.is_ok());
    assert_eq!(seen.len(), roster.people());
}

/// Front matter: every problem can be shown with its place.
pub(super) fn front_matter(text: &str) {
    let source = SourceText::new("essay.md", text);
    match parse_essay(&source) {
        Ok(_) => {}
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                problem.render(false);
            }
        }
    }
}

/// Markdown: nothing that runs gets into mail and feeds.
pub(super) fn markdown(text: &str) {
    let rendered = render_essay(
        text,
        &RenderContext {
            issue_url: "https://letters.example.org/issues/a/",
            id_prefix: "a-",
            essay_css: "p { color: red }",
            pictures: &postrider::render::pictures::Pictures::default(),
            words: &postrider::words::Words::default(),
        },
    );
    for html in [&rendered.email_html, &rendered.feed_html] {
        for (tag, attributes) in tags(html) {
            let forbidden = [
                "script", "iframe", "object", "embed", "form", "style", "base",
            ];
            assert!(!forbidden.contains(&tag.as_str()), "<{tag}> in {html}");
            for (name, value) in attributes {
                assert!(!name.starts_with("on"), "{name} in {html}");
                let address = matches!(name.as_str(), "href" | "src");
                let scheme: String = value
                    .chars()
                    .filter(|c| !c.is_whitespace() && !c.is_control())
                    .collect();
                let scheme = scheme.to_lowercase();
                let runs = ["javascript:", "vbscript:", "data:"];
                let runs = runs.iter().any(|one| scheme.starts_with(one));
                assert!(!(address && runs), "{name}={value} in {html}");
            }
        }
    }
    // Code keeps its tabs: a Makefile is nothing without them.
    let odd = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    assert!(!rendered.text.contains(odd), "{:?}", rendered.text);
}

type Attributes = Vec<(String, String)>;

/// The start tags of a text, as a browser sees them: what stands between the quotes of a value is none.
fn tags(mut html: &str) -> Vec<(String, Attributes)> {
    let mut found = Vec::new();
    while let Some((_, piece)) = html.split_once('<') {
        let name_ends = piece.find(|c: char| !c.is_ascii_alphanumeric());
        let (name, rest) = piece.split_at(name_ends.unwrap_or(piece.len()));
        html = piece;
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (attributes, behind) = attributes(rest);
            found.push((name.to_lowercase(), attributes));
            html = behind;
        }
    }
    found
}

/// The attributes of a tag, and what follows them.
fn attributes(mut rest: &str) -> (Attributes, &str) {
    let mut found = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'));
        let Some(end) = end.filter(|end| *end > 0) else {
            return (found, rest);
        };
        let name = rest[..end].to_lowercase();
        rest = rest[end..].trim_start();
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            let behind = behind.trim_start();
            let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (start, end) = match quote {
                Some(quote) => (1, behind[1..].find(quote).map(|end| end + 1)),
                None => (0, behind.find(|c: char| c.is_whitespace() || c == '>')),
            };
            let end = end.unwrap_or(behind.len());
            value = &behind[start.min(end)..end];
            rest = behind.get(end + start..).unwrap_or_default();
        }
        found.push((name, value.to_owned()));
    }
}

// -- mail that comes back --

/// Nobody can name a delivery or a reader without the key, and what is kept of a mail can be shown
/// on a terminal.
pub(super) fn returned(bytes: &[u8]) {
    static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::derive(&[9; 32]));
    let reading = bounce::read(bytes, None, &KEYS);
    assert_eq!(reading.names.delivery, None);
    assert_eq!(reading.names.reader, None);
    if let Content::Failure(reports) = &reading.content {
        assert!(!reports.is_empty());
        for report in reports {
            assert!(report.words.len() <= 512 && !report.words.chars().any(char::is_control));
        }
    }
}
