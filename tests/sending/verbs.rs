//! Two verbs: what a bare `send` mails, what it holds, and what naming an issue means.

use super::{LATER, NOW, SEND, assert_refused, make_private, newsroom, rows_of, served};
use crate::support::newsroom::Newsroom;
use crate::support::relay::{ScriptedRelay, Stage};

/// Issues of the day before yesterday, of today, and of tomorrow.
fn three_issues(relay: &ScriptedRelay) -> Newsroom {
    Newsroom::new()
        .relay(relay)
        .essay("2026-11-29-old", "Old", "Long ago.\n")
        .essay("2026-12-01-due", "Due", "Today.\n")
        .essay("2026-12-02-next", "Next", "Tomorrow.\n")
        .readers(2)
        .now("2026-12-01T10:00:00Z")
}

fn subjects(relay: &ScriptedRelay) -> Vec<String> {
    let mut subjects: Vec<String> = relay
        .accepted()
        .iter()
        .map(|message| crate::support::mail::Letter::read(&message.data).subject)
        .collect();
    subjects.sort();
    subjects
}

#[test]
fn a_bare_send_mails_what_is_due_and_holds_what_is_late() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay);
    let sent = room.run(["send", "--yes"]).exits(0);
    sent.stderr_contains("held: old was due 2026-11-29")
        .stderr_contains("`postrider send old` sends it all the same");
    assert_eq!(subjects(&relay), ["Due", "Due"]);
    // Named, the late one goes.
    room.run(["send", "old", "--yes"]).exits(0);
    assert_eq!(subjects(&relay), ["Due", "Due", "Old", "Old"]);
    room.run(["send", "--yes"])
        .exits(0)
        .stdout_contains("nothing is due; next comes next, 2026-12-02");
    // A day later the next one is due, within the lateness that is allowed.
    let room = room.now("2026-12-02T14:59:00Z");
    room.run(["send", "--due"]).exits(0);
    assert_eq!(subjects(&relay).len(), 6);
}

#[test]
fn lateness_is_configured() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay).config("max_lateness = \"30m\"");
    room.run(["send", "--yes"])
        .exits(0)
        .stderr_contains("held: due was due");
    assert_eq!(relay.accepted(), []);
    let room = room.config("max_lateness = \"3d\"");
    room.run(["send", "--yes"]).exits(0);
    assert_eq!(subjects(&relay), ["Due", "Due", "Old", "Old"]);
}

#[test]
fn what_was_started_is_resumed_however_late() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Rcpt).once().reply("450 4.2.0 later");
    let room = three_issues(&relay);
    room.run(["send", "due", "--yes"]).exits(3);
    let room = room.now("2026-12-03T23:00:00Z");
    room.run(["send", "--due"]).exits(0);
    assert_eq!(subjects(&relay), ["Due", "Due"]);
}

#[test]
fn naming_a_future_issue_moves_its_date_and_publishes_it_before_the_first_mail() {
    let relay = ScriptedRelay::start();
    let room = three_issues(&relay);
    let gate = relay.at(Stage::Mail).hold();
    let running = room.spawn(["send", "next", "--yes"]);
    running.wait_for_stderr("`next` is dated 2026-12-02");
    gate.wait_for(1);
    let file = room.read("issues/2026-12-02-next.md");
    assert!(file.contains("send_at = "), "{file}");
    assert!(
        file.contains("2026-12-01T10:00") || file.contains("2026-12-01 10:00"),
        "{file}"
    );
    assert!(
        room.read("public/issues/next/index.html")
            .contains("Tomorrow.")
    );
    assert!(room.read("public/feed.xml").contains("Tomorrow."));
    assert_eq!(relay.accepted(), []);
    gate.release();
    running.wait().exits(0);
    assert_eq!(subjects(&relay), ["Next", "Next"]);
    // Its date has come, so it is not mailed again on the day it was for.
    let room = room.now("2026-12-02T09:30:00Z");
    room.run(["send", "--due"]).exits(0);
    assert_eq!(subjects(&relay).len(), 2);
}

#[test]
fn a_future_issue_stays_as_it_is_when_the_answer_is_no_or_the_relay_is_away() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Banner).reply("554 5.7.1 not you");
    let room = three_issues(&relay);
    let before = room.read("issues/2026-12-02-next.md");
    room.run(["send", "next"]).fails(1);
    room.run(["send", "next", "--expect", "5"]).fails(1);
    room.run(["send", "next", "--yes"]).fails(1);
    assert_eq!(room.read("issues/2026-12-02-next.md"), before);
    assert!(!room.has("public/issues/next/index.html"));
    assert_eq!(rows_of(&room, "delivery"), 0);
}

#[test]
fn what_cannot_be_made_or_signed_is_told_before_anything_is_published_or_moved() {
    let cases: [(&str, &str, &str); 3] = [
        (
            "dkim.key",
            "no key at all\n",
            "`dkim.key` cannot be used for DKIM",
        ),
        (
            "templates/email.txt",
            "{{ subscriber.nmae }}\n{{ essay }}\n{{ unsubscribe_url }}\n",
            "nmae",
        ),
        (
            "templates/email.html",
            "{{ essay }}\n",
            "`templates/email.html` shows no way to unsubscribe",
        ),
    ];
    for (file, text, words) in cases {
        let relay = ScriptedRelay::start();
        let mut room = three_issues(&relay).file(file, text);
        if file == "dkim.key" {
            make_private(&room, file, 0o600);
            room = room.table("[dkim]\nselector = \"autumn\"\nkey_file = \"dkim.key\"");
        }
        let before = room.read("issues/2026-12-02-next.md");
        for command in [
            &["plan", "next"][..],
            &["send", "next", "--dry-run"],
            &["send", "next", "--yes"],
            // Nobody is asked for a thing that cannot be done.
            &["send", "next"],
            &["send", "--due"],
        ] {
            room.run(command).fails(1).stderr_contains(words);
        }
        assert_eq!(relay.connections(), 0, "{file}");
        assert_eq!(room.read("issues/2026-12-02-next.md"), before);
        assert!(!room.has("public"), "{file}");
        assert_eq!(rows_of(&room, "delivery"), 0);
    }
}

#[test]
fn a_started_issue_whose_key_is_gone_is_told_of_before_the_relay_is_called() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient("reader2@example.org", &["450 4.2.0 later"]);
    let room = newsroom(&relay)
        .table("[dkim]\nselector = \"autumn\"\nkey_file = \"autumn.key\"")
        .readers(2);
    room.run(["dkim", "keygen"]).exits(0);
    room.run(SEND).exits(3);
    std::fs::remove_file(room.path("autumn.key")).unwrap();
    std::fs::remove_dir_all(room.path("public")).unwrap();
    let connections = relay.connections();
    let room = room.now(LATER);
    for command in [&SEND[..], &["send", "--due"], &["send", "--dry-run"]] {
        room.run(command)
            .fails(1)
            .stderr_contains("there is no key for DKIM");
    }
    assert_eq!(relay.connections(), connections);
    assert!(!room.has("public"));
}

#[test]
fn expect_refuses_another_count_and_agrees_to_the_right_one() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3);
    for wrong in ["2", "4", "0"] {
        let output = room.run(["send", "--expect", wrong]);
        assert_refused(&room, &relay, output, "this run would have 3 messages");
    }
    room.run(["send", "--expect", "3"]).exits(0);
    assert_eq!(served(&relay).len(), 3);
}

#[test]
fn without_a_terminal_somebody_must_agree() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3);
    for command in [&["send"][..], &["send", "why-write"]] {
        let output = room.run(command);
        assert_refused(&room, &relay, output, "there is no terminal to ask at");
    }
    room.run(["send"]).fails(1).stderr_contains("`--expect 3`");
    assert_eq!(relay.connections(), 0);
    room.run(["send", "--due"]).exits(0);
    assert_eq!(served(&relay).len(), 3);
}

#[test]
fn drafts_and_issues_for_the_web_are_not_mailed() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new()
        .relay(&relay)
        .essay_with("2026-12-01-draft", "Draft", "draft = true", "Not yet.\n")
        .essay_with("2026-12-01-web", "Web", "mail = false", "For the web.\n")
        .readers(2)
        .now(NOW);
    room.run(["send", "--yes"])
        .exits(0)
        .stdout_contains("nothing is due");
    for (name, reason) in [("draft", "is a draft"), ("web", "is for the web only")] {
        let output = room.run(["send", name, "--yes"]);
        assert_refused(&room, &relay, output, reason);
    }
    assert_eq!(relay.connections(), 0);
}

#[test]
fn an_audience_narrows_the_plan() {
    let relay = ScriptedRelay::start();
    let room = Newsroom::new()
        .relay(&relay)
        .essay_with(
            "2026-12-01-poems",
            "Poems",
            "audience = [\"Poetry\"]",
            "A poem.\n",
        )
        .subscribers(
            "email,name,tags\n\
             ada@example.org,Ada,poetry\n\
             grace@example.org,Grace,\"prose poetry\"\n\
             alan@example.org,Alan,prose\n\
             kurt@example.org,Kurt,\n",
        )
        .now(NOW);
    room.run(["plan", "poems"])
        .exits(0)
        .stdout_contains("2 would not: not in the issue's audience");
    room.run(["send", "--yes"]).exits(0);
    assert_eq!(
        served(&relay).into_keys().collect::<Vec<_>>(),
        ["ada@example.org", "grace@example.org"]
    );
}

#[test]
fn an_issue_that_nobody_would_get_does_not_keep_the_others_back() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay)
        .essay_with(
            "2026-12-01-empty",
            "Empty",
            "audience = [\"nobody\"]",
            "To no one.\n",
        )
        .readers(2);
    let output = room.run(["send", "empty", "--yes"]);
    assert_refused(&room, &relay, output, "nobody would get `empty`");
    room.run(["send", "--due"])
        .exits(0)
        .stderr_contains("nobody would get `empty`");
    assert_eq!(subjects(&relay), ["Why write?", "Why write?"]);
}

#[test]
fn a_prefix_a_file_or_an_id_names_an_issue() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    let id = crate::support::newsroom::id_of("2026-12-01-why-write").to_string();
    for name in ["why", "issues/2026-12-01-why-write.md", &id, "why-write"] {
        room.run(["send", name, "--yes"]).exits(0);
    }
    assert_eq!(relay.accepted().len(), 1);
    let room = room.essay("2026-12-05-why-not", "Why not?", "So.\n");
    room.run(["send", "why", "--yes"])
        .fails(1)
        .stderr_contains("could be 2 issues");
    room.run(SEND).exits(0);
}
