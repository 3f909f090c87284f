//! A server of one mailbox, which keeps to RFC 9051 as far as it goes, or answers what the test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use tempfile::NamedTempFile;
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use super::DEADLINE;
use super::certificate::Certificate;

/// Who may log in, and with what.
pub const USER: &str = "letters@example.org";
/// The password.
pub const PASSWORD: &str = "correct horse";
/// The token that is taken instead of it, until another one is.
pub const TOKEN: &str = "ya29.c0rrect-t0ken";

/// A mailbox server. It ends with the test process.
#[derive(Debug)]
pub struct ImapServer {
    port: u16,
    state: Arc<Mutex<State>>,
    encryption: Encryption,
    authority: Option<NamedTempFile>,
}

/// How the server protects a conversation.
#[derive(Debug, Clone)]
pub enum Encryption {
    /// Not at all.
    None,
    /// From the first byte.
    Implicit(Certificate),
    /// When it is asked to.
    StartTls(Certificate),
}

/// One mail.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its number.
    pub uid: u32,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it was marked as seen.
    pub seen: bool,
    /// Where it is.
    pub folder: String,
}

#[derive(Debug)]
struct State {
    port: u16,
    validity: u32,
    mails: Vec<Stored>,
    folders: Vec<String>,
    commands: Vec<String>,
    token: String,
    /// What is answered to commands that begin with these words, instead; a byte 1 stands for its tag.
    answers: Vec<(String, Vec<u8>)>,
}

impl ImapServer {
    /// An empty mailbox.
    pub fn start() -> Self {
        Self::start_with(Encryption::None)
    }

    /// An empty mailbox, protected.
    pub fn start_with(encryption: Encryption) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            port,
            validity: 7,
            mails: Vec::new(),
            folders: vec!["INBOX".to_owned()],
            commands: Vec::new(),
            token: TOKEN.to_owned(),
            answers: Vec::new(),
        }));
        let (shared, protection) = (state.clone(), encryption.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (shared, protection) = (shared.clone(), protection.clone());
                // A client that leaves in the middle is one of the cases.
                std::thread::spawn(move || drop(serve(&stream.unwrap(), &protection, &shared)));
            }
        });
        let authority = match &encryption {
            Encryption::None => None,
            Encryption::Implicit(certificate) | Encryption::StartTls(certificate) => {
                let mut file = NamedTempFile::new().unwrap();
                file.write_all(certificate.authority_pem.as_bytes())
                    .unwrap();
                Some(file)
            }
        };
        Self {
            port,
            state,
            encryption,
            authority,
        }
    }

    /// The file with the authority that signed the certificate.
    pub fn authority_file(&self) -> &Path {
        self.authority.as_ref().unwrap().path()
    }

    /// What stands below `[bounces]` for it.
    pub fn settings(&self) -> String {
        let user = USER.replace('@', "%40");
        let scheme = match self.encryption {
            Encryption::Implicit(_) => "imaps",
            Encryption::None | Encryption::StartTls(_) => "imap",
        };
        format!(
            "imap = \"{scheme}://{user}@127.0.0.1:{}/INBOX\"\n",
            self.port
        )
    }

    /// Brings a mail; gives its number.
    pub fn bring(&self, bytes: impl Into<Vec<u8>>) -> u32 {
        let mut state = self.lock();
        let uid = state.mails.last().map_or(3, |last| last.uid + 2);
        state.mails.push(Stored {
            uid,
            bytes: bytes.into(),
            seen: false,
            folder: "INBOX".to_owned(),
        });
        uid
    }

    /// Answers this to commands that begin with these words; a byte 1 stands for the command's tag.
    pub fn answer(&self, command: &str, answer: impl AsRef<[u8]>) {
        let answer = answer.as_ref().to_vec();
        self.lock().answers.push((command.to_owned(), answer));
    }

    /// Takes this token from now on, and no other one.
    pub fn takes_token(&self, token: &str) {
        token.clone_into(&mut self.lock().token);
    }

    /// Answers as it should again.
    pub fn behave(&self) {
        self.lock().answers.clear();
    }

    /// Gives all mails other numbers, as after a restore.
    pub fn renumber(&self) {
        let mut state = self.lock();
        state.validity += 1;
        for (number, mail) in (1..).zip(&mut state.mails) {
            mail.uid = number;
        }
    }

    /// The mails.
    pub fn mails(&self) -> Vec<Stored> {
        self.lock().mails.clone()
    }

    /// The commands so far, without their tags.
    pub fn commands(&self) -> Vec<String> {
        self.lock().commands.clone()
    }

    /// How many commands began with these words.
    pub fn count(&self, command: &str) -> usize {
        let commands = self.commands();
        commands
            .iter()
            .filter(|one| one.starts_with(command))
            .count()
    }

    /// Waits until so many commands began with these words.
    #[track_caller]
    pub fn wait_for(&self, command: &str, count: usize) {
        let start = Instant::now();
        while self.count(command) < count {
            assert!(start.elapsed() < DEADLINE, "never: {command} {count} times");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

type Wire = BufReader<Box<dyn Stream>>;

fn protected(stream: TcpStream, certificate: &Certificate) -> Wire {
    let session = ServerConnection::new(certificate.server.clone()).unwrap();
    BufReader::new(Box::new(StreamOwned::new(session, stream)))
}

fn serve(stream: &TcpStream, encryption: &Encryption, state: &Mutex<State>) -> std::io::Result<()> {
    let mut wire: Wire = match encryption {
        Encryption::Implicit(certificate) => protected(stream.try_clone()?, certificate),
        Encryption::None | Encryption::StartTls(_) => BufReader::new(Box::new(stream.try_clone()?)),
    };
    let greeting = instead(state, "GREETING", "*").unwrap_or(b"* OK ready\r\n".to_vec());
    say(&mut wire, &greeting)?;
    while let Some(line) = hear(&mut wire)? {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        state.lock().unwrap().commands.push(command.to_owned());
        if let Some(answer) = instead(state, command, tag) {
            say(&mut wire, &answer)?;
            continue;
        }
        if let ("STARTTLS", Encryption::StartTls(certificate)) = (command, encryption) {
            say(&mut wire, format!("{tag} OK go on\r\n").as_bytes())?;
            wire = protected(stream.try_clone()?, certificate);
            continue;
        }
        let (answer, end) = if let Some(mechanism) = command.strip_prefix("AUTHENTICATE ") {
            (Vec::new(), authenticate(&mut wire, mechanism, state)?)
        } else {
            let answer = obey(&mut state.lock().unwrap(), command);
            let end = if command.contains("\"Missing\"") {
                "NO [TRYCREATE] no such folder"
            } else if command == "STARTTLS" {
                "BAD what?"
            } else {
                "OK done"
            };
            (answer, end)
        };
        say(&mut wire, &answer)?;
        say(&mut wire, format!("{tag} {end}\r\n").as_bytes())?;
        if command == "LOGOUT" {
            break;
        }
    }
    Ok(())
}

fn say(wire: &mut Wire, bytes: &[u8]) -> std::io::Result<()> {
    wire.get_mut().write_all(bytes)?;
    wire.get_mut().flush()
}

/// A line without its end; none where the client has gone.
fn hear(wire: &mut Wire) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    if wire.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Asks for what proves the user, and judges it.
fn authenticate(
    wire: &mut Wire,
    mechanism: &str,
    state: &Mutex<State>,
) -> std::io::Result<&'static str> {
    let (port, token) = {
        let state = state.lock().unwrap();
        (state.port, state.token.clone())
    };
    let wanted = match mechanism {
        "PLAIN" => format!("\0{USER}\0{PASSWORD}"),
        "XOAUTH2" => format!("user={USER}\x01auth=Bearer {token}\x01\x01"),
        "OAUTHBEARER" => {
            format!("n,a={USER},\x01host=127.0.0.1\x01port={port}\x01auth=Bearer {token}\x01\x01")
        }
        _ => return Ok("BAD what?"),
    };
    say(wire, b"+ \r\n")?;
    if hear(wire)?.unwrap_or_default() == BASE64.encode(wanted.as_bytes()) {
        return Ok("OK in");
    }
    if mechanism != "PLAIN" {
        say(
            wire,
            format!("+ {}\r\n", BASE64.encode(b"{\"status\":\"400\"}")).as_bytes(),
        )?;
        let answer = format!("(and) {}", hear(wire)?.unwrap_or_default());
        state.lock().unwrap().commands.push(answer);
    }
    Ok("NO [AUTHENTICATIONFAILED] who?")
}

fn instead(state: &Mutex<State>, command: &str, tag: &str) -> Option<Vec<u8>> {
    let state = state.lock().unwrap();
    let mut found = state
        .answers
        .iter()
        .filter(|(words, _)| command.starts_with(words.as_str()));
    let answer = &found.next_back()?.1;
    let mut parts = answer.split(|byte| *byte == b'\x01');
    let mut whole = parts.next().unwrap().to_vec();
    for part in parts {
        whole.extend_from_slice(tag.as_bytes());
        whole.extend_from_slice(part);
    }
    Some(whole)
}

fn obey(state: &mut State, command: &str) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    let uid = |word: usize| words.get(word).and_then(|word| word.parse::<u32>().ok());
    match words.as_slice() {
        ["CAPABILITY"] => b"* CAPABILITY IMAP4rev1 AUTH=PLAIN MOVE\r\n".to_vec(),
        ["SELECT", ..] => {
            let count = state
                .mails
                .iter()
                .filter(|mail| mail.folder == "INBOX")
                .count();
            format!(
                "* {count} EXISTS\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY {}] valid\r\n",
                state.validity
            )
            .into_bytes()
        }
        ["UID", "SEARCH", "UID", range] => {
            let first: u32 = range.trim_end_matches(":*").parse().unwrap();
            let inbox: Vec<u32> = in_inbox(state).map(|mail| mail.uid).collect();
            let last = inbox.last().copied();
            let found = inbox
                .iter()
                .filter(|uid| **uid >= first || Some(**uid) == last);
            let found: Vec<String> = found.map(ToString::to_string).collect();
            format!("* SEARCH {}\r\n", found.join(" ")).into_bytes()
        }
        ["UID", "FETCH", ..] => {
            let mut answer = b"* 1 FETCH (UID 9999 FLAGS ())\r\n".to_vec();
            for mail in in_inbox(state).filter(|mail| Some(mail.uid) == uid(2)) {
                let most = command
                    .split("<0.")
                    .nth(1)
                    .unwrap()
                    .split('>')
                    .next()
                    .unwrap();
                let most: usize = most.parse().unwrap();
                let bytes = &mail.bytes[..mail.bytes.len().min(most)];
                let head = format!(
                    "* 1 FETCH (UID {} BODY[]<0> {{{}}}\r\n",
                    mail.uid,
                    bytes.len()
                );
                answer.extend_from_slice(head.as_bytes());
                answer.extend_from_slice(bytes);
                answer.extend_from_slice(b")\r\n");
            }
            answer
        }
        ["UID", "STORE", ..] => {
            let found = state
                .mails
                .iter_mut()
                .filter(|mail| Some(mail.uid) == uid(2));
            found.for_each(|mail| mail.seen = true);
            Vec::new()
        }
        ["UID", "MOVE", _, folder] => {
            let folder = folder.trim_matches('"').to_owned();
            let found = state
                .mails
                .iter_mut()
                .filter(|mail| Some(mail.uid) == uid(2));
            found.for_each(|mail| mail.folder.clone_from(&folder));
            Vec::new()
        }
        ["CREATE", folder] => {
            state.folders.push((*folder).to_owned());
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn in_inbox(state: &State) -> impl Iterator<Item = &Stored> {
    state.mails.iter().filter(|mail| mail.folder == "INBOX")
}
