//! `subscribers.csv` as people write it, and the suppressions that beat it.

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::program::Output;
use crate::support::relay::ScriptedRelay;

fn with_roster(csv: impl AsRef<[u8]>) -> Newsroom {
    newsroom()
        .essay("2026-12-01-one", "One", "Text.\n")
        .file("subscribers.csv", csv)
}

fn plan(csv: impl AsRef<[u8]>) -> Output {
    with_roster(csv).run(["--json", "plan", "one"])
}

/// The addresses that would get the issue.
#[track_caller]
fn recipients(csv: impl AsRef<[u8]>) -> Vec<String> {
    let answer = plan(csv).exits(0).json();
    let addresses = answer["recipients"].as_array().unwrap();
    addresses
        .iter()
        .map(|address| address.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn rosters_of_several_spreadsheets_are_understood() {
    let rosters = [
        "email,name\na@example.org,A\nb@example.org,\"B, C\"\n",
        "\u{FEFF}Name;E-mail\r\nA;a@example.org\r\n\"B; C\";b@example.org\r\n",
        "email\tname\na@example.org\tA\nb@example.org\tB\n",
        "Email Address\na@example.org\n\n\nb@example.org",
        "name,status,EMAIL,city\nA,,a@example.org,Rome\nB,Active,b@example.org,\"Os\nlo\"\n",
    ];
    for csv in rosters {
        assert_eq!(
            recipients(csv),
            ["a@example.org", "b@example.org"],
            "{csv:?}"
        );
    }
}

#[test]
fn two_rows_that_differ_in_case_are_one_person() {
    let output = plan("email\r\nAda@Example.org\r\nada@example.ORG\r\n").exits(0);
    assert_eq!(output.json()["count"], 1);
    output
        .stderr_contains("`ada@example.org` is on line 2 already; it is one person")
        .stderr_contains("subscribers.csv:3:1");
}

#[test]
fn a_bad_row_is_a_warning_with_its_line_and_the_rest_counts() {
    let csv = "email,name\na@example.org,A\nnobody,B\nc@example.org,\"C\nBcc: d@example.org\"\ne@example.org,E,more\nf@example.org,F\n";
    let room = with_roster(csv);
    let output = room.run(["--json", "plan", "one"]).exits(0);
    assert_eq!(
        output.json()["recipients"],
        serde_json::json!(["a@example.org", "f@example.org"])
    );
    assert_eq!(output.json()["bad_rows"], 3);
    insta::assert_snapshot!(output.stderr);
    for command in [
        ["plan", "one"].as_slice(),
        &["check"],
        &["subscribers", "list"],
    ] {
        room.run(command.iter().chain(&["--strict"]))
            .fails(1)
            .stderr_contains("error: the address `nobody` has no `@`");
    }
}

#[test]
fn a_file_that_no_row_can_be_trusted_of_is_refused_with_its_line() {
    let cases: [(&[u8], &str, &str); 8] = [
        (
            b"\xFF\xFEe\0m\0a\0i\0l\0",
            "not UTF-8 text (line 1)",
            "looks like UTF-16",
        ),
        (
            b"email,name\na@example.org,A\nb@example.org,Ren\xE9\n",
            "not UTF-8 text (line 3)",
            "Latin-1",
        ),
        (
            b"name,emial\nA,a@example.org\n",
            "no column `email`",
            "rename the column `emial` to `email`",
        ),
        (b"name,city\nA,Rome\n", "no column `email`", "hint: "),
        (
            b"a@example.org,A\n",
            "no header row",
            "put `email,name` on the first line",
        ),
        (
            b"email,email\na@example.org,b@example.org\n",
            "two columns `email`",
            "subscribers.csv:1:1",
        ),
        (
            b"email,city\na@example.org,\"Rome\nb@example.org,Oslo\n",
            "a quote on line 2 is never closed",
            "hint: close it",
        ),
        (b"", "no column `email`", "hint: "),
    ];
    for (csv, problem, more) in cases {
        plan(csv)
            .fails(1)
            .stdout_is("")
            .stderr_contains(problem)
            .stderr_contains(more);
    }
}

#[test]
fn no_roster_is_told_with_what_to_write() {
    let room = newsroom().essay("2026-12-01-one", "One", "Text.\n");
    for command in [
        ["plan", "one"].as_slice(),
        &["check"],
        &["subscribers", "list"],
    ] {
        room.run(command)
            .fails(1)
            .stderr_contains("there is no `subscribers.csv`")
            .stderr_contains("hint: make one with the line `email,name`");
    }
    // The web needs no readers' addresses.
    room.run(["build"]).succeeds();
}

#[test]
fn the_plan_tells_who_does_not_get_it_and_why() {
    let room = newsroom()
        .essay_with("2026-12-01-one", "One", "audience = [\"craft\"]", "Text.\n")
        .subscribers(
            "email,tags,status\nin@example.org,Craft;other,\nout@example.org,other,\nleft@example.org,craft,unsubscribed\nnever@example.org,craft,\n",
        );
    room.run([
        "subscribers",
        "suppress",
        "NEVER@example.org",
        "--reason",
        "complained",
    ])
    .succeeds();
    let output = room.run(["plan", "one", "--all"]).succeeds();
    insta::assert_snapshot!(output.stdout);
}

#[test]
fn suppressions_beat_the_file_until_they_are_lifted() {
    let room = with_roster("email\na@example.org\nb@example.org\n");
    let count =
        |room: &Newsroom| room.run(["--json", "plan", "one"]).exits(0).json()["count"].clone();
    assert_eq!(count(&room), 2);
    room.run(["subscribers", "suppress", "B@Example.org"])
        .succeeds()
        .stdout_contains("is not mailed any more (unsubscribed)");
    room.run(["subscribers", "suppress", "b@example.org"])
        .succeeds()
        .stdout_contains("was suppressed already");
    assert_eq!(count(&room), 1);
    room.run(["subscribers", "list"])
        .succeeds()
        .stdout_contains("suppressed: unsubscribed")
        .stdout_contains("1 of 2 subscribers mailed");
    let listed = room
        .run(["--json", "subscribers", "list", "--suppressed"])
        .succeeds()
        .json();
    assert_eq!(listed["suppressions"][0]["reason"], "unsubscribed");
    // A row written anew does not bring anybody back.
    room.write(
        "subscribers.csv",
        "email,status\na@example.org,\nb@example.org,active\n",
    );
    assert_eq!(count(&room), 1);
    room.run([
        "subscribers",
        "allow",
        "b@example.org",
        "--reason",
        "wrote to me",
    ])
    .succeeds()
    .stdout_contains("allowed again");
    assert_eq!(count(&room), 2);
}

#[test]
fn somebody_who_complained_is_not_let_back_in() {
    let room = with_roster("email\na@example.org\n");
    room.run([
        "subscribers",
        "suppress",
        "a@example.org",
        "--reason",
        "complained",
    ])
    .succeeds();
    room.run([
        "subscribers",
        "allow",
        "a@example.org",
        "--reason",
        "wrote to me",
    ])
    .fails(1)
    .stderr_contains("reported a letter as spam");
}

#[test]
fn the_subject_of_an_unsubscribe_mail_is_enough_to_suppress() {
    let relay = ScriptedRelay::start();
    let room = with_roster("email\na@example.org\n").relay(&relay);
    room.run(["-q", "send", "one", "--yes"]).exits(0);
    let letter = Letter::read(&relay.wait_for(1)[0].data);
    let link = letter.header("List-Unsubscribe").to_owned();
    assert!(letter.headers("List-Unsubscribe-Post").is_empty());
    let subject = super::between(&link, "subject=", ">").replace("%20", " ");
    let token = subject.split(' ').next_back().unwrap().to_owned();
    room.run(["subscribers", "suppress", &token])
        .succeeds()
        .stdout_contains("a@example.org is not mailed any more");
    let room = room.essay("2026-12-08-two", "Two", "More.\n");
    let plan = room.run(["--json", "plan", "two"]).exits(0).json();
    assert_eq!(plan["count"], 0);
    assert_eq!(plan["excluded"][0]["reason"], "suppressed: unsubscribed");
    room.run(["subscribers", "suppress", &format!("{token}x")])
        .fails(1)
        .stderr_contains("this token is not one of this publication's");
}

#[test]
fn an_address_that_is_none_is_refused() {
    let room = with_roster("email\na@example.org\n");
    for address in [
        "nobody",
        "a@",
        "@example.org",
        "a@example.org\r\nb@example.org",
        "a b@example.org",
    ] {
        for command in [
            ["subscribers", "suppress", address].as_slice(),
            &["subscribers", "allow", address, "--reason", "wrote to me"],
            &["subscribers", "add", address],
            &["subscribers", "remove", address, "--yes"],
        ] {
            room.run(command).fails(1);
        }
        room.run(["history", address]).fails(1);
    }
}

#[test]
fn addresses_of_every_odd_kind_are_refused_or_warned_of_by_their_line() {
    let long = format!("{}@example.org", "a".repeat(65));
    let domain = ["b".repeat(60).as_str(); 3].join(".");
    let longer = format!("{}@{domain}.example.org", "a".repeat(60));
    for (address, reason) in [
        (long.as_str(), "longer than 64 bytes before the `@`"),
        (&longer, "longer than 254 bytes"),
        ("user@[127.0.0.1]", "no public domain"),
        ("user@127.0.0.1", "no public domain"),
        ("user@localhost", "no public domain"),
        ("\"\"\"a b\"\"@example.org\"", "quotes"),
        ("a b@example.org", "not allowed"),
        ("a..b@example.org", "not allowed"),
        ("a@-example.org", "not valid"),
        ("a@exa_mple.org", "not valid"),
    ] {
        let csv = format!("email\nada@example.org\n{address}\n");
        plan(&csv)
            .exits(0)
            .stderr_contains("subscribers.csv:3:")
            .stderr_contains(reason);
        assert_eq!(recipients(&csv), ["ada@example.org"], "{address}");
    }
    for role in ["postmaster", "Abuse", "noreply", "no-reply"] {
        let csv = format!("email\n{role}@example.org\n");
        plan(&csv)
            .exits(0)
            .stderr_contains("subscribers.csv:2:")
            .stderr_contains("is a role, not a reader");
        assert_eq!(recipients(&csv).len(), 1, "it is mailed all the same");
    }
}
