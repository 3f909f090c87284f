//! Scopes, the grammars' many names for what a piece of code is (`keyword.control.rust`), to the
//! few [`Token`]s.

use std::sync::LazyLock;

use syntect::parsing::{Scope, ScopeStack};

use super::Token;

/// Beginnings of scopes. The longest that fits a scope decides; `None` means plain.
const SCOPES: &[(&str, Option<Token>)] = &[
    ("comment", Some(Token::Comment)),
    ("constant", Some(Token::Constant)),
    ("constant.character", Some(Token::String)),
    ("constant.numeric", Some(Token::Constant)),
    ("constant.other.placeholder", Some(Token::String)),
    ("entity.name", Some(Token::Type)),
    ("entity.name.constant", Some(Token::Constant)),
    ("entity.name.function", Some(Token::Function)),
    ("entity.name.macro", Some(Token::Function)),
    ("entity.name.module", None),
    ("entity.name.namespace", None),
    ("entity.name.section", Some(Token::Keyword)),
    ("entity.name.tag", Some(Token::Keyword)),
    ("entity.other.attribute-name", Some(Token::Type)),
    ("entity.other.inherited-class", Some(Token::Type)),
    ("keyword", Some(Token::Keyword)),
    ("keyword.operator", None),
    ("keyword.operator.logical.python", Some(Token::Keyword)),
    ("keyword.operator.word", Some(Token::Keyword)),
    ("keyword.other.unit", Some(Token::Constant)),
    ("markup.deleted", Some(Token::Deletion)),
    ("markup.heading", Some(Token::Keyword)),
    ("markup.inserted", Some(Token::Insertion)),
    ("markup.raw", Some(Token::String)),
    ("markup.underline.link", Some(Token::String)),
    // What stands inside a string without being its text.
    ("meta.embedded", None),
    ("meta.interpolation", None),
    ("meta.diff.header", Some(Token::Comment)),
    ("meta.diff.range", Some(Token::Type)),
    ("source", None),
    ("storage", Some(Token::Keyword)),
    ("string", Some(Token::String)),
    // Words of a shell: nearly all that it has.
    ("string.unquoted.argument", None),
    ("support.class", Some(Token::Type)),
    ("support.constant", Some(Token::Constant)),
    ("support.function", Some(Token::Function)),
    ("support.macro", Some(Token::Function)),
    ("support.type", Some(Token::Type)),
    ("text", None),
    ("variable.function", Some(Token::Function)),
    ("variable.language", Some(Token::Keyword)),
];

/// The same, the longest first, in the form that is quick to compare.
static TABLE: LazyLock<Vec<(Scope, Option<Token>)>> = LazyLock::new(|| {
    let mut table: Vec<(Scope, Option<Token>)> = SCOPES
        .iter()
        .filter_map(|(scope, token)| Some((Scope::new(scope).ok()?, *token)))
        .collect();
    table.sort_by_key(|(scope, _)| std::cmp::Reverse(scope.len()));
    table
});

/// What the innermost scope that says anything means.
pub(super) fn token_of(scopes: &ScopeStack) -> Option<Token> {
    scopes
        .as_slice()
        .iter()
        .rev()
        .find_map(|scope| {
            TABLE
                .iter()
                .find(|(prefix, _)| prefix.is_prefix_of(*scope))
                .map(|(_, token)| *token)
        })
        .flatten()
}
