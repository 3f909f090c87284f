//! `subscribers import`: other people's files, hostile ones among them.

use serde_json::{Value, json};

use super::newsroom;
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

pub(super) const ROSTER: &str = "email,name,tags,joined,status\nann@example.org,Ann,craft,2025-01-02,\nbob@example.org,,,,\ngone@example.org,Gone,,,\n";

pub(super) fn room() -> Newsroom {
    newsroom()
        .now("2026-11-01T09:00:00Z")
        .essay("2026-12-01-one", "One", "Text.\n")
        .subscribers(ROSTER)
}

/// What an import would do.
#[track_caller]
fn look(room: &Newsroom, csv: impl AsRef<[u8]>, options: &[&str]) -> Value {
    room.write("in.csv", csv);
    let import = [
        "--json",
        "-q",
        "subscribers",
        "import",
        "in.csv",
        "--dry-run",
    ];
    room.run(import.iter().chain(options)).exits(0).json()
}

#[track_caller]
fn import(room: &Newsroom, csv: impl AsRef<[u8]>) -> Value {
    room.write("in.csv", csv);
    room.run(["--json", "-q", "subscribers", "import", "in.csv", "--yes"])
        .exits(0)
        .json()
}

/// Addresses that would get the next issue.
pub(super) fn mailed(room: &Newsroom) -> Vec<String> {
    let plan = room.run(["--json", "-q", "plan", "one"]).exits(0).json();
    let all = plan["recipients"].as_array().unwrap();
    all.iter()
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

pub(super) fn suppressions(room: &Newsroom) -> Vec<(String, String)> {
    let listed = room
        .run(["--json", "subscribers", "list", "--suppressed"])
        .exits(0)
        .json();
    let rows = listed["suppressions"].as_array().unwrap().clone();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<_> = rows
        .iter()
        .map(|row| (text(row, "address"), text(row, "reason")))
        .collect();
    all.sort();
    all
}

#[test]
fn an_import_tells_what_it_would_do_and_then_does_just_that() {
    let room = room();
    room.run(["subscribers", "suppress", "gone@example.org"])
        .exits(0);
    room.run(["subscribers", "suppress", "left@example.org"])
        .exits(0);
    let csv = "Email Address;First Name;Last Name;Tags;City\n\
        new@example.org;New;Person;\"\"\"Early Bird\"\",\"\"craft\"\"\";Rome\n\
        Bob@Example.org;Bob;;north;\n\
        ann@example.org;Other;Name;craft;\n\
        left@example.org;L;;;\n\
        GONE@example.org;G;;;\n\
        nobody;N;;;\n\
        new@EXAMPLE.org;Again;;;\n";
    room.write("in.csv", csv);
    let told = room
        .run(["subscribers", "import", "in.csv", "--dry-run"])
        .exits(0);
    insta::assert_snapshot!(told.stdout);
    told.stderr_contains("in.csv:7:1")
        .stderr_contains("the address `nobody` has no `@`");
    assert_eq!(room.read("subscribers.csv"), ROSTER);
    room.run(["subscribers", "import", "in.csv"])
        .fails(1)
        .stderr_contains("--expect 2");
    room.run(["subscribers", "import", "in.csv", "--expect", "3"])
        .fails(1)
        .stderr_contains("2 rows would come, change or go, and 3 were expected");
    room.run(["-q", "subscribers", "import", "in.csv", "--expect", "2"])
        .exits(0)
        .stdout_contains("done");
    assert_eq!(
        room.read("subscribers.csv"),
        ROSTER.replace("bob@example.org,,,,", "bob@example.org,Bob,north,,")
            + "new@example.org,New Person,Early-Bird craft,2026-11-01,\n"
    );
    assert_eq!(
        mailed(&room),
        ["ann@example.org", "bob@example.org", "new@example.org"]
    );
    // Once more changes nothing.
    let again = import(&room, csv);
    assert_eq!(
        (&again["touched"], &again["written"]),
        (&json!(0), &json!(false))
    );
    let other = look(&room, csv, &["--overwrite", "--keep", "City"]);
    assert_eq!(
        (&other["changed"], &other["left_out"]),
        (&json!(2), &json!([]))
    );
    room.run([
        "subscribers",
        "import",
        "in.csv",
        "--dry-run",
        "--keep",
        "town",
    ])
    .fails(1)
    .stderr_contains("has no column `town`")
    .stderr_contains("city");
}

#[test]
fn whoever_left_elsewhere_is_suppressed_and_never_a_subscriber() {
    for (name, csv, gone) in [
        (
            "Mailchimp, subscribed",
            "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,LEID,TAGS\nin@example.org,In,Side,2,\"2024-05-06 07:08:09\",,\"2024-05-06 07:09:09\",1,\"\"\"craft\"\"\"\n",
            vec![],
        ),
        (
            "Mailchimp, unsubscribed",
            "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON\nout@example.org,O,2,\"2024-05-06 07:08:09\",\"2025-05-06 07:08:09\",\"No longer interested\"\n",
            vec![("out@example.org", "unsubscribed")],
        ),
        (
            "Mailchimp, cleaned",
            "Email Address,MEMBER_RATING,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE\nhard@example.org,1,\"2025-05-06 07:08:09\",One\n",
            vec![("hard@example.org", "bounced")],
        ),
        (
            "Substack",
            "email,active_subscription,expiry,plan,email_disabled,digest_enabled,created_at\nin@example.org,false,,other,false,false,2024-05-06T07:08:09.000Z\nout@example.org,false,,other,true,false,2024-05-06T07:08:09.000Z\n",
            vec![("out@example.org", "unsubscribed")],
        ),
        (
            "Ghost",
            "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n1,in@example.org,In,,true,false,,2024-05-06T07:08:09.000Z,,\"VIP, Early Bird\",\n2,out@example.org,Out,,false,false,,2024-05-06T07:08:09.000Z,,,\n3,deleted@example.org,D,,true,false,,2024-05-06T07:08:09.000Z,2025-05-06T07:08:09.000Z,,\n",
            vec![
                ("deleted@example.org", "unsubscribed"),
                ("out@example.org", "unsubscribed"),
            ],
        ),
        (
            "Buttondown",
            "id,email_address,subscriber_type,tags,creation_date\n1,in@example.org,regular,craft,2024-05-06\n2,out@example.org,unsubscribed,,2024-05-06\n3,hard@example.org,undeliverable,,2024-05-06\n4,spam@example.org,complained,,2024-05-06\n",
            vec![
                ("hard@example.org", "bounced"),
                ("out@example.org", "unsubscribed"),
                ("spam@example.org", "complained"),
            ],
        ),
        (
            "listmonk",
            "uuid,email,name,attributes,status,created_at,updated_at\na,in@example.org,In,\"{\"\"city\"\": \"\"Rome\"\"}\",enabled,2024-05-06T07:08:09Z,\nb,blocked@example.org,B,{},blocklisted,2024-05-06T07:08:09Z,\n",
            vec![("blocked@example.org", "operator")],
        ),
    ] {
        let room = newsroom()
            .now("2026-11-01T09:00:00Z")
            .essay("2026-12-01-one", "One", "Text.\n")
            .subscribers("email,name,tags,joined\nfirst@example.org,,,\n");
        let diff = import(&room, csv);
        let here = csv.contains("in@example.org");
        assert_eq!(diff["new"], json!(u64::from(here)), "{name}: {diff}");
        let gone: Vec<(String, String)> = gone
            .into_iter()
            .map(|(one, why)| (one.to_owned(), why.to_owned()))
            .collect();
        assert_eq!(suppressions(&room), gone, "{name}");
        let mut expected = vec!["first@example.org"];
        expected.extend(here.then_some("in@example.org"));
        assert_eq!(mailed(&room), expected, "{name}");
        if here {
            assert!(
                room.read("subscribers.csv").contains("2024-05-06"),
                "{name}"
            );
        }
        // Their next export cannot bring anybody back.
        let second = import(
            &room,
            csv.replace("unsubscribed", "regular")
                .replace("blocklisted", "enabled"),
        );
        assert_eq!(
            (&second["new"], mailed(&room)),
            (
                &json!(0),
                expected.iter().map(|one| (*one).to_owned()).collect()
            )
        );
    }
}

#[test]
fn a_status_that_is_none_of_ours_is_kept_and_keeps_mail_away() {
    let room = room();
    let diff = import(
        &room,
        "email,status\npending@example.org,pending\nann@example.org,Paused\nbob@example.org,active\n",
    );
    assert_eq!(
        (&diff["new"], &diff["not_active"], &diff["changed"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert!(
        room.read("subscribers.csv")
            .ends_with("pending@example.org,,,2026-11-01,pending\n")
    );
    assert_eq!(mailed(&room), ["bob@example.org", "gone@example.org"]);
    // And nothing that says `active` takes it away again.
    import(
        &room,
        "email,status\nann@example.org,active\npending@example.org,active\n",
    );
    assert_eq!(mailed(&room), ["bob@example.org", "gone@example.org"]);
}

#[test]
fn nothing_brings_back_who_is_suppressed_whatever_is_imported() {
    let room = room();
    for (address, reason) in [
        ("ann", "unsubscribed"),
        ("bob", "bounced"),
        ("gone", "complained"),
        ("off", "operator"),
    ] {
        let address = format!("{address}@example.org");
        room.run(["subscribers", "suppress", &address, "--reason", reason])
            .exits(0);
    }
    let before = suppressions(&room);
    for words in ["status", "subscribed_to_emails", "type"] {
        for word in ["active", "true", "regular", "confirmed"] {
            let csv = format!(
                "email,{words}\nann@example.org,{word}\nbob@example.org,{word}\ngone@example.org,{word}\noff@example.org,{word}\n"
            );
            let diff = look(&room, &csv, &[]);
            assert_eq!(
                (&diff["new"], &diff["kept_out"]),
                (&json!(0), &json!(4)),
                "{diff}"
            );
            room.run([
                "-q",
                "subscribers",
                "import",
                "in.csv",
                "--yes",
                "--overwrite",
            ])
            .exits(0);
        }
    }
    assert_eq!(suppressions(&room), before);
    assert_eq!(mailed(&room), Vec::<String>::new());
}

#[test]
fn whoever_only_looks_or_is_refused_finds_the_folder_as_it_was() {
    let room = newsroom().file("in.csv", "email\na@example.org\n");
    for (command, code) in [
        (vec!["import", "in.csv", "--dry-run"], 0),
        (vec!["import", "in.csv"], 1),
        (vec!["import", "in.csv", "--expect", "7"], 1),
        (vec!["import", "postrider.toml", "--yes"], 1),
        (vec!["export"], 1),
        (vec!["list"], 1),
        (vec!["tidy"], 1),
        (vec!["show", "a@example.org"], 1),
    ] {
        let words = ["subscribers"].into_iter().chain(command.iter().copied());
        room.run(words).exits(code);
        for made in ["ledger.db", "postrider.key", "subscribers.csv"] {
            assert!(!room.path(made).exists(), "{command:?} made {made}");
        }
    }
    room.run(["subscribers", "import", "in.csv", "--yes"])
        .succeeds()
        .stdout_contains("+1 new");
    assert!(room.path("ledger.db").exists());
    assert!(room.read("subscribers.csv").contains("a@example.org"));
}

#[test]
fn a_file_that_no_row_can_be_trusted_of_is_refused() {
    let room = room();
    let many = format!("email{}\n", ",x".repeat(40));
    let million = format!("email{}\n", ",".repeat(1_000_000));
    let open = format!("email,name\na@example.org,\"{}", "x\n".repeat(200_000));
    let cases: [(&[u8], &str); 9] = [
        (
            b"PK\x03\x04\x14\0\x06\0xl/workbook.xml",
            "is a spreadsheet or an archive",
        ),
        (b"\xFF\xFEe\0m\0a\0i\0l\0", "looks like UTF-16"),
        (b"email,name\na@example.org,Ren\xE9\n", "line 2"),
        (b"a@example.org,A\nb@example.org,B\n", "no header row"),
        (
            b"Email,E-mail\na@example.org,b@example.org\n",
            "two columns `email`",
        ),
        (b"", "no column `email`"),
        (many.as_bytes(), "has 41 columns"),
        (million.as_bytes(), ""),
        (open.as_bytes(), "quote on line 2"),
    ];
    for (csv, problem) in cases {
        room.write("in.csv", csv);
        room.run(["subscribers", "import", "in.csv", "--yes"])
            .fails(1)
            .stdout_is("")
            .stderr_contains(problem);
    }
    room.run(["subscribers", "import", "none.csv", "--yes"])
        .fails(1)
        .stderr_contains("there is no file `none.csv`");
    assert_eq!(room.read("subscribers.csv"), ROSTER);
    // One byte too many is never read into a roster.
    let file = std::fs::File::create(room.path("in.csv")).unwrap();
    file.set_len(64 * 1024 * 1024 + 1).unwrap();
    room.run(["subscribers", "import", "in.csv", "--yes"])
        .fails(1)
        .stderr_contains("larger than 64 MiB");
}

#[test]
fn rows_that_would_inject_or_flood_are_refused_by_their_line_and_the_others_come() {
    let room = room();
    let long = "n".repeat(1024 * 1024 - 100);
    let csv = format!(
        "email,name\n\
         \"\"\"x\r\nBcc: v@example.org\"\"@example.org\",A\n\
         \"a@example.org\r\nRCPT TO:<v@example.org>\",B\n\
         c@example.org,\"C\r\nBcc: v@example.org\"\n\
         d\0@example.org,D\n\
         \"\"\"a b\"\"@example.org\",E\n\
         user@localhost,F\nuser@[127.0.0.1],G\n\
         {}@example.org,H\n\
         good@example.org,\u{202E}Good\u{200B} <script>alert(1)</script>\n\
         large@example.org,{long}\n",
        "l".repeat(65)
    );
    let diff = import(&room, &csv);
    assert_eq!(
        (&diff["new"], &diff["invalid"]),
        (&json!(2), &json!(8)),
        "{diff}"
    );
    assert_eq!(diff["invalid_lines"], json!([2, 4, 6, 8, 9, 10, 11, 12]));
    let written = room.read("subscribers.csv");
    assert!(written.contains("good@example.org,Good <script>alert(1)</script>,"));
    assert!(written.contains(&format!("large@example.org,{},", "n".repeat(200))));
}

#[test]
fn a_sync_takes_out_who_is_missing_but_not_many_at_once_and_not_all() {
    let people = |from: usize, to: usize| {
        let rows: Vec<String> = (from..to)
            .map(|at| format!("p{at}@example.org\n"))
            .collect();
        let rows = rows.concat();
        format!("email\n{rows}")
    };
    let room = newsroom()
        .essay("2026-12-01-one", "One", "Text.\n")
        .subscribers(&people(0, 10));
    room.write("in.csv", people(1, 11));
    room.run(["-q", "subscribers", "import", "in.csv", "--yes"])
        .exits(0);
    assert_eq!(mailed(&room).len(), 11, "without `--sync` nobody goes");
    room.write("in.csv", people(2, 11));
    room.run([
        "-q",
        "subscribers",
        "import",
        "in.csv",
        "--sync",
        "--expect",
        "2",
    ])
    .exits(0)
    .stdout_contains("2 removed");
    assert_eq!(mailed(&room).len(), 9);
    assert_eq!(suppressions(&room), [], "it suppresses nobody");
    room.write("in.csv", people(5, 11));
    for agreed in [["--yes", "-q"], ["--expect", "3"]] {
        room.run(
            ["subscribers", "import", "in.csv", "--sync"]
                .iter()
                .chain(&agreed),
        )
        .fails(1)
        .stderr_contains("3 of 9 rows would go, more than a fifth")
        .stderr_contains("--expect-removed 3");
    }
    room.run([
        "-q",
        "subscribers",
        "import",
        "in.csv",
        "--sync",
        "--expect-removed",
        "3",
    ])
    .exits(0);
    assert_eq!(mailed(&room).len(), 6);
    for empty in ["email\n", "email\n\n,\n"] {
        room.write("in.csv", empty);
        room.run(["subscribers", "import", "in.csv", "--sync", "--yes"])
            .fails(1)
            .stderr_contains("would remove 100 % of the roster");
    }
    assert_eq!(mailed(&room).len(), 6);
}

#[test]
fn names_that_are_markup_templates_or_advertisements_are_text_in_the_letter() {
    let relay = ScriptedRelay::start();
    let names = [
        "<script>alert(1)</script>",
        "{{ env }} {% include \"x\" %}",
        "Win $1000 https://spam.example",
    ];
    let rows: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, name)| format!("p{at}@example.org,\"{}\"\n", name.replace('"', "\"\"")))
        .collect();
    let room = newsroom()
        .relay(&relay)
        .essay("2026-12-01-one", "One", "Text.\n")
        .file(
            "templates/email.html",
            "<p>Dear {{ subscriber.name }},</p>\n{{ essay }}\n<p><a href=\"{{ unsubscribe_url }}\">Leave</a></p>\n",
        )
        .file(
            "templates/email.txt",
            "Dear {{ subscriber.name }},\n\n{{ essay }}\n\nLeave: {{ unsubscribe_url }}\n",
        )
        .subscribers("email,name\n");
    import(&room, format!("email,name\n{}", rows.concat()));
    room.run(["-q", "send", "one", "--yes"]).exits(0);
    for message in relay.wait_for(3) {
        let letter = Letter::read(&message.data);
        let at: usize = message.rcpt_to[0][1..2].parse().unwrap();
        assert!(
            letter.text().contains(&format!("Dear {},", names[at])),
            "{}",
            letter.text()
        );
        assert!(
            !letter.html().contains("<script") && !letter.html().contains("href=\"https://spam")
        );
        assert_eq!(letter.headers("To").len(), 1);
    }
}

#[test]
fn spellings_of_one_address_are_one_person_and_the_rest_is_judged_as_the_roster_is() {
    let room = room();
    let domain = ["d".repeat(60).as_str(); 3].join(".");
    let csv = format!(
        "email\nü@bücher.example\nÜ@xn--bcher-kva.example\nANN@Example.ORG\n{}@{domain}.example.org\npostmaster@example.org\n",
        "l".repeat(60)
    );
    let diff = import(&room, csv);
    assert_eq!(
        (&diff["new"], &diff["duplicates"]),
        (&json!(2), &json!(1)),
        "{diff}"
    );
    assert_eq!(
        (&diff["unchanged"], &diff["invalid_lines"]),
        (&json!(1), &json!([5]))
    );
    // A role is a reader perhaps; whoever plans is told.
    room.run(["plan", "one"])
        .exits(0)
        .stderr_contains("`postmaster@example.org` is a role, not a reader");
}

/// Who opens a file holds it, whatever takes its name then; the hash tells which one it was.
#[test]
fn the_file_that_was_opened_is_the_one_that_is_imported() {
    let room = room();
    room.write("in.csv", "email\nfirst@example.org\n");
    let opened = std::fs::File::open(room.path("in.csv")).unwrap();
    std::fs::remove_file(room.path("in.csv")).unwrap();
    room.write("in.csv", "email\nsecond@example.org\n");
    let path = format!(
        "/proc/{}/fd/{}",
        std::process::id(),
        std::os::fd::AsRawFd::as_raw_fd(&opened)
    );
    let import = ["--json", "-q", "subscribers", "import", &path, "--yes"];
    let diff = room.run(import).exits(0).json();
    let sha256 = postrider::token::sha256_hex(b"email\nfirst@example.org\n");
    assert_eq!(diff["sha256"], sha256.as_str());
    assert!(room.read("subscribers.csv").contains("first@example.org"));
}
