//! What both formats of front matter come down to: keys and values, each with its place.

use super::Located;

/// One key with its value, as written.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key, at the top level.
    pub key: Located<String>,
    /// The value.
    pub value: Located<Written>,
}

/// A value as written, before anyone asks what it should be.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// Text, unescaped.
    Text(String),
    /// `true` or `false`.
    Bool(bool),
    /// A number; its digits are in the source.
    Number,
    /// A date or time that the format itself knows (TOML), as RFC 3339 text.
    Instant(String),
    /// A list.
    List(Vec<Located<Written>>),
    /// A table or mapping.
    Table,
    /// A key without a value (YAML).
    Nothing,
}

impl Written {
    /// The kind in words, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Bool(_) => "true or false",
            Self::Number => "a number",
            Self::Instant(_) => "a date",
            Self::List(_) => "a list",
            Self::Table => "a table",
            Self::Nothing => "nothing",
        }
    }
}
