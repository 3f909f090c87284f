//! `import` of plain text: titles, dates, words.

use super::{between, newsroom, words, words_of_html};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::relay::ScriptedRelay;

/// Two essays as they are pasted from elsewhere: no-break spaces, curly quotes, numbered headings,
/// lettered points with one left out, an emoji, and characters that are markup in Markdown.
const PASTED: &str = include_str!("pasted.txt");
const TITLES: [&str; 2] = [
    "The Desk by the Window",
    "On Keeping a Promise to Strangers",
];

/// Imports both essays with their titles.
#[track_caller]
fn import(room: &Newsroom) {
    room.run([
        "-q",
        "import",
        "essays.txt",
        "--titles",
        "titles.txt",
        "--first",
        "2026-12-01",
    ])
    .succeeds();
}

fn with_essays() -> Newsroom {
    newsroom()
        .subscribers("email\n")
        .file("essays.txt", PASTED)
        .file("titles.txt", TITLES.join("\n"))
}

fn bodies() -> [String; 2] {
    let (first, second) = PASTED.split_once(TITLES[1]).unwrap();
    [first.replace(TITLES[0], ""), second.to_owned()]
}

#[test]
fn without_titles_import_proposes_them_writes_nothing_and_says_how_to_go_on() {
    let room = with_essays();
    let output = room.run(["import", "essays.txt"]).exits(0);
    for title in TITLES {
        assert!(output.stdout.contains(title), "{output}");
    }
    output
        .stdout_contains("certain")
        .stderr_contains("nothing was written")
        .stderr_contains("postrider import essays.txt --titles titles.txt");
    assert!(!room.has("issues"));
}

#[test]
fn issues_are_dated_from_the_first_one_on() {
    let cases = [
        ("1w", ["2026-01-31", "2026-02-07"]),
        ("2w", ["2026-01-31", "2026-02-14"]),
        ("1d", ["2026-01-31", "2026-02-01"]),
        ("1month", ["2026-01-31", "2026-02-28"]),
    ];
    for (every, dates) in cases {
        let room = with_essays();
        let arguments = [
            "--titles",
            "titles.txt",
            "--first",
            "2026-01-31",
            "--every",
            every,
        ];
        room.run(
            ["--quiet", "import", "essays.txt"]
                .into_iter()
                .chain(arguments),
        )
        .succeeds();
        let [first, second] = dates;
        assert_eq!(
            room.files("issues"),
            [
                format!("{first}-the-desk-by-the-window.md"),
                format!("{second}-on-keeping-a-promise-to-strangers.md")
            ],
            "{every}"
        );
        room.run(["check"]).exits(0);
    }
}

#[test]
fn titles_may_be_given_one_by_one_and_the_first_date_is_today() {
    let room = with_essays();
    room.run([
        "-q",
        "import",
        "essays.txt",
        "--title",
        TITLES[0],
        "--title",
        TITLES[1],
    ])
    .succeeds();
    assert!(room.has("issues/2027-06-01-the-desk-by-the-window.md"));
    assert!(room.has("issues/2027-06-08-on-keeping-a-promise-to-strangers.md"));
}

#[test]
fn a_dry_run_shows_the_files_and_writes_none() {
    let room = with_essays();
    room.run([
        "import",
        "essays.txt",
        "--titles",
        "titles.txt",
        "--dry-run",
    ])
    .exits(0)
    .stdout_contains("==> issues/2027-06-01-the-desk-by-the-window.md <==")
    .stdout_contains("## 1. What I kept")
    .stderr_is("2 issues would be written; nothing was\n");
    assert_eq!(
        room.files(""),
        [
            "essays.txt",
            "postrider.toml",
            "subscribers.csv",
            "titles.txt"
        ]
    );
}

#[test]
fn a_second_import_overwrites_nothing_and_says_that_the_names_are_taken() {
    let room = with_essays();
    let import = [
        "import",
        "essays.txt",
        "--titles",
        "titles.txt",
        "--first",
        "2026-12-01",
    ];
    room.run(import).exits(0);
    let before = super::bytes_of(&room, "issues");
    room.run(import)
        .exits(0)
        .stderr_contains("the name `the-desk-by-the-window` is taken");
    let after = super::bytes_of(&room, "issues");
    assert_eq!(after.len(), 4);
    assert!(
        before
            .iter()
            .all(|(name, bytes)| after.get(name) == Some(bytes))
    );
    room.run(["check"]).exits(0);
}

#[test]
fn an_import_that_fails_in_the_middle_leaves_nothing() {
    let room = with_essays();
    let titles = [TITLES[0], "No such title", TITLES[1], "Nor this"].join("\n");
    room.write("titles.txt", titles);
    room.run(["import", "essays.txt", "--titles", "titles.txt"])
        .fails(1)
        .stderr_contains("the title `No such title` is not in `essays.txt`")
        .stderr_contains("`Nor this`");
    assert!(!room.has("issues"));
    // Two sources, of which the second cannot be read: nothing of the first is kept.
    room.write("broken.md", "+++\ntitle = \n+++\nText.\n");
    room.write("titles.txt", TITLES.join("\n"));
    room.run([
        "import",
        "essays.txt",
        "broken.md",
        "--titles",
        "titles.txt",
    ])
    .fails(1)
    .stderr_contains("broken.md:2");
    assert!(!room.has("issues"));
}

#[test]
fn what_cannot_be_written_takes_back_what_was() {
    let room = with_essays();
    // A broken link holds the name of the second file; nothing lists it as one.
    std::fs::create_dir(room.path("issues")).unwrap();
    let second = room.path("issues/2026-12-08-on-keeping-a-promise-to-strangers.md");
    std::fs::create_dir(&second).unwrap();
    let output = room.run([
        "import",
        "essays.txt",
        "--titles",
        "titles.txt",
        "--first",
        "2026-12-01",
    ]);
    let written = room.files("issues").len();
    assert!(
        written == 2 && output.status.success() || written == 0 && !output.status.success(),
        "{written} files{output}"
    );
}

#[test]
fn titles_out_of_order_or_misspelt_are_told_with_what_was_meant() {
    let room = with_essays();
    room.run([
        "import",
        "essays.txt",
        "--title",
        TITLES[1],
        "--title",
        TITLES[0],
    ])
    .fails(1)
    .stderr_contains("is out of order")
    .stderr_contains("essays.txt:1:1");
    room.run(["import", "essays.txt", "--title", "The Desk by the Widow"])
        .fails(1)
        .stderr_contains("did you mean line 1: `The Desk by the Window`?");
    room.run(["import", "essays.txt", "--title", TITLES[1]])
        .fails(1)
        .stderr_contains("the text before the first title belongs to no essay")
        .stderr_contains("hint: ");
    assert!(!room.has("issues"));
}

#[test]
fn wrong_arguments_are_told_and_nothing_is_written() {
    let room = with_essays().file("empty.txt", "\n\n");
    room.run([
        "import",
        "essays.txt",
        "--titles",
        "titles.txt",
        "--every",
        "3x",
    ])
    .fails(1)
    .stderr_contains("`3x` is not an interval");
    room.run([
        "import",
        "essays.txt",
        "--titles",
        "titles.txt",
        "--first",
        "2026-02-30",
    ])
    .fails(2);
    room.run(["import", "nothing.txt"])
        .fails(1)
        .stderr_contains("there is no file `nothing.txt`");
    room.run(["import", "essays.txt", "--titles", "empty.txt"])
        .fails(1)
        .stderr_contains("holds no title");
    assert!(!room.has("issues"));
}

#[test]
fn every_word_of_an_essay_arrives_on_its_page_in_its_order() {
    let room = with_essays();
    import(&room);
    room.run(["build"]).succeeds();
    let slugs = [
        "the-desk-by-the-window",
        "on-keeping-a-promise-to-strangers",
    ];
    for ((slug, title), body) in slugs.into_iter().zip(TITLES).zip(bodies()) {
        let page = room.read(&format!("public/issues/{slug}/index.html"));
        let essay = between(&page, "<div class=\"essay\">", "</div>");
        assert_eq!(words_of_html(essay), words(&body));
        assert_eq!(words_of_html(between(&page, "<h1>", "</h1>")), words(title));
    }
}

#[test]
fn every_word_of_an_essay_arrives_in_its_mail_in_its_order() {
    let relay = ScriptedRelay::start();
    let room = with_essays().relay(&relay).subscribers("email,name\n");
    import(&room);
    for (number, (slug, body)) in ["the-desk", "on-keeping"]
        .into_iter()
        .zip(bodies())
        .enumerate()
    {
        room.run(["-q", "send", slug, "--test", "a@example.org"])
            .exits(0);
        let message = &relay.wait_for(number + 1)[number];
        let letter = Letter::read(&message.data);
        letter.assert_strict();
        // The rule below a heading and the numbers of links are the layout's, not the essay's.
        let is_rule =
            |word: &String| word.chars().all(|sign| "=-~".contains(sign)) && word.len() > 2;
        let text: Vec<String> = words(letter.text())
            .into_iter()
            .filter(|word| !is_rule(word))
            .collect();
        let wanted: Vec<String> = words(&body)
            .into_iter()
            .filter(|word| !is_rule(word))
            .collect();
        assert!(
            text.windows(wanted.len()).any(|window| window == wanted),
            "{}\n{}",
            letter.text(),
            wanted.join(" ")
        );
    }
}

#[test]
fn headings_points_and_signs_keep_their_meaning() {
    let room = with_essays();
    import(&room);
    let text = room.read("issues/2026-12-01-the-desk-by-the-window.md");
    insta::assert_snapshot!(text.split("+++\n\n").nth(1).unwrap());
}
