//! Signing: the key, its record, and the field in front of the message.

use super::{LATER, SEND, SLUG, assert_refused, make_private, newsroom};
use crate::support::newsroom::Newsroom;
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
    assert_copies_are_alike(&relay);
}

/// Two attempts of one delivery are the same message.
#[track_caller]
fn assert_copies_are_alike(relay: &ScriptedRelay) {
    let accepted = relay.accepted();
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

/// The keys that are there, with what the DNS should say of them: algorithm, file, name, value.
fn records(room: &Newsroom, command: &[&str]) -> Vec<[String; 4]> {
    let answer = room.run([&["--json", "dkim"], command].concat());
    let answer = answer.exits(0).json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let read = |record: &serde_json::Value| {
        let strings = record["strings"].as_array().unwrap().iter().map(text);
        let strings: Vec<String> = strings.collect();
        assert!(strings.iter().all(|string| string.len() <= 255));
        [
            text(&record["algorithm"]),
            text(&record["key_file"]),
            text(&record["name"]),
            strings.concat(),
        ]
    };
    answer["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(read)
        .collect()
}

#[test]
fn a_second_signature_stands_beside_the_first_and_both_keep_their_bytes() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Dot)
        .of("reader2@example.org")
        .once()
        .obey_and_close();
    let both = "[dkim]\nselector = \"autumn\"\ned25519_selector = \"winter\"";
    let room = newsroom(&relay).table(both).readers(2);
    let keys = records(&room, &["keygen", "--ed25519"]);
    let of = |index: usize| [&keys[index][0], &keys[index][2]].map(String::as_str);
    assert_eq!(keys.len(), 2);
    assert_eq!(of(0), ["rsa", "autumn._domainkey.example.org"]);
    assert_eq!(of(1), ["ed25519", "winter._domainkey.example.org"]);
    // RFC 8463 §4.2: the bare 32 bytes.
    let public = keys[1][3].strip_prefix("v=DKIM1; k=ed25519; p=").unwrap();
    assert_eq!(public.len(), 44);
    for file in ["dkim.key", "dkim-ed25519.key"] {
        let metadata = std::fs::metadata(room.path(file)).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    assert_eq!(records(&room, &["record"]), keys);
    room.run(SEND).exits(3);
    let room = room.now(LATER);
    room.run(["ledger", "resolve", SLUG, "--resend"]).exits(0);
    room.run(SEND).exits(0);
    let accepted = relay.accepted();
    for message in &accepted {
        let text = String::from_utf8_lossy(&message.data);
        let fields: Vec<&str> = text.split("DKIM-Signature: ").skip(1).collect();
        assert_eq!(fields.len(), 2, "{text}");
        assert!(fields[0].starts_with("v=1; a=rsa-sha256;"), "{text}");
        assert!(fields[0].contains(" s=autumn; "), "{text}");
        assert!(fields[1].starts_with("v=1; a=ed25519-sha256;"), "{text}");
        assert!(fields[1].contains(" s=winter; "), "{text}");
    }
    assert_copies_are_alike(&relay);
}

#[test]
fn a_key_whose_record_is_not_the_published_one_signs_nothing() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).table(DKIM).readers(1);
    let [_, _, _, record] = records(&room, &["keygen"]).remove(0);
    let with = |room: Newsroom, record: &str| {
        let table = format!("{DKIM}\nrecord = '{record}'");
        room.table_instead(&table)
    };
    let room = with(room, &record);
    room.run(["check"]).exits(0);
    // A key made anew, and the record of the old one still in the DNS.
    std::fs::remove_file(room.path("autumn.key")).unwrap();
    records(&room, &["keygen"]);
    let output = room.run(SEND).stderr_contains("selector `autumn`");
    assert_refused(&room, &relay, output, "record is that of another key");
    room.run(["send", SLUG, "--test", "ada@example.org"])
        .fails(1)
        .stderr_contains("record is that of another key");
    room.run(["check"]).fails(1);
    for (record, reason) in [
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=spf1 -all", "none for DKIM"),
    ] {
        let room = newsroom(&relay).table(DKIM).readers(1);
        records(&room, &["keygen"]);
        let room = with(room, record);
        let output = room.run(SEND);
        assert_refused(&room, &relay, output, reason);
    }
    // As it stands in a zone, over several strings.
    let room = newsroom(&relay).table(DKIM).readers(1);
    let [_, _, _, record] = records(&room, &["keygen"]).remove(0);
    let (first, rest) = record.split_at(200);
    let zone = format!("autumn._domainkey IN TXT ( \"{first}\" \"{rest}\" )");
    with(room, &zone).run(SEND).exits(0);
}

#[test]
fn what_is_no_key_for_its_place_is_refused_and_nothing_is_planned() {
    let relay = ScriptedRelay::start();
    let short = include_str!("../golden/short-rsa.pem");
    let room = newsroom(&relay).table(DKIM).readers(1);
    room.run(["dkim", "keygen", "--ed25519"]).exits(0);
    let other_kind = room.read("dkim-ed25519.key");
    let rsa = room.read("autumn.key");
    for (text, reason) in [
        ("", "not a private key"),
        ("not a key\n", "not a private key"),
        (&rsa[..rsa.len() / 2], "not a private key"),
        (short, "fewer than 2048 bits"),
        (other_kind.as_str(), "not a private key for rsa"),
    ] {
        let room = newsroom(&relay)
            .table(DKIM)
            .file("autumn.key", text)
            .readers(1);
        make_private(&room, "autumn.key", 0o600);
        let output = room.run(SEND);
        assert_refused(&room, &relay, output, reason);
    }
    for (table, reason) in [
        (
            "[dkim]\nselector = \"one\"\ned25519_selector = \"one\"",
            "same selector",
        ),
        ("[dkim]\ned25519_key_file = \"two.key\"", "has no selector"),
    ] {
        let room = newsroom(&relay).table(table).readers(1);
        room.run(SEND)
            .fails(1)
            .stderr_contains(reason)
            .stderr_contains("postrider.toml:");
    }
}

#[test]
fn keygen_tells_every_record_that_receivers_ask_for() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).table("[bounces]\ndomain = \"bounces.example.org\"");
    let output = room.run(["dkim", "keygen"]).exits(0);
    let output = output
        .stderr_contains("bounces.example.org. IN TXT \"v=spf1 include:RELAY ~all\"")
        .stderr_contains("_dmarc.example.org. IN TXT \"v=DMARC1; p=none; rua=mailto:letters@example.org\"")
        .stderr_contains("[dkim]\nselector = \"postrider\"\nkey_file = \"dkim.key\"\nrecord = \"v=DKIM1; k=rsa; p=");
    // What is told to be written down is taken.
    let told = output.stderr.split("[dkim]\n").nth(1).unwrap();
    let room = room.table(&format!("[dkim]\n{told}")).readers(1);
    let room = room.essay("2026-12-01-second", "Second", "Again.\n");
    room.run(["send", "--yes"]).exits(0);
    room.run(["dkim", "record"]).exits(0).stderr_lacks("[dkim]");
}

#[test]
fn a_second_attempt_with_another_key_is_not_made() {
    let relay = ScriptedRelay::start();
    relay
        .at(Stage::Dot)
        .of("reader2@example.org")
        .once()
        .reply("451 4.3.0 later");
    let room = newsroom(&relay).table(DKIM).readers(3);
    room.run(["dkim", "keygen"]).exits(0);
    room.run(SEND).exits(3);
    let key = room.read("autumn.key");
    std::fs::remove_file(room.path("autumn.key")).unwrap();
    room.run(["dkim", "keygen"]).exits(0);
    let room = room.now(LATER);
    room.run(SEND).exits(3);
    assert_eq!(relay.accepted().len(), 2);
    room.run(["history", "reader2@example.org"])
        .exits(0)
        .stdout_contains("not the message of the attempt before");
    // Under the old key it is the same message, and goes out.
    room.write("autumn.key", key);
    make_private(&room, "autumn.key", 0o600);
    room.run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 3);
}
