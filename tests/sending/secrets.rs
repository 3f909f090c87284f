//! What must reach no output and no log, at any level: passwords, tokens, keys, and the links by
//! which a reader leaves.

use data_encoding::{BASE64, HEXLOWER};

use super::{LATER, SEND, make_private, newsroom};
use crate::support::certificate::Certificate;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::program::Output;
use crate::support::relay::{ScriptedRelay, Stage};

const USER: &str = "ada@example.org";
const PASSWORD: &str = "corr3ct-h0rse.b4ttery";

/// A publication that logs in by a mechanism, signs, and has tokens everywhere.
fn room(relay: &ScriptedRelay, mechanism: &str, password: &str) -> Newsroom {
    let secret = if mechanism == "XOAUTH2" {
        "token_command = [\"cat\", \"relay.password\"]"
    } else {
        "password_file = \"relay.password\""
    };
    let room = newsroom(relay)
        .smtp(&format!(
            "url = \"{}\"\nca_file = \"{}\"\nusername = \"{USER}\"\n{secret}",
            relay.url(),
            relay.authority_file().display()
        ))
        .table("[serve]\nurl = \"https://letters.example.org/\"")
        .table("[bounces]\ndomain = \"bounces.example.org\"")
        .table("[dkim]\nselector = \"autumn\"")
        .file("relay.password", format!("{password}\n"))
        .env("RUST_LOG", "trace")
        .env("SSLKEYLOGFILE", "sessions.log")
        .readers(4);
    make_private(&room, "relay.password", 0o600);
    room.run(["dkim", "keygen"]).exits(0);
    room
}

/// Every form in which a secret of the room, or of a message it sent, could be told.
fn secrets(room: &Newsroom, relay: &ScriptedRelay, password: &str) -> Vec<String> {
    let mut secrets = vec![
        password.to_owned(),
        BASE64.encode(password.as_bytes()),
        BASE64.encode(format!("\0{USER}\0{password}").as_bytes()),
        BASE64.encode(format!("user={USER}\x01auth=Bearer {password}\x01\x01").as_bytes()),
    ];
    let key = room.read_bytes("postrider.key");
    secrets.extend([BASE64.encode(&key), HEXLOWER.encode(&key)]);
    let pem = room.read("dkim.key");
    secrets.extend(
        pem.lines()
            .filter(|line| !line.starts_with('-'))
            .map(str::to_owned),
    );
    for message in relay.accepted() {
        let letter = Letter::read(&message.data);
        let leave = letter.header("List-Unsubscribe").to_owned();
        let link = leave.split(['/', '>']).find(|part| part.starts_with("v1."));
        secrets.push(link.expect(&leave).to_owned());
        let mail = leave.split(['+', '@']).nth(1);
        secrets.push(mail.expect(&leave).to_owned());
        let sender = message.mail_from.split(['+', '@']).nth(1);
        secrets.push(sender.expect(&message.mail_from).to_owned());
    }
    secrets
}

#[track_caller]
fn assert_silent(output: &Output, secrets: &[String]) {
    for secret in secrets {
        let told = output.stdout.contains(secret) || output.stderr.contains(secret);
        assert!(!told, "{secret} is told{output}");
    }
}

#[test]
fn nothing_that_proves_who_we_are_is_told_at_any_level() {
    for mechanism in ["PLAIN", "LOGIN", "XOAUTH2"] {
        for right in [true, false] {
            let relay = ScriptedRelay::setup()
                .implicit_tls(&Certificate::valid())
                .account(USER, PASSWORD)
                .start();
            relay.at(Stage::Ehlo).reply(&format!(
                "250-relay.example.org\r\n250-PIPELINING\r\n250-DSN\r\n250 AUTH {mechanism}"
            ));
            // Something to tell of, in every way that a run can end with one reader.
            relay.reply_to_recipient("reader1@example.org", "550 5.1.1 nobody");
            relay.reply_to_recipient("reader2@example.org", "451 4.3.0 later");
            relay
                .at(Stage::Dot)
                .of("reader3@example.org")
                .obey_and_close();
            let password = if right {
                PASSWORD
            } else {
                "wr0ng-h0rse.b4ttery"
            };
            let room = room(&relay, mechanism, password);
            let mut outputs = vec![room.run(["-vv", "send", "--yes"])];
            assert_eq!(relay.accepted().len(), if right { 2 } else { 0 });
            outputs.push(room.run(["-vv", "status"]));
            outputs.push(room.run(["-vv", "plan", "--all"]));
            outputs.push(room.run(["-vv", "history", "reader4@example.org"]));
            outputs.push(room.run(["-vv", "check"]));
            let room = room.now(LATER);
            outputs.push(room.run(["-vv", SEND[0], SEND[1], SEND[2]]));
            let secrets = secrets(&room, &relay, password);
            for output in &outputs {
                assert_silent(output, &secrets);
            }
            assert!(!room.has("sessions.log"), "the keys of TLS are told");
        }
    }
}
