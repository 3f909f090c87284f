//! What the relay is asked to report (DSN, RFC 3461), and how we call ourselves.

use super::{LATER, SEND, SLUG, newsroom, served, states};
use crate::support::relay::{ScriptedRelay, Stage};

fn with_dsn() -> ScriptedRelay {
    ScriptedRelay::setup().with("DSN").start()
}

/// The value of a parameter of a command.
#[track_caller]
fn parameter<'a>(command: &'a str, name: &str) -> &'a str {
    let mut words = command.split(' ');
    let found = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name} in {command}"))
}

fn commands(relay: &ScriptedRelay, verb: &str) -> Vec<String> {
    let all = relay.commands().into_iter();
    all.filter(|command| command.starts_with(verb)).collect()
}

#[test]
fn reports_are_asked_for_where_they_are_offered() {
    let relay = with_dsn();
    relay
        .at(Stage::Dot)
        .of("ada+news=x@example.org")
        .once()
        .reply("451 4.3.0 later");
    let room = newsroom(&relay)
        .smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
        .subscriber("ada+news=x@example.org", "Ada")
        .subscriber("grace@example.org", "Grace");
    room.run(SEND).exits(3);
    room.now(LATER).run(SEND).exits(0);
    let (mail, rcpt) = (commands(&relay, "MAIL"), commands(&relay, "RCPT"));
    assert_eq!((mail.len(), rcpt.len()), (3, 3));
    for command in &mail {
        assert_eq!(parameter(command, "RET"), "HDRS");
        let id = parameter(command, "ENVID");
        assert!((1..=38).contains(&id.len()), "{command}");
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    }
    // The same delivery is called the same on its second attempt, and no other one is.
    let ids: Vec<&str> = mail.iter().map(|it| parameter(it, "ENVID")).collect();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    for command in &rcpt {
        assert_eq!(parameter(command, "NOTIFY"), "FAILURE,DELAY");
    }
    assert_eq!(
        parameter(&rcpt[0], "ORCPT"),
        "rfc822;ada+2Bnews+3Dx@example.org"
    );
    assert_eq!(parameter(&rcpt[1], "ORCPT"), "rfc822;grace@example.org");
    relay.assert_client_was_polite();
}

#[test]
fn a_relay_is_given_no_parameter_that_it_does_not_offer() {
    let relay = ScriptedRelay::setup().capabilities(&["PIPELINING"]).start();
    newsroom(&relay).readers(1).run(SEND).exits(0);
    assert_eq!(
        commands(&relay, "MAIL"),
        ["MAIL FROM:<letters@example.org>"]
    );
    assert_eq!(commands(&relay, "RCPT"), ["RCPT TO:<reader1@example.org>"]);
}

#[test]
fn a_local_part_in_another_script_has_no_name_in_a_report() {
    let row = "\u{3b1}\u{3b4}\u{3b1}@example.org";
    let relay = ScriptedRelay::setup().with("DSN").with("SMTPUTF8").start();
    newsroom(&relay).subscriber(row, "Ada").run(SEND).exits(0);
    assert_eq!(
        commands(&relay, "RCPT"),
        [format!("RCPT TO:<{row}> NOTIFY=FAILURE,DELAY")]
    );
}

#[test]
fn whom_the_relay_cannot_carry_is_rejected_and_no_fault_of_the_run() {
    let relay = ScriptedRelay::start();
    let mut room = newsroom(&relay);
    for number in 0..12 {
        room = room.subscriber(&format!("\u{3b1}{number}@example.org"), "Ada");
    }
    let room = room.subscriber("grace@example.org", "Grace");
    room.run(SEND).exits(3);
    assert_eq!(served(&relay).len(), 1);
    let states = states(&room);
    assert_eq!(
        states.values().filter(|state| *state == "rejected").count(),
        12
    );
    room.run(["history", "\u{3b1}1@example.org"])
        .exits(0)
        .stdout_contains("no SMTPUTF8");
}

#[test]
fn our_name_is_our_address_or_what_the_author_says() {
    let relay = ScriptedRelay::start();
    newsroom(&relay).readers(1).run(SEND).exits(0);
    assert_eq!(commands(&relay, "EHLO")[0], "EHLO [127.0.0.1]");
    for name in ["mail.example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]"] {
        let relay = ScriptedRelay::start();
        let room = newsroom(&relay).readers(1);
        let room = room.smtp(&format!("url = \"{}\"\nhelo = \"{name}\"", relay.url()));
        room.run(SEND).exits(0);
        assert_eq!(commands(&relay, "EHLO")[0], format!("EHLO {name}"));
    }
    for name in [
        "",
        "a b",
        "a\\r\\nMAIL FROM:<x>",
        "[127.0.0.1",
        "[IPv6:x]",
        "mail_1",
    ] {
        let relay = ScriptedRelay::start();
        let room = newsroom(&relay).readers(1);
        let room = room.smtp(&format!("url = \"{}\"\nhelo = \"{name}\"", relay.url()));
        room.run(SEND)
            .fails(1)
            .stderr_contains("postrider.toml:")
            .stderr_contains("hint: ");
        assert_eq!(relay.connections(), 0, "{name}");
    }
}

#[test]
fn a_server_that_refuses_ehlo_in_any_way_is_asked_in_the_old_way() {
    for reply in ["500 5.5.1 what", "501 5.5.4 what", "550 5.7.1 not so"] {
        let relay = ScriptedRelay::setup().capabilities(&[]).start();
        relay.at(Stage::Ehlo).once().reply(reply);
        let room = newsroom(&relay)
            .smtp(&format!("url = \"{}\"\nconnections = 1", relay.url()))
            .readers(1);
        room.run(SEND).exits(0);
        assert!(relay.commands()[1].starts_with("HELO "), "{reply}");
    }
    // What it said to the first counts, also when it hangs up at the second.
    let relay = ScriptedRelay::start();
    relay.at(Stage::Ehlo).nth(1).reply("550 5.7.1 not you");
    relay.at(Stage::Ehlo).nth(2).close();
    let room = newsroom(&relay).readers(1);
    room.run(["send", SLUG, "--yes"])
        .fails(1)
        .stderr_contains("550 5.7.1 not you");
}

#[test]
fn a_sender_in_another_script_is_ascii_in_every_header_and_in_the_envelope() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .config("from = \"B\u{fc}cher <letters@b\u{fc}cher.example>\"\nreply_to = \"editor@m\u{fc}ller.example\"\nbase_url = \"https://b\u{fc}cher.example/\"")
        .table("[serve]\nurl = \"https://b\u{fc}cher.example/\"")
        .readers(1);
    room.run(SEND).exits(0);
    let message = super::message_to(&relay, "reader1@example.org");
    assert_eq!(message.mail_from, "letters@xn--bcher-kva.example");
    let letter = super::letter_to(&relay, "reader1@example.org");
    letter.assert_strict();
    assert_eq!(letter.from, "B\u{fc}cher <letters@xn--bcher-kva.example>");
    assert_eq!(letter.header("Reply-To"), "<editor@xn--mller-kva.example>");
    assert!(
        letter
            .header("Message-ID")
            .ends_with("@xn--bcher-kva.example>")
    );
    let way = letter.header("List-Unsubscribe");
    assert!(
        way.starts_with("<https://xn--bcher-kva.example/u/"),
        "{way}"
    );
    assert!(
        way.contains("<mailto:editor@xn--mller-kva.example?"),
        "{way}"
    );
    for name in ["List-Archive", "Archived-At"] {
        let value = letter.header(name);
        assert!(
            value.starts_with("<https://xn--bcher-kva.example/"),
            "{value}"
        );
    }
}

#[test]
fn a_sender_that_the_relay_cannot_carry_stops_the_run() {
    let from = "from = \"\u{3b1}\u{3b4}\u{3b1}@example.org\"";
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).config(from).readers(4);
    room.run(SEND)
        .fails(1)
        .stderr_contains("no sender with such a local part");
    assert_eq!(served(&relay).len(), 0);
    assert!(states(&room).values().all(|state| state == "planned"));
    assert!(commands(&relay, "MAIL").is_empty());
    let relay = ScriptedRelay::setup().with("SMTPUTF8").start();
    let room = newsroom(&relay).config(from).readers(1);
    room.run(SEND).exits(0);
    assert!(commands(&relay, "MAIL")[0].ends_with("BODY=8BITMIME SMTPUTF8"));
}
