//! Messages from a shared skeleton are those that are composed one by one.

use proptest::prelude::*;

use super::*;
use crate::render::layout::{BUILT_IN, IssueView, PublicationView};
use crate::words::{OwnWords, Words};

fn frozen(serve_url: Option<&str>, bounces_domain: Option<&str>) -> FrozenIssue {
    let templates = BUILT_IN
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    FrozenIssue {
        version: FrozenIssue::VERSION,
        issue_id: IssueId::from_bytes([7; 16]).to_string(),
        date_ms: 1_796_115_600_000,
        subject:
            "Ein sehr langer Betreff, der über mehr als eine Zeile des Kopfes geht, wie es vorkommt"
                .to_owned(),
        from_name: "The Test Letter".to_owned(),
        from: "letters@example.org".to_owned(),
        reply_to: Some("editor@example.org".to_owned()),
        list_id: "letters.example.org".to_owned(),
        dkim: None,
        dkim_ed25519: None,
        serve_url: serve_url.map(str::to_owned),
        bounces_domain: bounces_domain.map(str::to_owned),
        feedback_id: Some("a:b:c:d".to_owned()),
        words: Words::of("de", &OwnWords::default()),
        direction: "ltr".to_owned(),
        publication: PublicationView {
            title: "The Test Letter".to_owned(),
            author: "The Editor".to_owned(),
            description: String::new(),
            base_url: "https://letters.example.org/".to_owned(),
            language: "en".to_owned(),
            postal_address: "A street".to_owned(),
            reply_to: "editor@example.org".to_owned(),
        },
        issue: IssueView {
            title: "Why write?".to_owned(),
            summary: "Because.".to_owned(),
            opening: String::new(),
            url: "https://letters.example.org/issues/why-write/".to_owned(),
            date: "2026-12-01".to_owned(),
            updated: String::new(),
            author: "The Editor".to_owned(),
            language: "en".to_owned(),
            tags: Vec::new(),
        },
        essay_html: "<p>One = é.\n<p>.\n".to_owned(),
        essay_text: "One = é.\n\n.\n".to_owned(),
        is_flowed: true,
        deletes_spaces: false,
        html_encoding: Encoding::QuotedPrintable,
        text_encoding: Encoding::QuotedPrintable,
        templates: templates.collect(),
        pictures: Vec::new(),
    }
}

fn composer(serve_url: Option<&str>, bounces_domain: Option<&str>) -> Composer {
    let keys = Arc::new(Keys::derive(&[1; 32]));
    Composer::new(frozen(serve_url, bounces_domain), keys, None).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_message_is_the_same_with_and_without_the_skeleton(
        local in "[a-z0-9.]{1,30}[a-z]",
        name in "[A-Za-z ,:é\"世界.]{0,60}",
        served in any::<bool>(),
        bounced in any::<bool>(),
        test in any::<bool>(),
    ) {
        let address = format!("{}@example.org", local.trim_start_matches('.').replace("..", "."));
        let Ok(address) = EmailAddress::parse(&address) else { return Ok(()) };
        let mut composer = composer(
            served.then_some("https://letters.example.org/"),
            bounced.then_some("bounces.example.org"),
        );
        let key = composer.keys.address_key(&address);
        let fields = BTreeMap::from([("name".to_owned(), name)]);
        let to = Addressee { address: &address, key: &key, fields: &fields };
        let purpose = if test { Purpose::Test("0123") } else { Purpose::Delivery };
        let filled = composer.compose(to, purpose).unwrap();
        prop_assert!(composer.skeleton.take().is_some());
        let composed = composer.compose(to, purpose).unwrap();
        prop_assert_eq!(
            String::from_utf8_lossy(&filled.bytes),
            String::from_utf8_lossy(&composed.bytes)
        );
    }
}

#[test]
fn the_skeleton_is_used_for_a_delivery_and_holds_nothing_of_nobody() {
    let composer = composer(
        Some("https://letters.example.org/"),
        Some("bounces.example.org"),
    );
    let nobody = AddressKey::of_nobody();
    let address = EmailAddress::parse("ada@example.org").unwrap();
    let fields = BTreeMap::new();
    let key = composer.keys.address_key(&address);
    let to = Addressee {
        address: &address,
        key: &key,
        fields: &fields,
    };
    let message = composer.compose(to, Purpose::Delivery).unwrap();
    let text = String::from_utf8(message.bytes).unwrap();
    for mark in [
        "nobody".to_owned(),
        "\0".to_owned(),
        composer.keys.unsubscribe_token(&nobody),
        composer.keys.unsubscribe_mail_token(&nobody),
        composer.message_id(&nobody),
        boundary(&composer.message_id(&nobody)),
    ] {
        assert!(!text.contains(&mark), "{mark:?}");
    }
}

#[test]
fn a_phrase_is_quoted_where_it_holds_specials_and_encoded_where_it_is_not_ascii() {
    let value = |phrase| header::named("List-Id", phrase, "letters.example.org");
    assert_eq!(
        value("The Test Letter"),
        "The Test Letter <letters.example.org>"
    );
    assert_eq!(
        value("Letters: \"yours\""),
        "\"Letters: \\\"yours\\\"\" <letters.example.org>"
    );
    assert_eq!(
        value("Más, o"),
        "=?utf-8?B?TcOhcywgbw==?= <letters.example.org>"
    );
}

#[test]
fn plain_text_says_that_it_flows_unless_it_was_planned_before_it_did() {
    let composed = |is_flowed: bool, deletes_spaces: bool| {
        let keys = Arc::clone(&composer(None, None).keys);
        let mut frozen = frozen(None, None);
        frozen.is_flowed = is_flowed;
        frozen.deletes_spaces = deletes_spaces;
        frozen.essay_text = "One \ntwo.\n".to_owned();
        let composer = Composer::new(frozen, keys, None).unwrap();
        let address = EmailAddress::parse("ada@example.org").unwrap();
        let key = composer.keys.address_key(&address);
        let fields = BTreeMap::new();
        let to = Addressee {
            address: &address,
            key: &key,
            fields: &fields,
        };
        let message = composer.compose(to, Purpose::Delivery).unwrap();
        String::from_utf8(message.bytes).unwrap()
    };
    let message = composed(true, false);
    let kind = "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=no\r\n";
    assert!(message.contains(kind), "{message}");
    assert!(message.contains("\r\nOne=20\r\ntwo.\r\n"), "{message}");
    assert!(message.lines().all(|line| line.len() <= 998));
    let chinese = composed(true, true);
    assert!(chinese.contains(&kind.replace("=no", "=yes")), "{chinese}");
    let before = composed(false, false);
    assert!(before.contains("Content-Type: text/plain; charset=utf-8\r\n"));
}
