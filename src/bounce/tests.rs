//! Every mail of `tests/fixtures/bounces` with what it comes to, and mails that are broken by chance.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::address::EmailAddress;
use crate::issue::IssueId;
use crate::token::{AddressKey, SECRET_LENGTH};

const DELIVERY: i64 = 4711;
const ADDRESS: &str = "ada@example.org";

fn keys() -> Keys {
    Keys::derive(&[7; SECRET_LENGTH])
}

fn reader() -> AddressKey {
    keys().address_key(&EmailAddress::parse(ADDRESS).unwrap())
}

fn message_id() -> String {
    keys().message_id_local(&IssueId::from_bytes([3; 16]), &reader())
}

/// A fixture with our tokens in it.
fn fixture(name: &str) -> String {
    let path = format!(
        "{}/tests/fixtures/bounces/{name}.eml",
        env!("CARGO_MANIFEST_DIR")
    );
    #[expect(
        clippy::disallowed_methods,
        reason = "a test may read its own fixtures"
    )]
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let keys = keys();
    let token = keys.bounce_token(DELIVERY);
    text.replace("{VERP}", &format!("b+{token}@bounces.example.org"))
        .replace("{ENVID}", &token)
        .replace("{MESSAGE_ID}", &format!("{}@example.org", message_id()))
        .replace("{ADDRESS}", ADDRESS)
        .replace("{LEAVE}", &keys.unsubscribe_token(&reader()))
        .replace(
            "{LEAVE_MAIL}",
            &format!(
                "unsubscribe+{}@bounces.example.org",
                keys.unsubscribe_mail_token(&reader())
            ),
        )
}

/// The names of all fixtures.
fn fixtures() -> Vec<String> {
    let folder = format!("{}/tests/fixtures/bounces", env!("CARGO_MANIFEST_DIR"));
    let names = std::fs::read_dir(folder).unwrap().map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".eml").unwrap().to_owned()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

/// How a reading names what it is about.
fn named_by(reading: &Reading) -> &'static str {
    let Names {
        delivery,
        reader: named,
        message,
        is_forged,
    } = &reading.names;
    match (delivery, message, named) {
        _ if *is_forged => "forged",
        (Some(DELIVERY), ..) => "delivery",
        (Some(_), ..) => "another delivery",
        (None, Some(message), _) if message.local == message_id() => "message",
        (None, Some(_), _) => "another message",
        (None, None, Some(key)) if *key == reader() => "reader",
        (None, None, Some(_)) => "another reader",
        (None, None, None) => "nobody",
    }
}

fn verdict(reading: &Reading) -> Verdict {
    let names = &reading.names;
    let known = names.delivery.is_some() || names.message.is_some();
    Verdict::of(reading, known.then_some(true), &OwnCodes::default())
}

#[test]
fn every_fixture_comes_to_what_it_says() {
    let cases = [
        ("postfix-unknown-user", "delivery", Verdict::Hard),
        ("postfix-real-unknown-user", "delivery", Verdict::Hard),
        ("postfix-real-full-mailbox", "delivery", Verdict::Soft),
        ("postfix-real-policy", "delivery", Verdict::Policy),
        ("mailbox-full", "delivery", Verdict::Soft),
        ("policy", "delivery", Verdict::Policy),
        (
            "spam-words-with-an-address-code",
            "delivery",
            Verdict::Policy,
        ),
        ("delayed", "delivery", Verdict::Delayed),
        ("relayed", "delivery", Verdict::Delivered),
        (
            "several-recipients-one-arrived",
            "delivery",
            Verdict::Delivered,
        ),
        ("for-somebody-else", "delivery", Verdict::Hard),
        ("envelope-id-alone", "delivery", Verdict::Hard),
        ("message-id-alone", "message", Verdict::Hard),
        ("nothing-that-names-it", "nobody", Verdict::Unmatched),
        ("exchange", "delivery", Verdict::Hard),
        ("old-exchange", "delivery", Verdict::Hard),
        ("qmail", "delivery", Verdict::Hard),
        ("qmail-without-verp", "message", Verdict::Hard),
        ("exim", "delivery", Verdict::Hard),
        ("exim-delayed", "delivery", Verdict::Delayed),
        ("gmail", "delivery", Verdict::Hard),
        ("amazon", "delivery", Verdict::Hard),
        ("arf-abuse", "message", Verdict::Complained),
        ("arf-not-spam", "message", Verdict::NoComplaint),
        ("arf-with-the-link-alone", "reader", Verdict::Complained),
        ("arf-with-the-sender-alone", "delivery", Verdict::Complained),
        ("arf-that-names-nobody", "nobody", Verdict::Unmatched),
        ("unsubscribe", "reader", Verdict::Unsubscribed),
        ("unsubscribe-by-subject", "reader", Verdict::Unsubscribed),
        ("unsubscribe-without-token", "nobody", Verdict::Letter),
        ("letter", "nobody", Verdict::Letter),
        ("vacation", "delivery", Verdict::Ignored),
        ("vacation-by-its-subject", "delivery", Verdict::Ignored),
        ("vacation-of-exchange", "delivery", Verdict::Ignored),
        ("challenge", "delivery", Verdict::Ignored),
        ("receipt", "delivery", Verdict::Ignored),
        ("not-understood", "delivery", Verdict::Unknown),
    ];
    let folder = format!("{}/tests/fixtures/bounces", env!("CARGO_MANIFEST_DIR"));
    assert_eq!(
        std::fs::read_dir(folder).unwrap().count(),
        cases.len(),
        "a fixture that no test uses"
    );
    let mut wrong = Vec::new();
    for (name, about, wanted) in cases {
        let text = fixture(name);
        // A mail may come with either kind of line end.
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let reading = read(text.as_bytes(), None, &keys());
            let found = (named_by(&reading), verdict(&reading));
            if found != (about, wanted) {
                wrong.push(format!(
                    "{name}: {found:?}, not {:?}\n{reading:#?}",
                    (about, wanted)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn folded_lines_of_a_reply_are_kept_in_one() {
    let reading = read(fixture("gmail").as_bytes(), None, &keys());
    let Content::Failure(reports) = reading.content else {
        panic!("{reading:?}");
    };
    assert_eq!(
        reports[0].words,
        "550-5.1.1 The account that you tried to reach does not exist. Please try 550-5.1.1 looking for typing \
         errors. 550 5.1.1 NoSuchUser - gsmtp"
    );
    assert_eq!(reports[0].recipients, [ADDRESS]);
}

#[test]
fn what_the_mta_knows_of_the_recipient_is_enough() {
    let text = fixture("nothing-that-names-it");
    let token = keys().bounce_token(DELIVERY);
    let recipient = format!("b+{}@bounces.example.org", token.to_ascii_uppercase());
    let reading = read(text.as_bytes(), Some(&recipient), &keys());
    assert_eq!(
        (named_by(&reading), verdict(&reading)),
        ("delivery", Verdict::Hard)
    );
}

#[test]
fn a_token_that_is_not_ours_ends_the_search() {
    let foreign = Keys::derive(&[8; SECRET_LENGTH]).bounce_token(DELIVERY);
    let ours = keys().bounce_token(DELIVERY);
    for token in [foreign.clone(), format!("{}a", &ours[..30]), "a".repeat(31)] {
        if token == ours {
            continue;
        }
        // Whatever else the report carries.
        let text =
            fixture("postfix-unknown-user").replace(&format!("b+{ours}"), &format!("b+{token}"));
        let reading = read(text.as_bytes(), None, &keys());
        assert_eq!(named_by(&reading), "forged", "{token}");
        assert_eq!(verdict(&reading), Verdict::Forged);
    }
    let leave = keys().unsubscribe_mail_token(&reader());
    let text = fixture("unsubscribe").replace(&leave, &"a".repeat(52));
    let reading = read(text.as_bytes(), None, &keys());
    assert_eq!(verdict(&reading), Verdict::Forged);
}

#[test]
fn a_mail_that_is_too_large_is_not_looked_into() {
    let mut text = fixture("postfix-unknown-user").into_bytes();
    text.resize(LARGEST_MAIL + 1, b'x');
    let reading = read(&text, None, &keys());
    assert_eq!(
        (reading.content, reading.names),
        (Content::Unknown, Names::default())
    );
}

/// What a mail is broken with.
const PIECES: &[&str] = &[
    "\r\n",
    "\n\n",
    "--b1\n",
    "--b1--",
    "--",
    "Content-Type: multipart/report; boundary=b1\n\n",
    "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n",
    "Content-Type: message/rfc822\n\n",
    "Content-Type: message/delivery-status\n\n",
    "Content-Transfer-Encoding: base64\n\n",
    "Content-Transfer-Encoding: quoted-printable\n\n=",
    "Action: failed\n",
    "Status: 5.999.999\n",
    "Final-Recipient: rfc822;",
    "Diagnostic-Code: ;;;",
    "b+",
    "unsubscribe+@",
    "=?utf-8?b?",
    "+",
    "@",
    "<>",
    "\0",
    "\u{1b}[2J",
    "\u{202e}é",
    ".",
    "-----",
];

#[derive(Debug, Clone)]
enum Break {
    Byte(Index, u8),
    Remove(Index, usize),
    Repeat(Index, usize),
    Insert(Index, &'static str),
    Cut(Index),
}

fn breaks() -> impl Strategy<Value = Vec<Break>> {
    let one = prop_oneof![
        1 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Break::Byte(at, byte)),
        1 => (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Break::Remove(at, length)),
        1 => (any::<Index>(), 1..400_usize).prop_map(|(at, length)| Break::Repeat(at, length)),
        4 => (any::<Index>(), select(PIECES)).prop_map(|(at, piece)| Break::Insert(at, piece)),
        1 => any::<Index>().prop_map(Break::Cut),
    ];
    proptest::collection::vec(one, 1..12)
}

fn broken(mut mail: Vec<u8>, breaks: &[Break]) -> Vec<u8> {
    for one in breaks {
        if mail.is_empty() {
            break;
        }
        let length = mail.len();
        match one {
            Break::Byte(at, byte) => mail[at.index(length)] = *byte,
            Break::Remove(at, count) => {
                let start = at.index(length);
                mail.drain(start..(start + count).min(length));
            }
            Break::Repeat(at, count) => {
                let start = at.index(length);
                let piece = mail[start..(start + count).min(length)].to_vec();
                mail.splice(start..start, piece);
            }
            Break::Insert(at, piece) => {
                let start = at.index(length);
                mail.splice(start..start, piece.bytes());
            }
            Break::Cut(at) => mail.truncate(at.index(length)),
        }
    }
    mail
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a mail is broken, it is read without a panic, names nobody but the one whose token is
    /// in it, and leaves words that a terminal can show.
    #[test]
    fn broken_mails_are_read_all_the_same(
        name in select(fixtures()),
        breaks in breaks(),
    ) {
        let mail = broken(fixture(&name).into_bytes(), &breaks);
        let reading = read(&mail, None, &keys());
        prop_assert!(reading.names.delivery.is_none_or(|row| row == DELIVERY));
        prop_assert!(reading.names.reader.is_none_or(|key| key == reader()));
        if let Content::Failure(reports) = &reading.content {
            prop_assert!(!reports.is_empty());
            for report in reports {
                prop_assert!(report.words.len() <= 512 && !report.words.chars().any(char::is_control));
            }
        }
        verdict(&reading);
    }

    #[test]
    fn bytes_of_any_kind_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read(&bytes, None, &keys());
    }
}
