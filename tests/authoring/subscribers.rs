//! Commands that change the roster: what they change, and what they leave alone.

use super::newsroom;
use crate::support::newsroom::Newsroom;

fn with_roster(csv: impl AsRef<[u8]>) -> Newsroom {
    newsroom()
        .essay("2026-12-01-one", "One", "Text.\n")
        .file("subscribers.csv", csv)
        .now("2026-11-01T09:00:00Z")
}

const ROSTER: &str = "\u{FEFF}Name;E-mail;Tags;Note\r\n\"Ann; A.\";ann@example.org;craft;\"said \"\"yes\"\"\"\r\nBob;BOB@example.org;;# met in Rome\r\n";

#[test]
fn somebody_is_added_in_the_files_own_style() {
    let room = with_roster(ROSTER);
    let add = ["subscribers", "add", "cy@example.org", "--name", "Cy; C."];
    room.run(
        add.iter()
            .chain(&["--tags", "craft,north", "--column", "note=by letter"]),
    )
    .succeeds()
    .stdout_contains("cy@example.org is on the roster");
    let row = "\"Cy; C.\";cy@example.org;craft north;by letter\r\n";
    assert_eq!(room.read("subscribers.csv"), format!("{ROSTER}{row}"));
    // A column that the author's file lacks is a typing error, but for ours.
    room.run(["subscribers", "add", "di@example.org", "--column", "not=x"])
        .fails(1)
        .stderr_contains("`subscribers.csv` has no column `not`")
        .stderr_contains("hint: did you mean `note`?");
    let plan = room.run(["--json", "plan", "one"]).exits(0).json();
    assert_eq!(plan["count"], 3);
}

#[test]
fn the_first_subscriber_makes_the_file_and_the_day_is_written_down() {
    let room = newsroom().now("2026-11-01T09:00:00Z");
    room.run([
        "subscribers",
        "add",
        "a@example.org",
        "--column",
        "city=Rome",
    ])
    .succeeds()
    .stdout_contains("made `subscribers.csv`");
    assert_eq!(
        room.read("subscribers.csv"),
        "email,name,tags,joined,status,city\na@example.org,,,2026-11-01,,Rome\n"
    );
}

#[test]
fn a_role_that_is_added_is_warned_of() {
    let room = with_roster(ROSTER);
    for role in ["postmaster", "abuse", "noreply"] {
        room.run(["subscribers", "add", &format!("{role}@example.org")])
            .exits(0)
            .stderr_contains("is a role, not a reader");
    }
}

#[test]
fn nobody_is_added_twice_or_after_leaving() {
    let room = with_roster(ROSTER);
    room.run(["subscribers", "add", "Bob@Example.org"])
        .fails(1)
        .stderr_contains("is on the roster already")
        .stderr_contains("line 3 of `subscribers.csv`");
    for (reason, why) in [
        ("unsubscribed", "asked to get no more mail"),
        ("complained", "reported a letter as spam"),
        ("bounced", "mail to it came back"),
        ("operator", "taken off by command"),
    ] {
        let address = format!("{reason}@example.org");
        room.run(["subscribers", "suppress", &address, "--reason", reason])
            .exits(0);
        room.run(["subscribers", "add", &address])
            .fails(1)
            .stderr_contains(why)
            .stderr_contains(&format!("postrider subscribers allow {address} --reason"));
    }
    room.run([
        "subscribers",
        "add",
        "x@example.org",
        "--name",
        "X\r\nBcc: y@example.org",
    ])
    .fails(1)
    .stderr_contains("line break");
    assert_eq!(room.read("subscribers.csv"), ROSTER);
}

#[test]
fn who_is_removed_is_gone_from_the_file_and_never_comes_back() {
    let room = with_roster(ROSTER);
    room.run(["subscribers", "remove", "bob@example.org"])
        .fails(1)
        .stderr_contains("no terminal to ask at")
        .stderr_contains("--yes");
    assert_eq!(room.read("subscribers.csv"), ROSTER);
    room.run(["subscribers", "remove", "bob@example.org", "--yes"])
        .succeeds()
        .stdout_contains(
            "bob@example.org: line 3 was taken out; is not mailed any more (operator)",
        );
    let row = "Bob;BOB@example.org;;# met in Rome\r\n";
    assert_eq!(room.read("subscribers.csv"), ROSTER.replace(row, ""));
    // A row written anew brings nobody back.
    room.write("subscribers.csv", ROSTER);
    let plan = room.run(["--json", "plan", "one"]).exits(0).json();
    assert_eq!(plan["recipients"], serde_json::json!(["ann@example.org"]));
    let listed = room
        .run(["--json", "subscribers", "list", "--suppressed"])
        .exits(0)
        .json();
    assert_eq!(listed["suppressions"][0]["reason"], "operator");
    room.run(["subscribers", "remove", "stranger@example.org", "--yes"])
        .fails(1)
        .stderr_contains("is not on the roster");
}

#[test]
fn a_suppression_is_lifted_with_a_reason_that_is_kept() {
    let room = with_roster("email\na@example.org\n");
    room.run(["subscribers", "suppress", "a@example.org"])
        .exits(0);
    room.run(["subscribers", "allow", "a@example.org"])
        .fails(2)
        .stderr_contains("--reason");
    room.run(["subscribers", "allow", "a@example.org", "--reason", " "])
        .fails(1)
        .stderr_contains("the reason is empty");
    room.run([
        "subscribers",
        "allow",
        "a@example.org",
        "--reason",
        "wrote on 3 May",
    ])
    .succeeds()
    .stdout_contains("allowed again (was: unsubscribed)");
    room.run([
        "subscribers",
        "suppress",
        "a@example.org",
        "--reason",
        "complained",
    ])
    .exits(0);
    let allow = [
        "subscribers",
        "allow",
        "a@example.org",
        "--reason",
        "pressed the wrong button",
    ];
    room.run(allow)
        .fails(1)
        .stderr_contains("--despite-complaint");
    room.run(allow.iter().chain(&["--despite-complaint"]))
        .succeeds()
        .stdout_contains("allowed again (was: complained)");
}

#[test]
fn the_list_is_narrowed_and_counted() {
    let room = with_roster(
        "email,tags,status\na@example.org,Craft north,\nb@example.org,craft,paused\nc@example.org,north,\nd@example.org,craft,\n",
    );
    room.run(["subscribers", "suppress", "d@example.org"])
        .exits(0);
    let addresses = |arguments: &[&str]| {
        let listed = room
            .run(["--json", "subscribers", "list"].iter().chain(arguments))
            .exits(0)
            .json();
        let rows = listed["subscribers"].as_array().unwrap().clone();
        let of = |row: &serde_json::Value| row["address"].as_str().unwrap()[..1].to_owned();
        rows.iter().map(of).collect::<String>()
    };
    assert_eq!(addresses(&[]), "abcd");
    assert_eq!(addresses(&["--tag", "craft"]), "abd");
    assert_eq!(addresses(&["--status", "mailed"]), "ac");
    assert_eq!(addresses(&["--status", "paused"]), "b");
    assert_eq!(addresses(&["--status", "suppressed"]), "d");
    assert_eq!(addresses(&["--tag", "north", "--status", "mailed"]), "ac");
    let listed = room.run(["subscribers", "list"]).succeeds();
    insta::assert_snapshot!(listed.stdout);
    room.run(["subscribers", "list", "--tag", "craft"])
        .succeeds()
        .stdout_contains("1 of 3 subscribers mailed; 4 are on the roster");
}

#[test]
fn a_file_that_somebody_saves_meanwhile_is_not_written_over() {
    use postrider::fs::write_atomically_unless;
    let room = with_roster(ROSTER);
    let path = room.path("subscribers.csv");
    // The last look before the new file takes its place.
    let refused = write_atomically_unless(
        &path,
        |out| out.write_all(b"ours"),
        || Err(std::io::Error::other("changed")),
    );
    assert!(refused.is_err());
    assert_eq!(room.read("subscribers.csv"), ROSTER);
    // Two commands at once: one of them holds the file.
    let file = std::fs::File::open(&path).unwrap();
    file.lock().unwrap();
    room.run(["subscribers", "add", "z@example.org"])
        .fails(75)
        .stderr_contains("another command of Postrider is changing `subscribers.csv`");
    drop(file);
    room.write(".~lock.subscribers.csv#", "");
    room.run(["subscribers", "add", "z@example.org"])
        .exits(0)
        .stderr_contains("LibreOffice has `subscribers.csv` open");
}

#[test]
fn a_roster_that_is_a_link_stays_one_and_keeps_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let room = with_roster(ROSTER);
    let other = room.path("elsewhere");
    std::fs::create_dir(&other).unwrap();
    std::fs::rename(room.path("subscribers.csv"), other.join("roster.csv")).unwrap();
    std::os::unix::fs::symlink(other.join("roster.csv"), room.path("subscribers.csv")).unwrap();
    // The file may be a link: what it leads to is replaced, and stays the author's.
    std::fs::set_permissions(other.join("roster.csv"), PermissionsExt::from_mode(0o640)).unwrap();
    room.run(["subscribers", "add", "z@example.org"]).succeeds();
    assert!(room.path("subscribers.csv").is_symlink());
    let mode = std::fs::metadata(other.join("roster.csv"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(
        room.read("elsewhere/roster.csv")
            .ends_with("z@example.org;;\r\n")
    );
}
