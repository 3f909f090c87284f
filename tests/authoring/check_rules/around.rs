//! What is around an issue: its date, the other issues, the publication.

use super::{WORDS, essay, finds, room, silent, with};

#[test]
fn dates_are_meant() {
    let dated = |date: &str, more: &str| {
        let front = format!("summary = \"A lamp by a window.\"\n{more}");
        room().essay_with(&format!("{date}-the-lamp"), "The lamp", &front, WORDS)
    };
    finds("past-date", &dated("2026-10-01", ""));
    finds("far-date", &dated("2028-12-01", ""));
    finds(
        "night",
        &dated("2026-12-01", "send_at = 2026-12-01T03:00:00"),
    );
    silent(&dated("2026-12-01", "send_at = 2026-12-01T06:00:00"));
    silent(&dated("2026-10-01", "mail = false"));
}

#[test]
fn old_essays_are_no_alarm_until_they_are_named() {
    let room = room().essay("2026-10-01-the-lamp", "The lamp", WORDS);
    room.run(["check"])
        .succeeds()
        .stdout_is("0 errors, 0 warnings\n");
    room.run(["check", "the-lamp"])
        .exits(0)
        .stderr_contains("warning[past-date]");
}

#[test]
fn an_issue_is_told_apart_from_others() {
    let beside =
        |title: &str, more: &str| essay("").essay_with("2026-10-01-other", title, more, WORDS);
    finds("same-title", &beside("the Lamp", ""));
    finds(
        "same-subject",
        &beside("The wick", "subject = \"The lamp\""),
    );
    silent(&beside("The lamps", ""));
    finds("unknown-audience", &with("audience = [\"earli\"]", WORDS));
    silent(&with("audience = [\"Early\"]", WORDS));
    finds(
        "long-slug",
        &with(
            &format!("slug = \"the-lamp{}\"", "-and-the-lamp".repeat(5)),
            WORDS,
        ),
    );
}

#[test]
fn the_publication_can_be_reached() {
    let configured = |keys: &str| essay("").config(keys);
    let real = "check.silence = []\nbase_url = \"https://www.rfc-editor.org/letters/\"\nfrom = \"letters@rfc-editor.org\"";
    finds("example-address", &configured("check.silence = []"));
    finds(
        "example-address",
        &configured(&format!("{real}\nbase_url = \"http://localhost/\"")),
    );
    silent(&configured(real));
    finds(
        "missing-postal-address",
        &configured("postal_address = \"\""),
    );
    finds(
        "no-reply",
        &configured("reply_to = \"no-reply@example.org\""),
    );
    let gmail = "from = \"me@gmail.com\"";
    finds(
        "foreign-sender",
        &configured(gmail).smtp("url = \"smtps://relay.example.org\""),
    );
    silent(&configured(gmail).smtp("url = \"smtps://smtp.gmail.com\""));
}
