//! Long files of any character are read in the time that a person waits.

use std::time::{Duration, Instant};

use super::newsroom;

/// Generous for a machine that does other things as well; quadratic work takes minutes.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn long_essays_of_any_character_are_built_at_once() {
    let lines = [
        "a", "> ", "- x", "[", "![](", "*", "`", "| a |", "<b", "&", "[^1]:", "    x", "\\",
    ];
    let begun = Instant::now();
    for line in lines {
        let body = format!("{line}\n").repeat(100_000);
        let room = newsroom().essay("2026-12-01-long", "Long", &body);
        let begun = Instant::now();
        room.run(["build"]).exits(0);
        assert!(
            begun.elapsed() < LIMIT,
            "{line:?} took {:?}",
            begun.elapsed()
        );
    }
    println!("{:?}", begun.elapsed());
}

#[test]
fn a_long_text_is_looked_through_for_titles_at_once() {
    for line in [
        "A Title of Some Kind\n\n",
        "word word word.\n",
        "1. x\n",
        "\n",
        "a\u{a0}b\n",
    ] {
        let room = newsroom().file("long.txt", line.repeat(100_000));
        let begun = Instant::now();
        let output = room.run(["import", "long.txt"]);
        // Proposals, or the word that there are none.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{output}");
        assert!(
            begun.elapsed() < LIMIT,
            "{line:?} took {:?}",
            begun.elapsed()
        );
    }
}

#[test]
fn a_long_roster_of_bad_rows_is_read_at_once() {
    for row in [
        "x\n",
        "\"\"\"\n",
        "a@example.org\n",
        ",,,,\n",
        "a@example.org,b,c\n",
    ] {
        let room = newsroom()
            .essay("2026-12-01-one", "One", "Text.\n")
            .subscribers(&format!("email,name\n{}", row.repeat(100_000)));
        let begun = Instant::now();
        room.run(["plan", "one"]);
        assert!(
            begun.elapsed() < LIMIT,
            "{row:?} took {:?}",
            begun.elapsed()
        );
    }
}
