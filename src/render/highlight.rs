//! Code -> what its parts are: keywords, strings, comments. Found once per block, by the grammars
//! that editors use; web and mail colour them, text and feeds need nothing of it.
//!
//! A grammar is a set of regular expressions that backtrack, and some take seconds for a line that
//! was made to hurt. Only grammars are used that stood up to such lines; a long line stays plain,
//! and so does what an essay has beyond a fair amount of code. What remains is linear: a search in
//! a line of bounded length takes bounded time.

mod scopes;

use std::ops::Range;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, ScopeStack, SyntaxReference, SyntaxSet};

use scopes::token_of;

/// Bytes of code in an essay that are told apart; what is beyond stays plain. Four hundred lines:
/// with that many colours a mail would be clipped long before (standards I1).
const MOST_CODE: usize = 16 * 1024;

/// Bytes of a line. A longer one stays plain, and the grammar does not see it: the time for a search
/// grows with the square of the line, at least.
const LONGEST_LINE: usize = 120;

/// What a piece of code is, as far as colours tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Comment,
    Keyword,
    String,
    /// Numbers, `true`, `None`, and names that stand for such.
    Constant,
    /// Names of functions and macros.
    Function,
    /// Names of types, attributes and properties.
    Type,
    /// A line that a patch adds.
    Insertion,
    /// A line that a patch takes away.
    Deletion,
}

impl Token {
    /// The class that web and mail colour.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Comment => "hl-comment",
            Self::Keyword => "hl-keyword",
            Self::String => "hl-string",
            Self::Constant => "hl-constant",
            Self::Function => "hl-function",
            Self::Type => "hl-type",
            Self::Insertion => "hl-insertion",
            Self::Deletion => "hl-deletion",
        }
    }
}

/// A piece of code that is not plain: what it is, and its bytes.
pub(super) type Mark = (Token, Range<usize>);

/// Read on first use, which takes some hundredths of a second: most essays hold no code.
static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// The grammars that are used, by their own names. Each has read the lines of the test
/// `no_code_takes_long`; those of Sass, Lisp, D and logs, among others, took minutes for them.
const USED: &[&str] = &[
    "AWK",
    "Ada",
    "Batch File",
    "Bourne Again Shell (bash)",
    "C",
    "C#",
    "C++",
    "CMake",
    "CSS",
    "Clojure",
    "Crystal",
    "Dart",
    "Diff",
    "Dockerfile",
    "DotENV",
    "Elixir",
    "Elm",
    "Erlang",
    "F#",
    "Fish",
    "Go",
    "GraphQL",
    "Groovy",
    "HTML",
    "HTTP Request and Response",
    "Haskell",
    "INI",
    "JQ",
    "JSON",
    "Java",
    "Java Properties",
    "JavaScript",
    "Julia",
    "Kotlin",
    "LaTeX",
    "Lua",
    "Makefile",
    "Markdown",
    "Nim",
    "Nix",
    "OCaml",
    "Objective-C",
    "PHP",
    "Pascal",
    "Perl",
    "Protocol Buffer",
    "Python",
    "R",
    "Ruby",
    "Rust",
    "SQL",
    "Scala",
    "Swift",
    "TOML",
    "Terraform",
    "TypeScript",
    "TypeScriptReact",
    "VimL",
    "XML",
    "YAML",
    "Zig",
    "nginx",
];

/// Words for languages that the grammars know by another one.
const ALIASES: &[(&str, &str)] = &[
    ("csharp", "cs"),
    ("docker", "dockerfile"),
    ("golang", "go"),
    ("jsonc", "json"),
    ("node", "js"),
    ("patch", "diff"),
    ("shell", "bash"),
    ("zsh", "bash"),
];

/// Tells the code of one essay apart.
#[derive(Debug)]
pub(super) struct Highlighter {
    /// Bytes that may still be read.
    left: usize,
}

impl Highlighter {
    pub(super) fn new() -> Self {
        Self { left: MOST_CODE }
    }

    /// One that leaves all code plain, and reads no grammar.
    pub(super) fn idle() -> Self {
        Self { left: 0 }
    }

    /// The marks of a block of code, in order and apart from one another. None if nobody knows the
    /// language, or if the essay has had its share.
    pub(super) fn marks(&mut self, language: &str, code: &str) -> Vec<Mark> {
        if language.is_empty() || code.is_empty() || code.len() > self.left {
            return Vec::new();
        }
        let Some(grammar) = grammar(language) else {
            return Vec::new();
        };
        self.left -= code.len();
        marks(grammar, code).unwrap_or_default()
    }
}

fn grammar(language: &str) -> Option<&'static SyntaxReference> {
    let language = language.to_ascii_lowercase();
    let known = ALIASES
        .iter()
        .find(|(alias, _)| *alias == language)
        .map_or(language.as_str(), |(_, known)| known);
    GRAMMARS
        .find_syntax_by_token(known)
        .filter(|grammar| USED.contains(&grammar.name.as_str()))
}

/// `None` if the grammar is at odds with itself.
fn marks(grammar: &SyntaxReference, code: &str) -> Option<Vec<Mark>> {
    let mut marks = Vec::new();
    let mut state = ParseState::new(grammar);
    let mut scopes = ScopeStack::new();
    let mut line_start = 0;
    for line in code.split_inclusive('\n') {
        let start = line_start;
        line_start += line.len();
        if line.len() > LONGEST_LINE {
            continue;
        }
        let mut from = 0;
        for (at, change) in state.parse_line(line, &GRAMMARS).ok()? {
            push(&mut marks, code, &scopes, start + from..start + at);
            scopes.apply(&change).ok()?;
            from = at;
        }
        push(&mut marks, code, &scopes, start + from..line_start);
    }
    Some(marks)
}

/// Adds a piece; one that continues the last is joined to it. Space alone has no colour.
fn push(marks: &mut Vec<Mark>, code: &str, scopes: &ScopeStack, piece: Range<usize>) {
    let Some(text) = code.get(piece.clone()) else {
        return;
    };
    let word = text.trim();
    let Some(token) = token_of(scopes).filter(|_| !word.is_empty()) else {
        return;
    };
    let start = piece.start + text.len() - text.trim_start().len();
    let piece = start..start + word.len();
    if let Some((last, range)) = marks.last_mut()
        && *last == token
        && code[range.end..piece.start]
            .chars()
            .all(|character| character == ' ')
    {
        range.end = piece.end;
    } else {
        marks.push((token, piece));
    }
}

#[cfg(test)]
mod tests;
