//! Relays that mean harm: whatever they say ends the conversation within bounds, is never taken for *sent*,
//! and is text wherever it is shown. What they may say to the final dot is in `replies.rs`, and every fault at
//! every stage in `tests/proof/fault_matrix/`.

use super::{NOW, SEND, SLUG, assert_ledger_is_true, newsroom, states};
use crate::support::browser::Browser;
use crate::support::relay::{ScriptedRelay, Stage};

const MEBIBYTE: usize = 1024 * 1024;

#[test]
fn a_relay_that_never_ends_a_line_or_a_reply_is_left_at_a_bound() {
    let banner = format!("220 {}", "x".repeat(MEBIBYTE));
    let endless = "250-more\r\n".repeat(100_000);
    for (stage, said) in [
        (Stage::Banner, &banner),
        (Stage::Ehlo, &endless),
        (Stage::Mail, &endless),
    ] {
        let relay = ScriptedRelay::start();
        relay.at(stage).say(said);
        let room = newsroom(&relay).readers(1);
        let output = room.run(SEND);
        assert_ne!(output.status.code(), Some(0), "{output}");
        assert!(output.stderr.len() < 4096, "{}", output.stderr.len());
        assert!(relay.accepted().is_empty());
        let open = |state: &String| matches!(state.as_str(), "planned" | "deferred");
        assert!(states(&room).values().all(open), "{:?}", states(&room));
    }
}

#[test]
fn an_answer_that_is_none_to_the_command_ends_the_conversation_and_nothing_is_sent() {
    for said in [
        "354 go on\r\n",
        "2500 ok\r\n",
        "25\r\n",
        "999 ok\r\n",
        "250-a\r\n550 b\r\n",
    ] {
        let relay = ScriptedRelay::start();
        relay.at(Stage::Mail).say(said);
        let room = newsroom(&relay).readers(1);
        room.run(SEND).exits(3);
        assert!(relay.accepted().is_empty(), "{said}");
        assert_eq!(states(&room)["reader1@example.org"], "deferred", "{said}");
        assert_ledger_is_true(&room, &relay);
    }
}

#[test]
fn a_relay_that_goes_in_the_middle_of_a_message_leaves_it_deferred() {
    let relay = ScriptedRelay::start();
    relay.at(Stage::Body).reply("421 4.3.2 going down");
    let room = newsroom(&relay).readers(1);
    room.run(SEND).exits(3);
    assert!(relay.accepted().is_empty());
    assert_eq!(states(&room)["reader1@example.org"], "deferred");
    assert_ledger_is_true(&room, &relay);
}

#[test]
fn words_of_a_relay_are_text_on_the_desk() {
    let relay = ScriptedRelay::start();
    let script = "<script>alert(1)</script>";
    relay.reply_to_recipient("reader1@example.org", &format!("550 5.1.1 {script}"));
    relay.reply_to_recipient("reader2@example.org", &format!("421 4.7.28 {script}"));
    let room = newsroom(&relay).readers(2).now(NOW);
    room.run(SEND).exits(3);
    let told = room.run(["status"]).exits(0);
    assert!(told.stdout.contains(script), "the words are shown: {told}");
    let desk = room.spawn(["desk"]);
    let browser = Browser::at(&desk.wait_for_stdout("http://"));
    let page = browser.get("/content");
    assert!(page.contains(SLUG) && page.contains("alert(1)"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}
