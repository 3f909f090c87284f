//! A server of one mailbox, which keeps to RFC 9051 as far as it goes, or answers what the test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use data_encoding::BASE64;

/// Who may log in, and with what.
pub const USER: &str = "letters@example.org";
/// The password.
pub const PASSWORD: &str = "correct horse";

/// A mailbox server. It ends with the test process.
#[derive(Debug)]
pub struct ImapServer {
    port: u16,
    state: Arc<Mutex<State>>,
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
    validity: u32,
    mails: Vec<Stored>,
    folders: Vec<String>,
    commands: Vec<String>,
    /// What is answered to commands that begin with these words, instead; a byte 1 stands for its tag.
    answers: Vec<(String, Vec<u8>)>,
}

impl ImapServer {
    /// An empty mailbox.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            validity: 7,
            mails: Vec::new(),
            folders: vec!["INBOX".to_owned()],
            commands: Vec::new(),
            answers: Vec::new(),
        }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                // A client that leaves in the middle is one of the cases.
                std::thread::spawn(move || drop(serve(stream.unwrap(), &shared)));
            }
        });
        Self { port, state }
    }

    /// What stands below `[bounces]` for it.
    pub fn settings(&self) -> String {
        let user = USER.replace('@', "%40");
        format!("imap = \"imap://{user}@127.0.0.1:{}/INBOX\"\n", self.port)
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    out.write_all(&instead(state, "GREETING", "*").unwrap_or(b"* OK ready\r\n".to_vec()))?;
    while let Some(line) = lines.next() {
        let line = line?;
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        state.lock().unwrap().commands.push(command.to_owned());
        if let Some(answer) = instead(state, command, tag) {
            out.write_all(&answer)?;
            continue;
        }
        if command == "AUTHENTICATE PLAIN" {
            out.write_all(b"+ \r\n")?;
            let secret = lines.next().unwrap_or(Ok(String::new()))?;
            let wanted = BASE64.encode(format!("\0{USER}\0{PASSWORD}").as_bytes());
            let end = if secret == wanted {
                "OK in"
            } else {
                "NO [AUTHENTICATIONFAILED] who?"
            };
            write!(out, "{tag} {end}\r\n")?;
            continue;
        }
        let answer = obey(&mut state.lock().unwrap(), command);
        out.write_all(&answer)?;
        let end = match command {
            command if command.contains("\"Missing\"") => "NO [TRYCREATE] no such folder",
            _ => "OK done",
        };
        write!(out, "{tag} {end}\r\n")?;
        if command == "LOGOUT" {
            break;
        }
    }
    Ok(())
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
