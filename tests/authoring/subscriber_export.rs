//! `subscribers export`: what a spreadsheet, or this program again, makes of our file.

use serde_json::Value;

use super::newsroom;
use super::subscriber_import::{ROSTER, mailed, room, suppressions};
use crate::support::newsroom::Newsroom;

#[test]
fn what_a_spreadsheet_would_run_is_text_in_an_export_and_itself_again_after_an_import() {
    let names = [
        "=HYPERLINK(\"http://evil\")",
        "+cmd|' /C calc'!A0",
        "@SUM(1)",
        "-1+2",
        "'=1",
        "'Ann",
    ];
    let row = |(at, name): (usize, &&str)| {
        let name = name.replace('"', "\"\"");
        format!("+{at}@example.org,\"{name}\",\"=x\"\n")
    };
    let rows = names
        .iter()
        .enumerate()
        .map(row)
        .collect::<Vec<_>>()
        .concat();
    let roster = format!("email,name,note\n{rows}");
    let room = newsroom().subscribers(&roster);
    room.run(["subscribers", "export", "--out", "out.csv"])
        .succeeds();
    let exported = room.read("out.csv");
    for line in exported.lines().skip(1) {
        assert!(line.starts_with("'+"), "{line}");
    }
    assert!(
        exported.contains(",'@SUM(1),")
            && exported.contains(",''=1,")
            && exported.contains(",'Ann,")
    );
    let checked = std::process::Command::new("sha256sum")
        .args(["-c", "out.csv.sha256"])
        .current_dir(room.folder())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    let back = newsroom().subscribers("email,name,note\n");
    back.write("out.csv", &exported);
    back.run(["-q", "subscribers", "import", "out.csv", "--yes"])
        .exits(0);
    let read = |room: &Newsroom| {
        let listed = room
            .run(["--json", "-q", "subscribers", "list"])
            .exits(0)
            .json();
        let rows = listed["subscribers"].as_array().unwrap().clone();
        let of = |row: &Value| (row["address"].clone(), row["name"].clone());
        rows.iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(read(&back), read(&room));
    assert!(back.read("subscribers.csv").contains(",=x\n"));
    // To standard output, and as it is.
    room.run(["subscribers", "export", "--raw"])
        .succeeds()
        .stdout_contains("+2@example.org,@SUM(1),,,active,csv,=x");
    room.run(["subscribers", "export", "--out", "subscribers.csv"])
        .fails(1)
        .stderr_contains("write over the roster itself");
}

#[test]
fn an_export_says_how_everybody_stands_and_comes_back_as_that() {
    let room = room();
    room.run([
        "subscribers",
        "suppress",
        "gone@example.org",
        "--reason",
        "complained",
    ])
    .exits(0);
    room.write(
        "subscribers.csv",
        ROSTER.replace("bob@example.org,,,,", "bob@example.org,,,,paused"),
    );
    room.run(["subscribers", "export", "--out", "out.csv"])
        .succeeds();
    assert_eq!(
        room.read("out.csv"),
        "email,name,tags,joined,status,source\nann@example.org,Ann,craft,2025-01-02,active,csv\nbob@example.org,,,,paused,csv\ngone@example.org,Gone,,,complained,csv\n"
    );
    let back = newsroom()
        .now("2026-11-01T09:00:00Z")
        .essay("2026-12-01-one", "One", "Text.\n");
    back.write("out.csv", room.read("out.csv"));
    back.run(["-q", "subscribers", "import", "out.csv", "--yes"])
        .exits(0);
    assert_eq!(mailed(&back), ["ann@example.org"]);
    assert_eq!(
        suppressions(&back),
        [("gone@example.org".to_owned(), "complained".to_owned())]
    );
}
