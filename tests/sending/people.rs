//! Subscribers who move, who are forgotten, and what is known of them: beside issues that were sent.

use super::{LATER, SEND, SLUG, assert_counts, ledger, newsroom, rows_of, status};
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

const OLD: &str = "reader2@example.org";
const NEW: &str = "new@example.com";

/// Everything in the publication's folder that could hold an address, as one text.
fn everything(room: &Newsroom) -> String {
    let mut all = String::new();
    for file in room.files("") {
        all.push_str(&String::from_utf8_lossy(&room.read_bytes(&file)).to_lowercase());
    }
    all
}

#[test]
fn who_moves_keeps_the_history_and_gets_no_issue_twice() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(5);
    room.run(SEND).exits(0);
    let before = room.read("subscribers.csv");
    room.run(["subscribers", "move", OLD, NEW])
        .exits(0)
        .stdout_contains("reader2@example.org is new@example.com from now on");
    assert_eq!(room.read("subscribers.csv"), before.replace(OLD, NEW));
    let history = room.run(["history", NEW, "--json"]).exits(0).json();
    assert_eq!(history["issues"][0]["slug"], SLUG);
    assert_eq!(history["issues"][0]["state"], "sent");
    // The issue went to the old address: it is one person.
    room.run(["send", SLUG, "--to", NEW, "--yes"])
        .fails(1)
        .stderr_contains("went to an earlier address of new@example.com: sent");
    assert_eq!(relay.accepted().len(), 5);
    // The next one goes to the new address alone, also where somebody writes the old row again.
    let room = room
        .essay("2026-12-01-two", "Two", "More.\n")
        .subscribers(&(before.replace(OLD, NEW) + "reader2@example.org,Reader 2\n"));
    let plan = room.run(["--json", "-q", "plan", "two"]).exits(0).json();
    assert_eq!(plan["count"], 5);
    assert!(plan["recipients"].to_string().contains(NEW));
    assert!(!plan["recipients"].to_string().contains(OLD));
    room.run(["ledger", "check"]).exits(0);
    let shown = room.run(["subscribers", "show", NEW]).exits(0).stdout;
    assert!(shown.contains("had reader2@example.org until"), "{shown}");
}

#[test]
fn a_correction_goes_to_who_got_the_issue_at_the_address_before() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(0);
    room.run(["subscribers", "move", OLD, NEW]).exits(0);
    let id = room.run(["status", SLUG, "--json"]).exits(0).json()["issue"].clone();
    let room = room.essay_with(
        "2026-12-01-fix",
        "Fix",
        &format!("parent = {id}"),
        "Sorry.\n",
    );
    let plan = room.run(["--json", "-q", "plan", "fix"]).exits(0).json();
    assert_eq!(plan["count"], 3, "{plan}");
}

#[test]
fn who_moves_in_the_middle_of_an_issue_is_told_how_to_get_it() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient(OLD, &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(3);
    room.run(["subscribers", "move", OLD, NEW])
        .exits(0)
        .stdout_contains(&format!("`postrider send {SLUG} --to {NEW}`"));
    let room = room.now(LATER);
    room.run(["send", SLUG, "--to", NEW, "--yes"]).exits(0);
    assert_counts(&room, &[("planned", 4), ("sent", 3), ("skipped", 1)]);
    let to: Vec<String> = relay
        .accepted()
        .iter()
        .map(|one| one.rcpt_to.join(" "))
        .collect();
    assert!(
        to.iter().any(|one| one.contains(NEW)) && !to.iter().any(|one| one.contains(OLD)),
        "{to:?}"
    );
}

#[test]
fn a_move_that_would_revive_or_join_two_people_is_refused() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(4);
    room.run(["subscribers", "suppress", "left@example.org"])
        .exits(0);
    room.run(["subscribers", "suppress", "reader4@example.org"])
        .exits(0);
    for (old, new, why) in [
        (
            OLD,
            "left@example.org",
            "left@example.org must not be mailed",
        ),
        (
            "reader4@example.org",
            NEW,
            "reader4@example.org must not be mailed",
        ),
        (
            OLD,
            "reader3@example.org",
            "reader3@example.org is on the roster already",
        ),
        (
            "stranger@example.org",
            NEW,
            "stranger@example.org is not on the roster",
        ),
        (OLD, "Reader2@Example.ORG", "both addresses are one person"),
    ] {
        room.run(["subscribers", "move", old, new])
            .fails(1)
            .stderr_contains(why);
    }
    // There and back again.
    room.run(["subscribers", "move", OLD, NEW]).exits(0);
    room.run(["subscribers", "move", NEW, OLD])
        .fails(1)
        .stderr_contains("must not be mailed");
    room.run(["subscribers", "allow", OLD, "--reason", "uses it again"])
        .exits(0);
    room.run(["subscribers", "move", NEW, OLD]).exits(0);
    room.run(["history", OLD]).exits(0);
    room.run(["history", NEW]).exits(0);
}

#[test]
fn who_is_erased_is_nowhere_any_more_and_is_not_mailed_and_the_proof_stays() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient(
        "reader3@example.org",
        &["450 4.2.0 <reader3@example.org> later"],
    );
    let room = newsroom(&relay).readers(4);
    room.run(SEND).exits(3);
    room.run(["subscribers", "move", OLD, NEW]).exits(0);
    for address in [OLD, NEW, "reader3@example.org"] {
        assert!(everything(&room).contains(address), "{address} was there");
    }
    room.run(["subscribers", "erase", NEW])
        .fails(1)
        .stderr_contains("there is no terminal to ask at")
        .stderr_contains("cannot be undone");
    room.run(["subscribers", "erase", NEW, "--yes"])
        .exits(0)
        .stdout_contains("1 delivery without address now")
        .stdout_contains("1 earlier address")
        .stdout_contains("out of reach: backups");
    room.run(["subscribers", "erase", "reader3@example.org", "--yes"])
        .exits(0);
    let all = everything(&room);
    for address in [OLD, NEW, "reader3@example.org", "reader 2", "reader 3"] {
        assert!(!all.contains(address), "{address} is still there");
    }
    assert!(
        all.contains("reader1@example.org"),
        "the others are untouched"
    );
    // What was sent is still proven, and nothing is sent.
    assert_eq!(status(&room)["sent"], 3);
    assert_eq!(
        rows_of(
            &room,
            "delivery WHERE address = '' AND message_sha256 IS NOT NULL AND state = 'sent'"
        ),
        1
    );
    room.run(["ledger", "check"]).exits(0);
    room.now(LATER).run(SEND).exits(0);
    assert_eq!(relay.accepted().len(), 3);
}

#[test]
fn nothing_brings_back_who_was_erased_but_their_own_wish() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(3);
    room.run(SEND).exits(0);
    room.run(["subscribers", "erase", OLD, "--yes"]).exits(0);
    room.run(["subscribers", "add", OLD])
        .fails(1)
        .stderr_contains("must not be mailed");
    room.write("in.csv", "email,status\nreader2@example.org,active\n");
    let diff = room
        .run(["--json", "-q", "subscribers", "import", "in.csv", "--yes"])
        .exits(0)
        .json();
    assert_eq!((&diff["new"], &diff["kept_out"]), (&0.into(), &1.into()));
    room.run(["send", SLUG, "--again", OLD, "--yes"]).fails(1);
    // Allowed again, an erased delivery stays what it is.
    room.run(["subscribers", "allow", OLD, "--reason", "asked by letter"])
        .exits(0);
    room.run(["subscribers", "add", OLD]).exits(0);
    room.run(["send", SLUG, "--again", OLD, "--yes"]).fails(1);
    room.run(["subscribers", "erase", "stranger@example.org", "--yes"])
        .fails(1)
        .stderr_contains("nothing is known of stranger@example.org");
}

#[test]
fn the_ledger_lets_an_address_go_and_nothing_else_of_whose_a_delivery_is() {
    let relay = ScriptedRelay::start();
    relay.replies_to_recipient(OLD, &["450 4.2.0 later"]);
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(3);
    let ledger = ledger(&room);
    for refused in [
        "UPDATE delivery SET address = 'x@example.org' WHERE state = 'sent'",
        "UPDATE delivery SET address = ''  WHERE state = 'sent'",
        "UPDATE delivery SET address = '', name = '', fields = NULL WHERE state = 'deferred'",
        "UPDATE delivery SET address = '', name = '', fields = NULL, subscriber_id = 9 WHERE state = 'sent'",
        "UPDATE attempt SET reply = NULL",
        "UPDATE attempt SET reply = 'other'",
    ] {
        assert!(ledger.execute(refused, []).is_err(), "{refused}");
    }
    let erase = "UPDATE delivery SET address = '', name = '', fields = NULL WHERE state = 'sent'";
    assert_eq!(ledger.execute(erase, []).unwrap(), 1);
    for refused in [
        "UPDATE delivery SET address = 'x@example.org' WHERE state = 'sent'",
        "UPDATE delivery SET state = 'planned', resends = resends + 1 WHERE state = 'sent'",
        "UPDATE attempt SET reply = NULL, code = 550 WHERE outcome = 'sent'",
    ] {
        assert!(ledger.execute(refused, []).is_err(), "{refused}");
    }
}

#[test]
fn a_letter_that_is_under_way_holds_an_erasure_up() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(2);
    room.run(SEND).exits(0);
    let room = room.essay("2026-12-01-two", "Two", "More.\n");
    relay.replies_to_recipient(OLD, &["450 4.2.0 later"]);
    room.run(["send", "two", "--yes"]).exits(3);
    ledger(&room)
        .execute(
            "UPDATE delivery SET state = 'claimed', claim_token = 1 WHERE state = 'deferred'",
            [],
        )
        .unwrap();
    room.run(["subscribers", "erase", OLD, "--yes"])
        .fails(75)
        .stderr_contains("is under way now");
    assert!(everything(&room).contains(OLD), "nothing was erased");
}

#[test]
fn everything_that_is_held_about_a_person_is_shown() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).subscribers(
        "email,name,tags,city\nreader1@example.org,Reader 1,,\nreader2@example.org,Ada,craft,Rome\n",
    );
    room.run(SEND).exits(0);
    room.run(["subscribers", "suppress", OLD]).exits(0);
    room.run(["subscribers", "allow", OLD, "--reason", "wrote on 3 May"])
        .exits(0);
    room.run(["subscribers", "suppress", OLD, "--reason", "operator"])
        .exits(0);
    let told = room.run(["subscribers", "show", OLD]).exits(0).stdout;
    for text in [
        "subscribers.csv, line 3: email=reader2@example.org, name=Ada, tags=craft, city=Rome",
        "suppressed since",
        "operator, by command",
        "allowed again",
        "wrote on 3 May",
        SLUG,
    ] {
        assert!(told.contains(text), "{text}\n{told}");
    }
    let held = room
        .run(["--json", "subscribers", "show", OLD])
        .exits(0)
        .json();
    assert_eq!(held["rows"][0]["fields"]["city"], "Rome");
    assert_eq!(held["issues"][0]["state"], "sent");
    assert_eq!(held["lifted"][0]["was"], "unsubscribed");
    assert_eq!(held["suppressed"]["reason"], "operator");
    room.run(["subscribers", "show", "stranger@example.org"])
        .fails(1)
        .stderr_contains("nothing is known");
}

#[test]
fn what_does_not_fit_is_told_and_only_what_nobody_misses_is_taken_out() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(4);
    room.run(SEND).exits(0);
    room.run(["subscribers", "suppress", OLD]).exits(0);
    let csv = "email,name,phone\nreader1@example.org,Reader 1,\nreader2@example.org,Reader 2,\n\
        reader3@example.org,Reader 3,\nreader3@example.org,Reader 3,\nREADER3@example.org,Other,\n\
        nobody,N,\nann@gmial.com,Ann,\n";
    let room = room.subscribers(csv);
    let told = room.run(["subscribers", "tidy"]).exits(0).stdout;
    insta::assert_snapshot!(told);
    assert_eq!(room.read("subscribers.csv"), csv);
    room.run(["subscribers", "tidy", "--fix"])
        .fails(1)
        .stderr_contains("--yes");
    room.run(["subscribers", "tidy", "--fix", "--yes"])
        .exits(0)
        .stdout_contains("2 rows taken out");
    let first = "reader3@example.org,Reader 3,\n";
    assert_eq!(
        room.read("subscribers.csv"),
        csv.replace("reader2@example.org,Reader 2,\n", "")
            .replace(&first.repeat(2), first)
    );
    let left = room.run(["--json", "subscribers", "tidy"]).exits(0).json();
    assert_eq!(
        left["deleted"]["addresses"],
        serde_json::json!(["reader4@example.org"])
    );
    assert_eq!(left["suppressed"]["number"], 0);
}

#[test]
fn who_signed_up_on_the_web_is_listed_exported_moved_and_erased_like_a_row() {
    let relay = ScriptedRelay::start();
    let room = newsroom(&relay).readers(1);
    // A command that writes; those that look make neither ledger nor key.
    room.run(["subscribers", "suppress", "stranger@example.org"])
        .exits(0);
    let secret: [u8; 32] = room.read_bytes("postrider.key").try_into().unwrap();
    let address = postrider::address::EmailAddress::parse("web@example.org").unwrap();
    let key = postrider::token::Keys::derive(&secret).address_key(&address);
    let asks = "INSERT INTO signup (addr_key, address, name, tags, state, nonce, asked_at, asked_from)
                VALUES (?1, 'web@example.org', 'Wilhelmina', 'craft', 'asked', x'01', 1767225600000, '192.0.2.7')";
    let confirms = "UPDATE signup SET state = 'confirmed', confirmed_at = 1767229200000, confirmed_from = '192.0.2.7',
                           consent = 'Yes, send me the letter', consent_form = '1' WHERE addr_key = ?1";
    for sql in [asks, confirms] {
        ledger(&room).execute(sql, [key.as_bytes()]).unwrap();
    }
    let listed = room
        .run(["--json", "subscribers", "list", "--source", "web"])
        .exits(0)
        .json();
    assert_eq!(listed["subscribers"][0]["address"], "web@example.org");
    room.run(["subscribers", "export"])
        .exits(0)
        .stdout_contains("web@example.org,Wilhelmina,craft,2026-01-01,active,web");
    room.run(["subscribers", "show", "web@example.org"])
        .exits(0)
        .stdout_contains("Yes, send me the letter")
        .stdout_contains("192.0.2.7");
    room.run(["subscribers", "move", "web@example.org", NEW])
        .exits(0);
    let plan = room.run(["--json", "-q", "plan", SLUG]).exits(0).json();
    assert_eq!(
        plan["recipients"],
        serde_json::json!(["reader1@example.org", NEW])
    );
    room.run(["subscribers", "erase", NEW, "--yes"])
        .exits(0)
        .stdout_contains("the sign-up");
    let all = everything(&room);
    for text in [NEW, "web@example.org", "wilhelmina", "192.0.2.7"] {
        assert!(!all.contains(text), "{text} is still there");
    }
    let plan = room.run(["--json", "-q", "plan", SLUG]).exits(0).json();
    assert_eq!(plan["count"], 1);
}
