//! A mail server that the test directs: [`Setup`] says what it offers, [`ScriptedRelay::at`] what
//! it does at a moment of the conversation, and its log what was done to it.

mod conversation;
mod journal;
mod log;
mod script;
mod stream;

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::certificate::Certificate;
use super::gate::Gate;
use conversation::Conversation;
use journal::Journal;
pub use journal::{Acceptance, read_journal};
pub use log::AcceptedMessage;
use log::Log;
use script::{Encryption, Script};
pub use script::{Moment, Stage};

/// What a relay offers, before it listens.
#[derive(Debug)]
pub struct Setup {
    capabilities: Vec<String>,
    encryption: Encryption,
    accounts: Vec<(String, String)>,
    injected: Vec<u8>,
    messages_per_connection: Option<(usize, Farewell)>,
    connections_at_once: Option<usize>,
    slowest_reply: Duration,
    keeps_journal: bool,
}

/// How a relay ends a connection that has carried its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// The next MAIL is answered with 421.
    With421,
    /// The connection is closed after the last message's reply, without a word.
    Silent,
}

impl Setup {
    /// Offers exactly these capabilities. STARTTLS and AUTH are added where they were set up.
    #[must_use]
    pub fn capabilities(mut self, capabilities: &[&str]) -> Self {
        self.capabilities = capabilities.iter().map(ToString::to_string).collect();
        self
    }

    /// Offers one capability more, such as `SMTPUTF8`.
    #[must_use]
    pub fn with(mut self, capability: &str) -> Self {
        self.capabilities.push(capability.to_owned());
        self
    }

    /// Offers one capability less.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.capabilities
            .retain(|capability| capability.split(' ').next() != Some(name));
        self
    }

    /// Speaks TLS from the first byte.
    #[must_use]
    pub fn implicit_tls(mut self, certificate: &Certificate) -> Self {
        self.encryption = Encryption::Implicit(certificate.clone());
        self
    }

    /// Offers STARTTLS, and AUTH only behind it.
    #[must_use]
    pub fn starttls(mut self, certificate: &Certificate) -> Self {
        self.encryption = Encryption::StartTls(certificate.clone());
        self
    }

    /// Writes these bytes in the clear, in one packet with the 220 of STARTTLS.
    #[must_use]
    pub fn inject_after_starttls(mut self, bytes: &str) -> Self {
        self.injected = bytes.as_bytes().to_vec();
        self
    }

    /// Demands a log-in, and knows this account. May be called again.
    #[must_use]
    pub fn account(mut self, user: &str, password: &str) -> Self {
        self.accounts.push((user.to_owned(), password.to_owned()));
        self
    }

    /// Takes at most so many connections at a time; to one more it says 421.
    #[must_use]
    pub fn connections_at_once(mut self, most: usize) -> Self {
        self.connections_at_once = Some(most);
        self
    }

    /// Takes `count` messages on a connection, then ends it.
    #[must_use]
    pub fn messages_per_connection(mut self, count: usize, farewell: Farewell) -> Self {
        self.messages_per_connection = Some((count, farewell));
        self
    }

    /// Takes its time before each reply: anything from nothing to this, the same in every run.
    #[must_use]
    pub fn slowest_reply(mut self, slowest: Duration) -> Self {
        self.slowest_reply = slowest;
        self
    }

    /// Writes each acceptance to a file and syncs it before the reply; see [`ScriptedRelay::journal`].
    #[must_use]
    pub fn keeps_journal(mut self) -> Self {
        self.keeps_journal = true;
        self
    }

    /// Listens on a free port of this machine.
    pub fn start(self) -> ScriptedRelay {
        ScriptedRelay::listen(self)
    }
}

/// A running relay. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct ScriptedRelay {
    address: SocketAddr,
    scheme: &'static str,
    authority: Option<(tempfile::TempDir, PathBuf)>,
    journal: Option<(tempfile::TempDir, PathBuf)>,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    setup: Setup,
    script: Mutex<Script>,
    log: Log,
    /// One clone of each socket, to cut the connections at the end.
    sockets: Mutex<Vec<TcpStream>>,
    /// Stalled connections stand here.
    end: Gate,
    ended: AtomicBool,
}

impl ScriptedRelay {
    /// A relay that offers what most do, without TLS and without accounts.
    pub fn setup() -> Setup {
        let usual = [
            "PIPELINING",
            "SIZE 52428800",
            "8BITMIME",
            "ENHANCEDSTATUSCODES",
        ];
        Setup {
            capabilities: usual.iter().map(ToString::to_string).collect(),
            encryption: Encryption::None,
            accounts: Vec::new(),
            injected: Vec::new(),
            messages_per_connection: None,
            connections_at_once: None,
            slowest_reply: Duration::ZERO,
            keeps_journal: false,
        }
    }

    /// [`Self::setup`], listening.
    pub fn start() -> Self {
        Self::setup().start()
    }

    fn listen(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (scheme, certificate) = match &setup.encryption {
            Encryption::None => ("smtp", None),
            Encryption::StartTls(certificate) => ("smtp", Some(certificate)),
            Encryption::Implicit(certificate) => ("smtps", Some(certificate)),
        };
        let authority = certificate.map(|certificate| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("authority.pem");
            std::fs::write(&file, &certificate.authority_pem).unwrap();
            (folder, file)
        });
        let (journal, log) = if setup.keeps_journal {
            let folder = tempfile::tempdir().unwrap();
            let journal = Journal::create(folder.path());
            let path = journal.path().to_owned();
            (Some((folder, path)), Log::with_journal(journal))
        } else {
            (None, Log::default())
        };
        let shared = Arc::new(Shared {
            setup,
            script: Mutex::default(),
            log,
            sockets: Mutex::default(),
            end: Gate::new(),
            ended: AtomicBool::new(false),
        });
        let listener = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || accept_all(&listener, &shared))
        };
        Self {
            address,
            scheme,
            authority,
            journal,
            shared,
            listener: Some(listener),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `smtp://127.0.0.1:PORT`; with a certificate `smtp://localhost:PORT` or `smtps://...`, for
    /// that is the name in it.
    pub fn url(&self) -> String {
        let host = if self.authority.is_some() {
            "localhost"
        } else {
            "127.0.0.1"
        };
        format!("{}://{host}:{}", self.scheme, self.address.port())
    }

    /// Whether it speaks TLS.
    pub fn has_certificate(&self) -> bool {
        self.authority.is_some()
    }

    /// A PEM file with the authority that signed the relay's certificate.
    #[track_caller]
    pub fn authority_file(&self) -> &Path {
        &self
            .authority
            .as_ref()
            .expect("the relay has no certificate")
            .1
    }

    /// Begins an instruction: `relay.at(Stage::Dot).once().reply("450 4.2.1 later")`. Where
    /// several instructions fit, the first that was given and is not used up decides.
    pub fn at(&self, stage: Stage) -> Moment<'_> {
        Moment::new(&self.shared.script, stage)
    }

    /// Answers RCPT for this address so, always.
    pub fn reply_to_recipient(&self, address: &str, reply: &str) {
        self.at(Stage::Rcpt).of(address).reply(reply);
    }

    /// Answers RCPT for this address so, one reply each time; then as usual.
    pub fn replies_to_recipient(&self, address: &str, replies: &[&str]) {
        for reply in replies {
            self.at(Stage::Rcpt).of(address).once().reply(reply);
        }
    }

    /// Holds every connection that has sent a whole message, before the reply.
    pub fn hold_at_dot(&self) -> Gate {
        self.at(Stage::Dot).hold()
    }

    /// Forgets every instruction, and opens the gates of those that hold: from now on all goes well.
    pub fn behave(&self) {
        self.shared.script.lock().unwrap().clear();
    }

    /// The messages that the relay took responsibility for, in that order.
    pub fn accepted(&self) -> Vec<AcceptedMessage> {
        self.shared.log.accepted()
    }

    /// The file with what was accepted.
    #[track_caller]
    pub fn journal(&self) -> &Path {
        &self.journal.as_ref().expect("the relay keeps no journal").1
    }

    /// The relay's own account of what it accepted: its journal, or its memory if it keeps none.
    pub fn acceptances(&self) -> Vec<Acceptance> {
        match &self.journal {
            Some((_, path)) => read_journal(path),
            None => self.accepted().iter().flat_map(Acceptance::of).collect(),
        }
    }

    /// How many moments of conversations there were: a connection, a command, a whole message.
    pub fn moments(&self) -> usize {
        self.shared.log.moments()
    }

    /// Returns when there were so many moments, or when `over` says that no more will come.
    pub fn wait_for_moments(&self, count: usize, over: impl FnMut() -> bool) {
        self.shared.log.wait_for_moments(count, over);
    }

    /// Returns when `count` messages were accepted.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<AcceptedMessage> {
        self.shared
            .log
            .wait_until("accepted messages", count, |log| log.accepted.len());
        self.accepted()
    }

    /// Returns when `count` connections were opened.
    #[track_caller]
    pub fn wait_for_connections(&self, count: usize) {
        self.shared
            .log
            .wait_until("connections", count, |log| log.connections);
    }

    /// Returns when the client, too, has closed `count` connections that the relay ended.
    #[track_caller]
    pub fn wait_for_ends(&self, count: usize) {
        self.shared
            .log
            .wait_until("ends of connections", count, |log| log.ends);
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.shared.log.connections()
    }

    /// How many times a client tried to log in.
    pub fn auth_attempts(&self) -> usize {
        self.shared.log.auth_attempts()
    }

    /// The commands in the order they came, as they were written.
    pub fn commands(&self) -> Vec<String> {
        let commands = self.shared.log.commands();
        commands.into_iter().map(|(_, command)| command).collect()
    }

    /// The commands of one connection; the first has number 1.
    pub fn commands_of(&self, connection: usize) -> Vec<String> {
        let commands = self.shared.log.commands().into_iter();
        commands
            .filter_map(|(of, command)| (of == connection).then_some(command))
            .collect()
    }

    /// Fails if a client broke a rule of the protocol, or if it answered before it was asked.
    #[track_caller]
    pub fn assert_client_was_polite(&self) {
        let offences = self.shared.log.offences();
        assert!(offences.is_empty(), "{offences:#?}");
    }

    /// What [`Self::assert_client_was_polite`] complains of.
    pub fn offences(&self) -> Vec<String> {
        self.shared.log.offences()
    }
}

fn accept_all(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut conversations = Vec::new();
    for stream in listener.incoming() {
        if shared.ended.load(Ordering::SeqCst) {
            break;
        }
        let Ok(stream) = stream else { continue };
        let number = shared.log.count_connection();
        shared
            .sockets
            .lock()
            .unwrap()
            .push(stream.try_clone().unwrap());
        let shared = Arc::clone(shared);
        conversations.push(std::thread::spawn(move || {
            Conversation::hold(number, stream, &shared);
        }));
    }
    shared.end.release();
    shared.script.lock().unwrap().open_gates();
    for socket in shared.sockets.lock().unwrap().drain(..) {
        let _ = socket.shutdown(Shutdown::Both);
    }
    for conversation in conversations {
        let _ = conversation.join();
    }
}

impl Drop for ScriptedRelay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the listener, which looks at `ended` first.
        drop(TcpStream::connect(self.address));
        if let Some(listener) = self.listener.take() {
            let failed = listener.join().is_err();
            assert!(
                !failed || std::thread::panicking(),
                "the relay's listener failed"
            );
        }
    }
}
