//! What a server announces, and what it does not.

use std::path::Path;
use std::sync::{Arc, Mutex};

use postrider::delivery::{RetryRules, Step, Transaction};
use postrider::mailer::{ConnectError, Session};

use super::client::{OWN_ADDRESS, TRUSTED, deliver, protected_relay, turn_clock};
use super::line::line;
use super::server::{Behaviour, Seen, serve};
use crate::proof::bench::after;

fn behaviour(extensions: &[&str]) -> Behaviour {
    Behaviour {
        fault: None,
        refuses_first: false,
        extensions: extensions.iter().map(ToString::to_string).collect(),
        certificate: TRUSTED.0.clone(),
        seen: Arc::new(Mutex::new(Seen::default())),
    }
}

async fn open(behaviour: &Behaviour, authority: &Path) -> Result<Session, ConnectError> {
    let (client, server, reset) = line();
    tokio::spawn(serve(server, reset, behaviour.clone()));
    let relay = protected_relay(authority);
    relay.open_over(client, OWN_ADDRESS).await
}

fn deliver_to(address: &str, extensions: &[&str]) -> (Transaction, Vec<String>) {
    let behaviour = behaviour(extensions);
    let transaction = turn_clock(async {
        let mut session = open(&behaviour, TRUSTED.1.path()).await.unwrap();
        deliver(&mut session, address).await.0
    });
    let commands = behaviour.seen.lock().unwrap().commands.clone();
    (transaction, commands)
}

fn state_after(transaction: &Transaction) -> String {
    let judged = RetryRules::default().judge(transaction, 1, 0);
    format!("{:?} at {}", judged.unwrap(), after(0))
}

#[test]
fn a_message_too_large_for_the_relay_is_not_offered_and_the_reader_is_not_rejected() {
    let (transaction, commands) = deliver_to("reader@example.org", &["SIZE 1000"]);
    assert!(
        matches!(transaction, Transaction::Refused(..)),
        "{transaction:?}"
    );
    assert!(!state_after(&transaction).contains("Rejected"));
    assert!(!commands.iter().any(|command| command.starts_with("MAIL")));
}

#[test]
fn an_address_that_needs_smtputf8_is_not_bent_for_a_relay_without_it() {
    let (transaction, commands) = deliver_to("löwe@example.org", &["8BITMIME"]);
    assert!(
        matches!(transaction, Transaction::Refused(Step::Rcpt, _)),
        "{transaction:?}"
    );
    assert!(state_after(&transaction).contains("Rejected"));
    assert!(!commands.iter().any(|command| command.starts_with("MAIL")));
    let offered = ["8BITMIME", "SMTPUTF8"];
    let (transaction, commands) = deliver_to("löwe@example.org", &offered);
    assert!(
        matches!(transaction, Transaction::Accepted(_)),
        "{transaction:?}"
    );
    assert!(commands.iter().any(|it| it.contains("<löwe@example.org>")));
    assert!(
        commands
            .iter()
            .any(|it| it.starts_with("MAIL") && it.contains("SMTPUTF8"))
    );
}

#[test]
fn without_pipelining_each_command_waits_for_its_reply_and_nothing_unoffered_is_used() {
    let (transaction, commands) = deliver_to("reader@example.org", &[]);
    assert!(
        matches!(transaction, Transaction::Accepted(_)),
        "{transaction:?}"
    );
    let mail = commands.iter().find(|command| command.starts_with("MAIL"));
    assert_eq!(mail.unwrap(), "MAIL FROM:<letters@example.org>");
}

#[test]
fn a_hundred_extensions_are_read_and_six_hundred_end_the_conversation() {
    let names: Vec<String> = (0..600).map(|number| format!("X-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let (transaction, _) = deliver_to("reader@example.org", &names[..100]);
    assert!(matches!(transaction, Transaction::Accepted(_)));
    let behaviour = behaviour(&names);
    let refused = turn_clock(open(&behaviour, TRUSTED.1.path())).unwrap_err();
    assert!(
        matches!(refused, ConnectError::Broken(Step::Ehlo, _)),
        "{refused}"
    );
    assert!(!refused.is_final());
}
