//! Tokens for logging in, given by a command of the author's: run when a connection needs one, kept
//! for the connections that follow. Relays (XOAUTH2) and mailboxes (OAUTHBEARER, XOAUTH2) take them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Providers give tokens for an hour; one that is older than this is not used any more.
const KEPT_FOR: Duration = Duration::from_mins(50);
/// Longest token, in bytes: its AUTH line stays below 12,288 octets (RFC 4954 §4).
const LONGEST_TOKEN: usize = 8 * 1024;
/// How much is read of what the command says on stderr, in bytes.
const LONGEST_COMPLAINT: usize = 2 * 1024;
/// How much of that is told, in characters.
const TOLD: usize = 200;

/// A token, and whether it was kept from an earlier connection.
pub(crate) struct Token {
    secret: SecretString,
    kept: bool,
}

impl Token {
    /// For the AUTH command, and nothing else.
    pub(crate) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Whether it was made for an earlier connection.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept
    }
}

/// Runs the command; shared by all connections, so that they share its tokens.
pub(crate) struct TokenSource {
    program: PathBuf,
    arguments: Vec<String>,
    limit: Duration,
    newest: Mutex<Option<(SecretString, Instant)>>,
}

impl TokenSource {
    /// A program and its arguments; no shell is asked. `limit` is how long it may take.
    pub(crate) fn new(program: &Path, arguments: &[String], limit: Duration) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.to_vec(),
            limit,
            newest: Mutex::default(),
        }
    }

    /// The newest token, or a fresh one where that is too old, absent, or `refused`. Whoever comes
    /// while the command runs waits for its token.
    pub(crate) async fn get(&self, refused: Option<&Token>) -> Result<Token, String> {
        let mut newest = self.newest.lock().await;
        if let Some((secret, since)) = newest.as_ref() {
            let same = |token: &Token| token.expose() == secret.expose_secret();
            if since.elapsed() < KEPT_FOR && !refused.is_some_and(same) {
                return Ok(Token {
                    secret: secret.clone(),
                    kept: true,
                });
            }
        }
        *newest = None;
        let secret = self.run().await?;
        *newest = Some((secret.clone(), Instant::now()));
        Ok(Token {
            secret,
            kept: false,
        })
    }

    /// Takes back a token that was refused, unless there is a newer one already.
    pub(crate) async fn forget(&self, refused: &Token) {
        let mut newest = self.newest.lock().await;
        if newest
            .as_ref()
            .is_some_and(|(secret, _)| secret.expose_secret() == refused.expose())
        {
            *newest = None;
        }
    }

    async fn run(&self) -> Result<SecretString, String> {
        let name = self.program.display();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("`{name}` cannot be run: {error}"))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let work = async {
            let (token, complaint) = tokio::join!(
                read_some(stdout, LONGEST_TOKEN + 2),
                read_some(stderr, LONGEST_COMPLAINT)
            );
            (token, complaint, child.wait().await)
        };
        let (token, complaint, status) = timeout(self.limit, work)
            .await
            .map_err(|_| format!("`{name}` does not end within {} s", self.limit.as_secs()))?;
        let status = status.map_err(|error| format!("`{name}` was lost: {error}"))?;
        let token = String::from_utf8_lossy(&token).into_owned();
        let token = token.trim_end_matches(['\r', '\n']);
        if !status.success() {
            let told = first_line(&complaint, token);
            return Err(format!("`{name}` ended with {status}{told}"));
        }
        // RFC 6750 §2.1: what a bearer token is made of; nothing in it can end the command line.
        let printable = token.bytes().all(|byte| byte.is_ascii_graphic());
        match token.len() {
            0 => Err(format!("`{name}` printed no token")),
            1..=LONGEST_TOKEN if printable => Ok(SecretString::from(token.to_owned())),
            _ => Err(format!("`{name}` printed something that is no token")),
        }
    }
}

async fn read_some(stream: Option<impl AsyncRead + Unpin>, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What cannot be read is absent, and its absence is told.
        let _ = stream.take(most as u64).read_to_end(&mut bytes).await;
    }
    bytes
}

/// The first line of a complaint, unless it tells what must not be told.
fn first_line(complaint: &[u8], token: &str) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.lines().find(|line| !line.trim().is_empty());
    match line {
        Some(line) if token.is_empty() || !line.contains(token) => {
            let told: String = line.chars().take(TOLD).collect();
            format!(": {}", told.escape_debug())
        }
        _ => String::new(),
    }
}
