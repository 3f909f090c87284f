//! A mailbox that was opened, and what is asked of it.

use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

use super::wire::{Response, Stream, Wire};
use super::{ImapError, ImapTimers, Tokens};
use crate::config::{ImapConfig, Security};
use crate::tls::{connector, is_about_trust};

/// Most responses that a command may bring.
const MOST_RESPONSES: usize = 10_000;

/// Longest of the server's words that are kept, in characters.
const LONGEST_WORDS: usize = 200;

/// A mailbox that is open.
pub struct Mailbox {
    wire: Wire,
    pub(super) timers: ImapTimers,
    commands: u32,
    capabilities: Vec<String>,
    /// While this is the same, a mail has the same number (RFC 9051 §2.3.1.1).
    validity: u32,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailbox({})", self.validity)
    }
}

impl Mailbox {
    /// Connects, logs in and opens the mailbox.
    pub async fn open(
        config: &ImapConfig,
        timers: &ImapTimers,
        tokens: &Tokens,
    ) -> Result<Self, ImapError> {
        let stream = dial(config, timers).await?;
        let stream = match config.security {
            Security::Implicit => protect(stream, config, timers).await?,
            Security::StartTls | Security::Plain => stream,
        };
        let mut session = Self {
            wire: Wire::new(stream),
            timers: timers.clone(),
            commands: 0,
            capabilities: Vec::new(),
            validity: 0,
        };
        let greeting = session.wire.read(0, timers.answer).await?;
        if !begins(&greeting.text, "* OK") {
            // PREAUTH would be somebody else's mailbox.
            return Err(refused("connect", &greeting.text));
        }
        if config.security == Security::StartTls {
            session = session.starttls(config).await?;
        }
        session.learn_capabilities().await?;
        session.log_in(config, tokens).await?;
        session.learn_capabilities().await?;
        session.select(&config.mailbox).await?;
        Ok(session)
    }

    /// While this is the same, a mail has the same number.
    pub fn validity(&self) -> u32 {
        self.validity
    }

    /// The numbers of the mails that came after the one with this number, in their order.
    pub async fn newer_than(&mut self, uid: u32) -> Result<Vec<u32>, ImapError> {
        let Some(first) = uid.checked_add(1) else {
            return Ok(Vec::new());
        };
        let command = format!("UID SEARCH UID {first}:*");
        let mut found = Vec::new();
        for response in self.ask("SEARCH", &command, 0).await? {
            if begins(&response.text, "* SEARCH") {
                let numbers = response.text["* SEARCH".len()..].split_ascii_whitespace();
                // `*` is the last mail even if it came before the first that is asked for.
                found.extend(
                    numbers
                        .filter_map(|number| number.parse().ok())
                        .filter(|found: &u32| *found >= first),
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The first bytes of a mail, `most` of them; `None` if it is gone. It stays unseen.
    pub async fn fetch(&mut self, uid: u32, most: usize) -> Result<Option<Vec<u8>>, ImapError> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{most}>)");
        let mut mail = None;
        for response in self.ask("FETCH", &command, most).await? {
            // The server may tell of other mails as well.
            if number_after(&response.text, "UID ") == Some(uid)
                && let Some(body) = body_of(response)
            {
                mail = Some(body);
            }
        }
        Ok(mail)
    }

    /// Marks a mail as seen.
    pub async fn mark_seen(&mut self, uid: u32) -> Result<(), ImapError> {
        let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
        self.ask("STORE", &command, 0).await.map(drop)
    }

    /// Whether the server moves mails (RFC 6851); copying and deleting is no substitute for it.
    pub fn can_move(&self) -> bool {
        self.can("MOVE") || self.can("IMAP4REV2")
    }

    /// Moves a mail into a folder, which is made if it is not there.
    pub async fn move_to(&mut self, uid: u32, folder: &str) -> Result<(), ImapError> {
        let folder = quoted(folder);
        let command = format!("UID MOVE {uid} {folder}");
        match self.ask("MOVE", &command, 0).await {
            Err(ImapError::Refused { told, .. }) if told.contains("TRYCREATE") => {
                self.ask("CREATE", &format!("CREATE {folder}"), 0).await?;
                self.ask("MOVE", &command, 0).await.map(drop)
            }
            moved => moved.map(drop),
        }
    }

    /// Says good-bye. Nothing depends on the answer.
    pub async fn leave(mut self) {
        let _ = self.ask("LOGOUT", "LOGOUT", 0).await;
    }

    async fn starttls(mut self, config: &ImapConfig) -> Result<Self, ImapError> {
        match self.ask("STARTTLS", "STARTTLS", 0).await {
            Err(ImapError::Refused { .. }) => {
                return Err(ImapError::Unprotected("the server does not offer STARTTLS"));
            }
            answer => answer?,
        };
        // What was said before the handshake could be anybody's (RFC 9051 §6.2.1).
        let stream = self.wire.into_stream();
        let stream = stream.ok_or(ImapError::Unprotected(
            "something was sent before the protection began",
        ))?;
        let stream = protect(stream, config, &self.timers).await?;
        Ok(Self {
            wire: Wire::new(stream),
            ..self
        })
    }

    async fn learn_capabilities(&mut self) -> Result<(), ImapError> {
        let responses = self.ask("CAPABILITY", "CAPABILITY", 0).await?;
        let listed = responses
            .iter()
            .filter(|one| begins(&one.text, "* CAPABILITY"));
        let words = listed.flat_map(|one| one.text.split_ascii_whitespace().skip(2));
        self.capabilities = words.map(str::to_ascii_uppercase).collect();
        Ok(())
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    async fn select(&mut self, mailbox: &str) -> Result<(), ImapError> {
        let command = format!("SELECT {}", quoted(mailbox));
        let responses = self.ask("SELECT", &command, 0).await?;
        let mut told = responses.iter().map(|response| &response.text);
        self.validity = told
            .find_map(|text| number_after(text, "[UIDVALIDITY "))
            .ok_or(ImapError::Garbled("mails have no lasting numbers"))?;
        Ok(())
    }

    /// Sends a command and gives what was said before its end.
    pub(super) async fn ask(
        &mut self,
        name: &'static str,
        command: &str,
        most: usize,
    ) -> Result<Vec<Response>, ImapError> {
        let tag = self.begin(command).await?;
        self.end(name, &tag, &[], most).await
    }

    /// The same with lines for which the server asks in between.
    pub(super) async fn ask_with(
        &mut self,
        name: &'static str,
        command: &str,
        lines: &[&str],
    ) -> Result<Vec<Response>, ImapError> {
        let tag = self.begin(command).await?;
        self.end(name, &tag, lines, 0).await
    }

    async fn begin(&mut self, command: &str) -> Result<String, ImapError> {
        self.commands += 1;
        let tag = format!("P{}", self.commands);
        let line = format!("{tag} {command}\r\n");
        self.wire.write(line.as_bytes(), self.timers.answer).await?;
        Ok(tag)
    }

    async fn end(
        &mut self,
        name: &'static str,
        tag: &str,
        lines: &[&str],
        mut most: usize,
    ) -> Result<Vec<Response>, ImapError> {
        let within = self.patience(most);
        let mut lines = lines.iter();
        let mut responses = Vec::new();
        while responses.len() < MOST_RESPONSES {
            let response = self.wire.read(most, within).await?;
            let text = &response.text;
            if begins(text, "* BYE") && name != "LOGOUT" {
                return Err(ImapError::Broken(words(text)));
            }
            if text.starts_with('+') {
                let line = lines.next();
                let line = line.ok_or(ImapError::Garbled("it asks for more"))?;
                self.wire
                    .write(format!("{line}\r\n").as_bytes(), within)
                    .await?;
            } else if text.starts_with("* ") {
                let literals = response.literals.iter();
                most -= literals.map(|(_, literal)| literal.len()).sum::<usize>();
                responses.push(response);
            } else if let Some(end) = text.strip_prefix(tag).filter(|end| end.starts_with(' ')) {
                if begins(end, " OK") {
                    return Ok(responses);
                }
                return Err(refused(name, end));
            } else {
                return Err(ImapError::Garbled("it is out of step"));
            }
        }
        Err(ImapError::Garbled("it does not come to an end"))
    }

    fn patience(&self, most: usize) -> Duration {
        if most > 0 {
            self.timers.mail
        } else {
            self.timers.answer
        }
    }
}

async fn dial(config: &ImapConfig, timers: &ImapTimers) -> Result<Box<dyn Stream>, ImapError> {
    let host = config.host.as_str();
    let broken = |error: String| ImapError::Broken(error);
    let addresses = timeout(timers.connect, lookup_host((host, config.port)))
        .await
        .map_err(|_| broken("the name server does not answer".to_owned()))?
        .map_err(|error| broken(format!("`{host}`: {error}")))?;
    let mut last = format!("`{host}` has no address");
    for address in addresses {
        match timeout(timers.connect, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(Box::new(stream)),
            Ok(Err(error)) => last = format!("{address}: {error}"),
            Err(_) => last = format!("{address}: no answer"),
        }
    }
    Err(broken(last))
}

/// Shakes hands and checks the certificate and its name (RFC 9525).
async fn protect(
    stream: Box<dyn Stream>,
    config: &ImapConfig,
    timers: &ImapTimers,
) -> Result<Box<dyn Stream>, ImapError> {
    let connector = connector(config.ca_file.as_deref()).map_err(ImapError::Tls)?;
    let name = ServerName::try_from(config.host.clone())
        .map_err(|error| ImapError::Tls(error.to_string()))?;
    match timeout(timers.connect, connector.connect(name, stream)).await {
        Ok(Ok(protected)) => Ok(Box::new(protected)),
        Ok(Err(error)) if is_about_trust(&error) => Err(ImapError::Tls(error.to_string())),
        Ok(Err(error)) => Err(ImapError::Broken(error.to_string())),
        Err(_) => Err(ImapError::Broken(
            "the TLS handshake does not end".to_owned(),
        )),
    }
}

/// The mail in a response to FETCH: a literal, or what a server makes of a small one.
fn body_of(response: Response) -> Option<Vec<u8>> {
    let (_, rest) = response.text.split_once("BODY[]")?;
    let begin = response.text.len() - rest.len();
    let value = rest.split_once(' ').map_or("", |(_, value)| value);
    if value.starts_with('{') {
        let mut behind = response.literals.into_iter().filter(|(at, _)| *at > begin);
        return behind.next().map(|(_, literal)| literal);
    }
    let quoted = value.strip_prefix('"')?;
    let mut body = Vec::new();
    let mut signs = quoted.bytes();
    while let Some(sign) = signs.next() {
        match sign {
            b'"' => return Some(body),
            b'\\' => body.extend(signs.next()),
            other => body.push(other),
        }
    }
    None
}

/// The number that stands behind these words.
fn number_after(text: &str, words: &str) -> Option<u32> {
    let at = text.to_ascii_uppercase().find(words)? + words.len();
    let digits: String = text[at..]
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

fn begins(text: &str, words: &str) -> bool {
    let start = text.get(..words.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(words))
}

/// A quoted string (RFC 9051 §4.3). Line ends and characters outside of ASCII never come here.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn refused(command: &'static str, text: &str) -> ImapError {
    ImapError::Refused {
        command,
        told: words(text),
    }
}

fn words(text: &str) -> String {
    let clean = text.chars().filter(|sign| !sign.is_control());
    let words: String = clean.take(LONGEST_WORDS).collect();
    words.trim().trim_start_matches("* ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_found_in_each_form_of_an_answer() {
        let body = |text: &str, literal: &str| {
            let at = text.find('}').map_or(0, |at| at + 1);
            let literals = if at > 0 {
                vec![(at, literal.as_bytes().to_vec())]
            } else {
                Vec::new()
            };
            body_of(Response {
                text: text.to_owned(),
                literals,
            })
        };
        let mail = Some(b"mail".to_vec());
        assert_eq!(body("* 1 FETCH (UID 2 BODY[]<0> {4})", "mail"), mail);
        assert_eq!(body("* 1 FETCH (BODY[] {4} UID 2)", "mail"), mail);
        assert_eq!(
            body("* 1 FETCH (BODY[] \"ma\\\"il\")", ""),
            Some(b"ma\"il".to_vec())
        );
        assert_eq!(body("* 1 FETCH (BODY[] NIL)", ""), None);
        assert_eq!(body("* 1 FETCH (BODY[] \"ma", ""), None);
        assert_eq!(body("* 1 FETCH (FLAGS ())", ""), None);
    }

    #[test]
    fn numbers_and_names_are_read_and_written_as_they_are() {
        assert_eq!(
            number_after("* OK [uidvalidity 17] yes", "[UIDVALIDITY "),
            Some(17)
        );
        assert_eq!(
            number_after("* OK [UIDVALIDITY 99999999999]", "[UIDVALIDITY "),
            None
        );
        assert_eq!(number_after("UID é", "UID "), None);
        assert_eq!(quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
    }
}
