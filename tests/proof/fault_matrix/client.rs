//! The client's side of a cell: the library's own relay, session and rules.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use postrider::address::EmailAddress;
use postrider::config::{Environment, parse};
use postrider::delivery::{RetryRules, Transaction};
use postrider::diagnostic::SourceText;
use postrider::ledger::{IntentAnswer, Settlement, Writer};
use postrider::mailer::{ConnectError, Envelope, Relay, Session, Timers, WireMessage};

use super::line::line;
use super::server::{Behaviour, Fault, Seen, Stage, serve};
use crate::proof::bench::{Bench, after, message_id};
use crate::support::certificate::Certificate;
use crate::support::relay::Acceptance;

/// Our end of every connection.
pub(super) const OWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A certificate, and the file with the authority that signed it.
pub(super) static TRUSTED: LazyLock<(Certificate, tempfile::NamedTempFile)> =
    LazyLock::new(|| with_authority(Certificate::valid()));

pub(super) fn with_authority(certificate: Certificate) -> (Certificate, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &certificate.authority_pem).unwrap();
    (certificate, file)
}

/// A relay as `postrider.toml` describes it: `keys` stand below `[smtp]`.
pub(in crate::proof) fn relay_of(keys: &str) -> Relay {
    let text = format!(
        "title = \"t\"\nauthor = \"a\"\nbase_url = \"https://letters.example.org/\"\n\
         feed_authority = \"letters.example.org,2026\"\nlist_id = \"letters.example.org\"\n\
         from = \"letters@example.org\"\nlanguage = \"en\"\ntime_zone = \"UTC\"\n\
         send_time = \"09:00\"\n[smtp]\n{keys}\n"
    );
    let source = SourceText::new("postrider.toml", text);
    let variables = [
        ("POSTRIDER_SMTP_USERNAME", "ada"),
        ("POSTRIDER_SMTP_PASSWORD", "secret"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let named = keys.contains("ca_file").then_some(variables);
    let environment = Environment::from_pairs(named.into_iter().flatten());
    let mut config = parse(&source, &environment, Path::new("/")).unwrap_or_else(|error| {
        panic!("{}", error.message());
    });
    Relay::new(config.relays.remove(0), Timers::default()).unwrap()
}

/// The relay of the matrix: STARTTLS, then a password.
pub(super) fn protected_relay(authority: &Path) -> Relay {
    let authority = authority.to_str().unwrap();
    relay_of(&format!(
        "url = \"smtp://localhost:587\"\nca_file = \"{authority}\""
    ))
}

/// A runtime whose clock goes on by itself when everybody waits.
pub(super) fn turn_clock<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work)
}

/// What happened in one cell.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Why the first connection gave no session.
    pub(super) refused: Option<ConnectError>,
    /// The delivery under test; none if no session was to be had.
    pub(super) first: Option<Transaction>,
    /// Whether the ledger was asked for an intent for it.
    pub(super) intended: bool,
    /// The delivery after it.
    pub(super) second: Option<Transaction>,
    pub(super) auth_attempts: usize,
    /// The server's account.
    pub(super) accepted: Vec<Acceptance>,
}

/// A message with dots at line starts, larger than what the connection holds at a time.
pub(super) fn message_for(address: &str) -> Vec<u8> {
    message_of(address, 2000)
}

/// A message with so many times three lines.
pub(super) fn message_of(address: &str, repetitions: usize) -> Vec<u8> {
    let head = format!(
        "From: letters@example.org\r\nTo: {address}\r\nMessage-ID: {}\r\n\r\n",
        message_id(address)
    );
    let mut bytes = head.into_bytes();
    let lines = "A line of a letter.\r\n..\r\n".repeat(repetitions);
    bytes.extend(lines.bytes());
    bytes
}

pub(super) fn envelope(address: &str) -> Envelope {
    Envelope {
        from: EmailAddress::parse("letters@example.org").unwrap(),
        to: EmailAddress::parse(address).unwrap(),
        id: None,
    }
}

/// Delivers, and tells whether the intent was asked for.
pub(super) async fn deliver(session: &mut Session, address: &str) -> (Transaction, bool) {
    deliver_message(session, address, &message_for(address)).await
}

/// Like [`deliver`], with a message of one's own.
pub(super) async fn deliver_message(
    session: &mut Session,
    address: &str,
    message: &[u8],
) -> (Transaction, bool) {
    let mut asked = false;
    let intent = async {
        asked = true;
        Ok::<bool, Infallible>(true)
    };
    let message = WireMessage::new(message.to_vec());
    let Ok(transaction) = session.deliver(&envelope(address), &message, intent).await;
    (transaction, asked)
}

/// One cell, within twice the time of its timer.
pub(super) fn run_cell(
    address: &str,
    stage: Stage,
    fault: Fault,
    timer: Duration,
    pipelining: bool,
) -> Result<Found, String> {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut extensions = vec!["8BITMIME".to_owned(), "SIZE 52428800".to_owned()];
    if pipelining {
        extensions.push("PIPELINING".to_owned());
    }
    let behaviour = Behaviour {
        fault: Some((stage, fault, timer)),
        refuses_first: stage == Stage::Rset,
        extensions,
        certificate: TRUSTED.0.clone(),
        seen: seen.clone(),
    };
    let work = async {
        let within = tokio::time::timeout(2 * timer, converse(address, behaviour));
        within
            .await
            .map_err(|_| "takes longer than twice its timer")
    };
    let mut found = turn_clock(work)?;
    let mut seen = seen.lock().unwrap();
    found.auth_attempts = seen.auth_attempts;
    found.accepted = std::mem::take(&mut seen.accepted);
    Ok(found)
}

async fn converse(address: &str, behaviour: Behaviour) -> Found {
    let relay = protected_relay(TRUSTED.1.path());
    let mut found = Found::default();
    let well = Behaviour {
        fault: None,
        refuses_first: false,
        ..behaviour.clone()
    };
    let mut session = match open(&relay, behaviour).await {
        Ok(session) => session,
        Err(error) => {
            let is_final = error.is_final();
            found.refused = Some(error);
            if is_final {
                return found;
            }
            open(&relay, well.clone()).await.unwrap()
        }
    };
    let (first, intended) = deliver(&mut session, address).await;
    (found.first, found.intended) = (Some(first), intended);
    if !session.is_alive().await {
        session.quit().await;
        session = open(&relay, well).await.unwrap();
    }
    found.second = Some(deliver(&mut session, "next@example.org").await.0);
    session.quit().await;
    found
}

async fn open(relay: &Relay, behaviour: Behaviour) -> Result<Session, ConnectError> {
    let (client, server, reset) = line();
    tokio::spawn(serve(server, reset, behaviour));
    relay.open_over(client, OWN_ADDRESS).await
}

/// Writes what happened into a ledger, lets the oracle judge, and returns state and counted
/// attempts of each delivery.
pub(super) fn settle_all<'a>(
    cells: impl Iterator<Item = (&'a str, &'a Found)>,
) -> BTreeMap<String, (String, i64)> {
    let cells: BTreeMap<&str, &Found> = cells.collect();
    let bench = Bench::new();
    let mut ledger = bench.open();
    let addresses: Vec<String> = cells.keys().map(ToString::to_string).collect();
    let issue = bench.plan(&mut ledger, &addresses);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let writer = Writer::start(ledger, 1);
    runtime.block_on(async {
        let handle = writer.handle();
        let claims = handle.claim(issue, cells.len(), after(1)).await.unwrap();
        assert_eq!(claims.len(), cells.len());
        for claim in claims {
            let found = cells[claim.address.as_str()];
            let sha256 = postrider::token::sha256(&message_for(&claim.address));
            if found.intended {
                let intent = handle.intend(claim.delivery, sha256, after(2));
                assert_eq!(intent.await.unwrap(), IntentAnswer::Granted);
            }
            let judged = found.first.as_ref().and_then(|transaction| {
                RetryRules::default().judge(transaction, claim.attempts + 1, 128)
            });
            match judged {
                Some(outcome) => handle.settle(Settlement {
                    delivery: claim.delivery,
                    transaction: found.first.clone().unwrap(),
                    outcome,
                    relay: None,
                    at: after(3),
                }),
                None => handle.release(claim.delivery),
            }
            .unwrap();
        }
        handle.flush().await.unwrap();
    });
    drop(writer.stop().unwrap());
    let accepted = cells.values().flat_map(|found| &found.accepted);
    let planned = accepted.filter(|one| cells.contains_key(one.recipient.as_str()));
    let planned: Vec<Acceptance> = planned.cloned().collect();
    bench.examine(&planned).holds();
    bench.deliveries()
}
