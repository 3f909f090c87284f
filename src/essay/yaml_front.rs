//! YAML front matter -> entries.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::entry::{Entry, Written};
use super::{Located, SourceText};
use crate::diagnostic::Diagnostic;

/// Reads the YAML in the bytes `inside`. The reader stops at the first syntax error.
///
/// Aliases are refused: front matter has no use for them, and they are how a small file becomes
/// a huge one.
pub(super) fn read(source: &SourceText, inside: Range<usize>) -> (Vec<Entry>, Vec<Diagnostic>) {
    let text = &source.text[inside.clone()];
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            max_depth: 16,
            max_nodes: 10_000,
            max_documents: 1,
        },
        strict_booleans: true,
        with_snippet: false,
    };
    // An empty front matter is no mapping, and no mistake either.
    let blank = text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    if blank {
        return (Vec::new(), Vec::new());
    }
    match serde_saphyr::from_str_with_options::<Mapping>(text, options) {
        Ok(Mapping(pairs)) => {
            let entries = pairs
                .into_iter()
                .map(|(key, value)| Entry {
                    key: Located::new(key.value, byte_range(key.referenced, &inside)),
                    value: located(value, &inside),
                })
                .collect();
            (entries, Vec::new())
        }
        Err(error) => (Vec::new(), vec![syntax_error(source, &inside, &error)]),
    }
}

fn syntax_error(
    source: &SourceText,
    inside: &Range<usize>,
    error: &serde_saphyr::Error,
) -> Diagnostic {
    let message = error.without_snippet().to_string();
    let first_line = message.lines().next().unwrap_or_default();
    let message = match first_line.rsplit_once(" at line ") {
        Some((before, _)) => before,
        None => first_line,
    };
    let problem = Diagnostic::error(format!("the front matter is not YAML: {message}"));
    let problem = match error.location() {
        Some(location) => problem.at(source, byte_range(location, inside)),
        None => problem.at(source, inside.start..inside.start),
    };
    if message.contains("breach") || message.contains("budget") {
        problem.hint("front matter takes plain keys and values, without anchors and aliases")
    } else {
        problem.hint("put a text that holds `: ` or ` #` between double quotes")
    }
}

/// The bytes of a YAML node in the whole file; a point where the reader knows no more than a
/// beginning.
fn byte_range(location: Location, inside: &Range<usize>) -> Range<usize> {
    let span = location.span();
    let offset = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok());
    let start = (inside.start + offset(span.byte_offset()).unwrap_or(0)).min(inside.end);
    let end = (start + offset(span.byte_len()).unwrap_or(0)).min(inside.end);
    start..end
}

fn located(node: Spanned<Node>, inside: &Range<usize>) -> Located<Written> {
    let range = byte_range(node.referenced, inside);
    let written = match node.value {
        Node::Text(text) => Written::Text(text),
        Node::Bool(value) => Written::Bool(value),
        Node::Number => Written::Number,
        Node::Table => Written::Table,
        Node::Nothing => Written::Nothing,
        Node::List(items) => Written::List(
            items
                .into_iter()
                .map(|item| located(item, inside))
                .collect(),
        ),
    };
    Located::new(written, range)
}

/// The top level, in the file's order. Duplicate keys are refused by the reader.
struct Mapping(Vec<(Spanned<String>, Spanned<Node>)>);

impl<'de> Deserialize<'de> for Mapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MappingVisitor;
        impl<'de> Visitor<'de> for MappingVisitor {
            type Value = Mapping;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("keys and values")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Mapping, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Mapping(pairs))
            }
        }
        deserializer.deserialize_map(MappingVisitor)
    }
}

enum Node {
    Text(String),
    Bool(bool),
    Number,
    List(Vec<Spanned<Node>>),
    Table,
    Nothing,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }
    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Number)
    }
    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Number)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }
    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Nothing)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Node::Table)
    }
}
