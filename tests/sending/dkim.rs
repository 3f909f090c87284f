//! Signing: the key, its record, and the field in front of the message.

use super::{LATER, SEND, SLUG, newsroom};
use crate::support::relay::{ScriptedRelay, Stage};

const DKIM: &str = "[dkim]\nselector = \"autumn\"\nkey_file = \"autumn.key\"";

#[test]
fn every_message_is_signed_and_a_second_attempt_has_the_same_bytes() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Dot)
        .of("reader2@example.org")
        .once()
        .obey_and_close();
    let room = newsroom(&relay).table(DKIM).readers(2);
    room.run(["dkim", "keygen"])
        .exits(0)
        .stdout_contains("autumn._domainkey.example.org. IN TXT ( \"v=DKIM1; k=rsa; p=");
    room.run(SEND).exits(3);
    let room = room.now(LATER);
    room.run(["ledger", "resolve", SLUG, "--resend"]).exits(0);
    room.run(SEND).exits(0);
    let accepted = relay.accepted();
    for message in &accepted {
        let text = String::from_utf8_lossy(&message.data);
        let field =
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org;\r\n s=autumn;";
        assert!(text.starts_with(field), "{text}");
    }
    let mut copies = accepted
        .iter()
        .filter(|message| message.rcpt_to == ["reader2@example.org"]);
    let (first, second) = (copies.next().unwrap(), copies.next().unwrap());
    assert!(first.data == second.data, "another message the second time");
}

#[test]
fn without_a_key_nothing_is_planned_and_a_key_is_made_once() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).table(DKIM).readers(1);
    room.run(SEND)
        .fails(1)
        .stderr_contains("postrider dkim keygen");
    assert_eq!(relay.accepted(), []);
    room.run(["dkim", "keygen"]).exits(0);
    let key = room.read("autumn.key");
    room.run(["dkim", "keygen"])
        .fails(1)
        .stderr_contains("there is a key already");
    assert_eq!(room.read("autumn.key"), key);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(room.path("autumn.key"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    super::make_private(&room, "autumn.key", 0o644);
    room.run(SEND)
        .fails(1)
        .stderr_contains("others can read `autumn.key`");
}
