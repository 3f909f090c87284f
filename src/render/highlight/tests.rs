//! Which parts of code are told apart, and that no code makes this slow.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::{GRAMMARS, Highlighter, LONGEST_LINE, MOST_CODE, USED, grammar};

/// The marks as `class: code`, without `hl-`.
fn marked(language: &str, code: &str) -> Vec<String> {
    Highlighter::new()
        .marks(language, code)
        .into_iter()
        .map(|(token, range)| format!("{}: {}", &token.class()[3..], &code[range]))
        .collect()
}

#[test]
fn the_parts_of_code_are_told_apart() {
    assert_eq!(
        marked(
            "rust",
            "/// Doc.\npub fn sort(letter: &Letter) -> Option<u32> {\n    println!(\"{n} of\", 12); // why\n}\n"
        ),
        [
            "comment: /// Doc.",
            "keyword: pub fn",
            "function: sort",
            "type: Option",
            "keyword: u32",
            "function: println!",
            "string: \"{n} of\"",
            "constant: 12",
            "comment: // why",
        ]
    );
    assert_eq!(
        marked("diff", "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same\n"),
        [
            "comment: --- a",
            "comment: +++ b",
            "type: @@ -1 +1 @@",
            "deletion: -old",
            "insertion: +new",
        ]
    );
}

#[test]
fn code_inside_a_string_is_code() {
    assert_eq!(
        marked("python", "f\"{x + 1} left\"\n"),
        ["keyword: f", "string: \"", "constant: 1", "string: left\""]
    );
}

#[test]
fn a_language_goes_by_many_names() {
    for name in [
        "rust",
        "Rust",
        "rs",
        "js",
        "javascript",
        "ts",
        "tsx",
        "sh",
        "bash",
        "shell",
        "zsh",
        "python",
        "py",
        "c++",
        "cpp",
        "c#",
        "csharp",
        "cs",
        "yml",
        "YAML",
        "html",
        "md",
        "toml",
        "golang",
        "dockerfile",
        "docker",
        "make",
        "makefile",
        "patch",
        "tex",
        "latex",
        "kotlin",
        "hcl",
        "proto",
        "jsonc",
        "conf",
        "rb",
        "pl",
        "hs",
        "swift",
        "nginx",
        "vim",
        "ini",
        "env",
    ] {
        assert!(grammar(name).is_some(), "{name}");
    }
    for name in ["text", "klingon", "console", "csv", "", "../rs"] {
        assert!(marked(name, "let a = 1\n").is_empty(), "{name}");
    }
}

#[test]
fn every_grammar_that_is_named_exists() {
    for name in USED {
        assert!(GRAMMARS.find_syntax_by_name(name).is_some(), "{name}");
    }
}

#[test]
fn a_long_line_stays_plain_and_so_does_code_without_end() {
    let long = format!("let a = \"{}\n", "x".repeat(LONGEST_LINE));
    assert_eq!(marked("rust", &format!("{long}let b;\n")), ["keyword: let"]);
    let mut highlighter = Highlighter::new();
    let code = "let b;\n".repeat(MOST_CODE / 7 - 1);
    assert!(!highlighter.marks("rust", &code).is_empty());
    assert!(highlighter.marks("rust", &code).is_empty());
    assert!(!highlighter.marks("rust", "let").is_empty());
}

/// What this thread has used: others on the machine change nothing in it.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap(),
        time.tv_nsec.try_into().unwrap(),
    )
}

/// What grammars of the kind stumble over: brackets, quotes and words without end.
#[test]
fn no_code_takes_long() {
    /// The slowest of those used takes a fifth of this, those not used ten times as much.
    const LIMIT: Duration = Duration::from_millis(500);
    let pieces = [
        "(",
        "{",
        "<",
        "\"",
        "'",
        "`",
        "\\",
        " ",
        "\t",
        "a ",
        "<a ",
        "a(",
        "/*",
        "${",
        "a:",
        "a-",
        "1",
        "a=",
        "{{",
        "a\n",
        "```scss\na-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-\n",
    ];
    let mut slow = Vec::new();
    for name in USED {
        let grammar = GRAMMARS.find_syntax_by_name(name).unwrap();
        for piece in pieces {
            let line = piece.repeat((LONGEST_LINE / piece.len()).max(1));
            let code = format!("{line}\n").repeat(1024 / line.len());
            // The first line makes the grammar ready.
            let _ = super::marks(grammar, &format!("{line}\n"));
            let start = processor_time();
            let _ = super::marks(grammar, &code);
            let took = processor_time().saturating_sub(start);
            if took > LIMIT {
                slow.push((name, piece, took));
            }
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}
