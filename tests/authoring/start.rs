//! `init`, `new`, `demo`: beginning.

use super::{LATER, newsroom, run_in};
use crate::support::newsroom::Newsroom;

#[test]
fn a_new_publication_is_accepted_by_every_command_as_it_is() {
    let room = Newsroom::empty().now(LATER);
    room.run(["--quiet", "init"])
        .succeeds()
        .stdout_contains("a new publication is in");
    assert_eq!(
        room.files(""),
        [
            ".gitignore",
            "postrider.key",
            "postrider.toml",
            "subscribers.csv"
        ]
    );
    assert!(room.has("issues") && room.has("templates"));
    room.run(["check"])
        .succeeds()
        .stdout_is("0 errors, 0 warnings\n");
    room.run(["build"]).succeeds();
    room.run(["--quiet", "new", "My", "first letter"])
        .succeeds()
        .stdout_is("issues/2027-06-01-my-first-letter.md\n");
    room.run(["check"])
        .succeeds()
        .stdout_is("0 errors, 0 warnings\n");
    room.run(["--quiet", "build"]).succeeds();
    room.run(["--quiet", "plan"])
        .succeeds()
        .stdout_contains("My first letter")
        .stdout_contains("it is a draft and is not mailed");
    room.run(["status"]).succeeds();
    assert!(!room.has("public/issues/my-first-letter"));
}

#[test]
fn a_publication_can_be_made_in_a_folder_below_and_by_its_own_settings() {
    let room = Newsroom::empty().now(LATER);
    let settings = [
        "--title=Night \"Mail\"",
        "--author=The Editor",
        "--from=night@example.net",
        "--base-url=https://example.net/night",
        "--time-zone=Europe/Berlin",
    ];
    room.run(["--quiet", "init", "a/b"].into_iter().chain(settings))
        .succeeds();
    run_in(&room.path("a/b"), &["build"]).succeeds();
    let page = room.read("a/b/public/index.html");
    assert!(page.contains("Night &quot;Mail&quot;"), "{page}");
    assert!(
        page.contains("https://example.net/night/feed.xml"),
        "{page}"
    );
}

#[test]
fn what_the_author_has_is_kept_by_init_and_a_second_init_is_refused() {
    let room = Newsroom::empty()
        .file("subscribers.csv", "email\na@example.org\n")
        .file(".gitignore", "mine\n")
        .file("notes.txt", "mine");
    room.run(["--quiet", "init"]).succeeds();
    assert_eq!(room.read("subscribers.csv"), "email\na@example.org\n");
    assert_eq!(room.read(".gitignore"), "mine\n");
    let settings = room.read("postrider.toml");
    room.run(["init", "--title", "Other"])
        .fails(1)
        .stderr_contains("is a publication already");
    assert_eq!(room.read("postrider.toml"), settings);
}

#[test]
fn settings_that_would_be_refused_later_make_no_publication() {
    let room = Newsroom::empty();
    for setting in [
        "--from=nobody",
        "--base-url=ftp://x",
        "--time-zone=Mars/Base",
        "--title=",
        "--title=a\nb",
    ] {
        room.run(["init", setting])
            .fails(1)
            .stderr_contains("error: ");
        assert_eq!(room.files(""), [""; 0], "{setting}");
    }
}

#[test]
fn secrets_and_readers_are_kept_out_of_the_repository() {
    let room = Newsroom::empty();
    room.run(["--quiet", "init"]).succeeds();
    let ignored = room.read(".gitignore");
    for name in [
        "ledger.db*",
        "sender.lock",
        "postrider.key",
        "subscribers.csv",
        "public/",
        "caught/",
    ] {
        assert!(ignored.lines().any(|line| line == name), "{name}");
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(room.path("postrider.key"))
            .unwrap()
            .permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_drafts_of_one_title_are_two_files_and_neither_is_lost() {
    let room = newsroom();
    for name in ["issues/2026-12-01-twice.md", "issues/2026-12-01-twice-2.md"] {
        room.run(["--quiet", "new", "Twice", "--date", "2026-12-01"])
            .succeeds()
            .stdout_is(&format!("{name}\n"));
    }
    let id = |name: &str| {
        let text = room.read(name);
        text.lines()
            .find(|line| line.starts_with("id = "))
            .unwrap()
            .to_owned()
    };
    assert_ne!(
        id("issues/2026-12-01-twice.md"),
        id("issues/2026-12-01-twice-2.md")
    );
}

#[test]
fn a_title_may_hold_anything_that_fits_on_a_line() {
    let room = newsroom().subscribers("email\n");
    for title in [
        "Why \"write\"?",
        "C:\\letters",
        "Пошта",
        "📮",
        "+++",
        "a = 1",
    ] {
        room.run(["--quiet", "new", title]).succeeds();
    }
    room.run(["check"]).succeeds();
    room.run(["new", "two\nlines"]).fails(1);
    room.run(["new", "  "]).fails(1);
}

#[test]
fn the_demo_does_the_whole_job_and_leaves_it_for_a_look() {
    let room = Newsroom::empty();
    room.run(["demo", "--keep", "demo"])
        .succeeds()
        .stdout_contains("The ledger and the mailbox agree");
    for path in [
        "mail/new",
        "public/index.html",
        "public/feed.xml",
        "ledger.db",
    ] {
        assert!(room.path("demo").join(path).exists(), "{path}");
    }
    let letters = room.files("demo/mail/new").len();
    assert!(letters > 50, "{letters} letters");
    // The commands that it ends with work.
    run_in(&room.path("demo"), &["status"]).succeeds();
    run_in(&room.path("demo"), &["subscribers", "list"]).exits(0);
}

#[test]
fn the_demo_touches_no_folder_that_holds_something() {
    let room = Newsroom::empty().file("mine/notes.txt", "mine");
    room.run(["demo", "--keep", "mine"])
        .fails(1)
        .stderr_contains("is not empty")
        .stderr_contains("hint: ");
    assert_eq!(room.files("mine"), ["notes.txt"]);
}

#[test]
fn the_demo_mails_nothing_through_the_relay_of_the_environment() {
    let room = Newsroom::empty().env("POSTRIDER_SMTP_URL", "smtp://192.0.2.1:25");
    room.run(["demo", "--keep", "demo"]).succeeds();
}
