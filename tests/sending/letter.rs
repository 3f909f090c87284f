//! The message itself, to the byte, and what strict receivers look at.

use super::{LATER, NOW, SEND, SLUG, letter_to, message_to, newsroom, served, with_key};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

const ESSAY: &str = "A letter is read by *one* person.[^1]\n\n\
    > Write as if to a friend.\n\n\
    - [A link](https://example.org/a?b=c&d=e)\n- `code {{ not a template }}`\n\n\
    .a line that begins with a dot\n\n\
    \u{201c}Quotes\u{201d}, caf\u{e9}, \u{1f4ec}.\n\n[^1]: At a time.\n";

/// With layouts of its own, so that what is tested here is the message and not their looks.
fn letter_room(relay: &ScriptedRelay) -> Newsroom {
    let room = Newsroom::new()
        .file(
            "templates/email.html",
            "<p>Dear {{ subscriber.name }},</p>\n{{ essay }}\n<p><a href=\"{{ unsubscribe_url }}\">Leave</a></p>\n",
        )
        .file(
            "templates/email.txt",
            "Dear {{ subscriber.name }},\n\n{{ essay }}\n\nLeave: {{ unsubscribe_url }}\n",
        )
        .relay(relay)
        .essay(
            &format!("2026-12-01-{SLUG}"),
            "Why write: caf\u{e9}?",
            ESSAY,
        )
        .subscriber("ada@example.org", "Ada Lovelace")
        .now(NOW);
    with_key(room, 7)
}

/// The seconds of a date are those at which the plan was made, some time after [`NOW`].
fn without_seconds(message: &[u8]) -> String {
    let text = String::from_utf8(message.to_vec()).unwrap();
    let lines = text
        .split("\r\n")
        .map(|line| match line.strip_prefix("Date: ") {
            Some(date) => {
                assert!(date.starts_with("Tue, 01 Dec 2026 09:0"), "{date}");
                "Date: [date]"
            }
            None => line,
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_whole_message() {
    let relay = ScriptedRelay::start();
    letter_room(&relay).run(SEND).exits(0);
    let message = message_to(&relay, "ada@example.org");
    assert_eq!(message.mail_from, "letters@example.org");
    insta::assert_snapshot!(without_seconds(&message.data));
}

#[test]
fn the_same_key_and_time_give_the_same_bytes_and_another_key_another_identity() {
    let send = |key: u8| {
        let relay = ScriptedRelay::start();
        with_key(letter_room(&relay), key).run(SEND).exits(0);
        message_to(&relay, "ada@example.org").data
    };
    let (first, second, other) = (send(7), send(7), send(8));
    assert_eq!(without_seconds(&first), without_seconds(&second));
    let id = |message: &[u8]| Letter::read(message).header("Message-ID").to_owned();
    assert_ne!(id(&first), id(&other));
}

#[test]
fn a_second_attempt_carries_the_same_bytes_and_message_id() {
    let relay = ScriptedRelay::start();
    // The first time the relay accepts the message and says that it did not.
    let room = letter_room(&relay).subscriber("grace@example.org", "Grace");
    relay
        .at(Stage::Dot)
        .of("grace@example.org")
        .once()
        .reply("451 4.3.0 later");
    room.run(SEND).exits(3);
    let history = room.run(["history", "grace@example.org"]).exits(0);
    history.stdout_contains("451 4.3.0 later");
    room.now(LATER).run(SEND).exits(0);
    let ada = letter_to(&relay, "ada@example.org");
    let grace = letter_to(&relay, "grace@example.org");
    // Frozen with the plan, two hours before the second attempt.
    assert_eq!(ada.header("Date"), grace.header("Date"));
    assert_ne!(ada.header("Message-ID"), grace.header("Message-ID"));
}

#[test]
fn headers_say_how_to_leave_and_what_list_this_is() {
    let relay = ScriptedRelay::start();
    letter_room(&relay).run(SEND).exits(0);
    let letter = letter_to(&relay, "ada@example.org");
    letter.assert_strict();
    assert_eq!(letter.subject, "Why write: caf\u{e9}?");
    assert_eq!(letter.to, "Ada Lovelace <ada@example.org>");
    assert_eq!(
        letter.header("List-Id"),
        "The Test Letter <letters.example.org>"
    );
    assert_eq!(letter.header("List-Post"), "NO");
    assert_eq!(
        letter.header("List-Archive"),
        "<https://letters.example.org/>"
    );
    assert_eq!(
        letter.header("Archived-At"),
        "<https://letters.example.org/issues/why-write/>"
    );
    assert!(
        letter
            .header("List-Help")
            .starts_with("<mailto:letters@example.org")
    );
    let leave = letter.header("List-Unsubscribe");
    assert!(
        leave.starts_with("<mailto:letters@example.org?subject=unsubscribe%20v1."),
        "{leave}"
    );
    assert!(!leave.contains("http"), "{leave}");
    // RFC 8058 §3.1: only with an https address.
    assert_eq!(letter.headers("List-Unsubscribe-Post"), [""; 0]);
    let link = leave.trim_matches(['<', '>']);
    assert!(letter.text().contains(link), "no way to leave in the text");
    assert!(letter.html().contains(link), "no way to leave in the HTML");
}

#[test]
fn the_token_in_the_message_suppresses_its_reader() {
    let relay = ScriptedRelay::start();
    let room = letter_room(&relay);
    room.run(SEND).exits(0);
    let letter = letter_to(&relay, "ada@example.org");
    let leave = letter.header("List-Unsubscribe");
    let token = leave.rsplit("%20").next().unwrap().trim_end_matches('>');
    room.run(["subscribers", "suppress", token]).exits(0);
    let listed = room.run(["subscribers", "list", "--suppressed", "--json"]);
    let listed = listed.exits(0).json();
    assert_eq!(listed["suppressions"][0]["address"], "ada@example.org");
}

#[test]
fn an_essay_arrives_as_it_was_written() {
    let relay = ScriptedRelay::start();
    letter_room(&relay).run(SEND).exits(0);
    let letter = letter_to(&relay, "ada@example.org");
    for text in [letter.text(), letter.html()] {
        assert!(text.contains("{{ not a template }}"), "{text}");
        assert!(
            text.contains("\u{201c}Quotes\u{201d}, caf\u{e9}, \u{1f4ec}."),
            "{text}"
        );
        assert!(text.contains(".a line that begins with a dot"), "{text}");
        assert!(!text.contains("..a line"), "{text}");
    }
    for hidden in ["<script", "<img", "http://"] {
        assert!(!letter.html().contains(hidden), "{hidden}");
    }
}

#[test]
fn names_of_all_kinds_arrive_as_they_are() {
    let names = [
        ("comma@example.org", "Lovelace, Ada"),
        ("quote@example.org", "Ada \"the Countess\" King"),
        ("slash@example.org", r"Back\slash"),
        ("greek@example.org", "\u{3a3}\u{3b1}\u{3c0}\u{3c6}\u{3ce}"),
        ("arabic@example.org", "\u{645}\u{631}\u{64a}\u{645}"),
        ("japanese@example.org", "\u{7d2b}\u{5f0f}\u{90e8}"),
        ("emoji@example.org", "\u{1f4ec} Post"),
        ("brackets@example.org", "A <b> (c) @ d; e: [f]"),
        (
            "long@example.org",
            "Wolfeschlegelsteinhausenbergerdorff Adolph Blaine Charles David Earl Frederick Gerald Hubert",
        ),
        (
            "longgreek@example.org",
            "\u{39a}\u{3c9}\u{3bd}\u{3c3}\u{3c4}\u{3b1}\u{3bd}\u{3c4}\u{3af}\u{3bd}\u{3bf}\u{3c2} \u{3a0}\u{3b1}\u{3c0}\u{3b1}\u{3b4}\u{3b7}\u{3bc}\u{3b7}\u{3c4}\u{3c1}\u{3cc}\u{3c0}\u{3bf}\u{3c5}\u{3bb}\u{3bf}\u{3c2} \u{3c4}\u{3bf}\u{3c5} \u{393}\u{3b5}\u{3c9}\u{3c1}\u{3b3}\u{3af}\u{3bf}\u{3c5}",
        ),
        ("encoded@example.org", "=?utf-8?Q?not_encoded?="),
        ("nameless@example.org", ""),
    ];
    let relay = ScriptedRelay::start();
    let mut room = newsroom(&relay);
    for (address, name) in names {
        room = room.subscriber(address, name);
    }
    room.run(SEND).exits(0);
    for (address, name) in names {
        let letter = letter_to(&relay, address);
        letter.assert_strict();
        let wanted = if name.is_empty() {
            address.to_owned()
        } else {
            format!("{name} <{address}>")
        };
        assert_eq!(letter.to, wanted, "{}", letter.header("To"));
    }
}

#[test]
fn domains_in_other_scripts_are_written_in_ascii() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).subscriber("ada@b\u{fc}cher.example", "Ada");
    room.run(SEND).exits(0);
    assert_eq!(
        served(&relay).into_keys().collect::<Vec<_>>(),
        ["ada@xn--bcher-kva.example"]
    );
    letter_to(&relay, "ada@xn--bcher-kva.example").assert_strict();
}

#[test]
fn a_local_part_in_another_script_needs_a_relay_that_takes_it() {
    let row = "\u{3b1}\u{3b4}\u{3b1}@example.org";
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1).subscriber(row, "Ada");
    room.run(SEND);
    assert_eq!(
        served(&relay).len(),
        1,
        "never downgraded, and the other is served"
    );

    let relay = ScriptedRelay::setup().with("SMTPUTF8").start();
    let room = newsroom(&relay).subscriber(row, "Ada");
    room.run(SEND).exits(0);
    let message = message_to(&relay, row);
    assert!(message.mail_parameters.contains("SMTPUTF8"));
}

#[test]
fn nothing_in_a_roster_becomes_a_header_or_a_command() {
    let attempts = [
        "Ada\r\nBcc: victim@example.org",
        "Ada\nBcc: victim@example.org",
        "Ada\rBcc: victim@example.org",
        "Ada\r\n\r\n<p>body</p>",
        "Ada\u{0}\u{1b}[2J",
        "Ada\r\n.\r\nMAIL FROM:<x@example.org>",
        // Line ends to some, but not to mail: these stand in the header, as a space.
        "Ada\u{2028}Bcc: victim@example.org",
        "Ada\u{85}Bcc: victim@example.org",
        "Ada>, <victim@example.org",
        "Ada\" <victim@example.org>, \"",
    ];
    let relay = ScriptedRelay::start();
    let mut room = newsroom(&relay).subscriber("plain@example.org", "Plain");
    for (number, name) in attempts.iter().enumerate() {
        room = room.subscriber(&format!("reader{number}@example.org"), name);
    }
    let output = room
        .run(SEND)
        .exits(0)
        .stderr_contains("subscribers.csv:3:1")
        .stderr_contains("holds a line break or a control character");
    let plain = letter_to(&relay, "plain@example.org");
    for message in relay.accepted() {
        let letter = Letter::read(&message.data);
        letter.assert_strict();
        assert_eq!(message.rcpt_to.len(), 1);
        assert_eq!(letter.header_names(), plain.header_names(), "{output}");
        assert!(
            letter.to.ends_with(&format!("<{}>", message.rcpt_to[0])),
            "{}",
            letter.to
        );
    }
    assert!(served(&relay).contains_key("reader6@example.org"));
    assert!(served(&relay).contains_key("reader9@example.org"));
    relay.assert_client_was_polite();
}

#[test]
fn nothing_in_an_issue_or_the_configuration_becomes_a_header() {
    let relay = ScriptedRelay::start();
    for front_matter in [
        "subject = \"Hi\\r\\nBcc: victim@example.org\"",
        "subject = \"Hi\\nBcc: victim@example.org\"",
    ] {
        let room = Newsroom::new()
            .relay(&relay)
            .essay_with(
                "2026-12-01-why-write",
                "Why write?",
                front_matter,
                "Because.\n",
            )
            .readers(1)
            .now(NOW);
        room.run(SEND).fails(1).stderr_contains("subject");
    }
    let room = newsroom(&relay).readers(1);
    let room = room.config("title = \"A\\r\\nBcc: victim@example.org\"");
    room.run(SEND).fails(1).stderr_contains("postrider.toml");
    let room = newsroom(&relay).readers(1);
    let room = room.config("from = \"a@example.org\\r\\nBcc: victim@example.org\"");
    room.run(SEND).fails(1).stderr_contains("`from`");
    assert_eq!(relay.accepted(), []);
}

#[test]
fn subjects_and_titles_of_all_kinds_are_strict() {
    let long = "A rather long title that goes on and on, with more words than anyone wants to read in a list of messages, and then some";
    let titles = [
        "Plain",
        "Colons: and; semicolons, \"quotes\" <and> brackets",
        "\u{dc}ber das Schreiben: \u{201e}Warum?\u{201c} \u{2014} ein Versuch, der l\u{e4}nger ist als eine Zeile",
        "\u{306a}\u{305c}\u{66f8}\u{304f}\u{306e}\u{304b}\u{ff1a}\u{624b}\u{7d19}\u{3068}\u{8aad}\u{8005}\u{306b}\u{3064}\u{3044}\u{3066}\u{306e}\u{77ed}\u{3044}\u{8003}\u{5bdf}\u{3001}\u{305d}\u{306e}\u{4e00}",
        "=?utf-8?Q?not_encoded?=",
        long,
        "averylongwordwithoutanyspaceinitwhichnoonecanfoldbecausethereisnoplacetofolditatallreally",
    ];
    for title in titles {
        let relay = ScriptedRelay::start();
        let room = Newsroom::new()
            .relay(&relay)
            .config(&format!("title = {}", serde_json::Value::from(title)))
            .essay("2026-12-01-why-write", title, "Because.\n")
            .readers(1)
            .now(NOW);
        room.run(SEND).exits(0);
        let letter = letter_to(&relay, "reader1@example.org");
        letter.assert_strict();
        assert_eq!(letter.subject, title);
        assert_eq!(letter.from, format!("{title} <letters@example.org>"));
        assert!(letter.header("List-Id").ends_with("<letters.example.org>"));
    }
}
