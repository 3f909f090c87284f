//! The fields of one record as bytes: where each stands, what it says, and how a new one is written,
//! so that an edit changes that field and no other byte.
//!
//! Read as the `csv` crate reads them: a quote at the beginning of a field opens it, two are one, and
//! what stands behind the closing quote belongs to the field.

use std::borrow::Cow;
use std::ops::Range;

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    pub(super) delimiter: u8,
    /// Whether every field stands in quotes.
    pub(super) quoted: bool,
}

/// Where the fields of a record without its line end are, quotes included.
pub(super) fn split(record: &[u8], delimiter: u8) -> Vec<Range<usize>> {
    let mut fields = Vec::new();
    let mut start = 0;
    loop {
        let end = start + length(&record[start..], delimiter);
        fields.push(start..end);
        if end >= record.len() {
            return fields;
        }
        start = end + 1;
    }
}

/// How long the first field is.
fn length(rest: &[u8], delimiter: u8) -> usize {
    let mut at = 0;
    if rest.first() == Some(&b'"') {
        at = 1;
        while at < rest.len() {
            match (rest[at], rest.get(at + 1)) {
                (b'"', Some(b'"')) => at += 2,
                (b'"', _) => break,
                _ => at += 1,
            }
        }
    }
    let at = at.min(rest.len());
    memchr::memchr(delimiter, &rest[at..]).map_or(rest.len(), |found| at + found)
}

/// What a field says.
pub(super) fn value(field: &[u8]) -> Cow<'_, [u8]> {
    let Some(inside) = field.strip_prefix(b"\"") else {
        return Cow::Borrowed(field);
    };
    let mut text = Vec::with_capacity(inside.len());
    let mut at = 0;
    while at < inside.len() {
        match (inside[at], inside.get(at + 1)) {
            (b'"', Some(b'"')) => {
                text.push(b'"');
                at += 2;
            }
            (b'"', _) => {
                text.extend_from_slice(&inside[at + 1..]);
                break;
            }
            (byte, _) => {
                text.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(text)
}

/// Writes one field; in quotes where it needs them (RFC 4180 §2, rules 5 to 7) or all have them.
pub(super) fn encode(text: &str, style: Style, out: &mut Vec<u8>) {
    let special = |byte: u8| byte == style.delimiter || matches!(byte, b'"' | b'\r' | b'\n');
    // Spreadsheets take space around a field for nothing, unless it is quoted.
    let padded = text.trim() != text;
    if !(style.quoted || padded || text.bytes().any(special)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// A record of these fields, without a line end.
pub(super) fn record<'a>(fields: impl IntoIterator<Item = &'a str>, style: Style) -> Vec<u8> {
    let mut out = Vec::new();
    let mut number = 0;
    for field in fields {
        if number > 0 {
            out.push(style.delimiter);
        }
        encode(field, style, &mut out);
        number += 1;
    }
    // A line with nothing on it would be no record.
    if out.is_empty() && number > 0 {
        out.extend_from_slice(b"\"\"");
    }
    out
}

/// The record with some of its fields changed; every other byte stays. One that is too short gets
/// the fields that are missing.
pub(super) fn replaced(record: &[u8], changes: &[(usize, &str)], style: Style) -> Vec<u8> {
    let fields = split(record, style.delimiter);
    let width = changes.iter().map(|(at, _)| at + 1).max().unwrap_or(0);
    let mut out = Vec::with_capacity(record.len() + 64);
    for at in 0..width.max(fields.len()) {
        if at > 0 {
            out.push(style.delimiter);
        }
        let old = fields.get(at).map(|range| &record[range.clone()]);
        match (changes.iter().find(|(changed, _)| *changed == at), old) {
            (Some((_, text)), old) => {
                // As the field was written before.
                let quoted = old.map_or(style.quoted, |old| old.starts_with(b"\""));
                encode(text, Style { quoted, ..style }, &mut out);
            }
            (None, Some(old)) => out.extend_from_slice(old),
            (None, None) => encode("", style, &mut out),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const COMMA: Style = Style {
        delimiter: b',',
        quoted: false,
    };

    /// The record as the `csv` crate reads it.
    fn read(record: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(record);
        let record = reader.byte_records().next().unwrap().unwrap();
        record.iter().map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn a_changed_field_leaves_the_others_as_they_were_written() {
        let record = b"\"a@example.org\", Ann ,,\"x \"\"y\"\"\"z,# note";
        assert_eq!(
            replaced(record, &[(1, "Ann, B."), (2, "\"")], COMMA),
            b"\"a@example.org\",\"Ann, B.\",\"\"\"\",\"x \"\"y\"\"\"z,# note"
        );
        assert_eq!(
            replaced(record, &[(0, "b@example.org"), (6, "new")], COMMA),
            b"\"b@example.org\", Ann ,,\"x \"\"y\"\"\"z,# note,,new"
        );
    }

    proptest! {
        #[test]
        fn fields_are_read_as_the_csv_crate_reads_them(record in "[ab,;\" ]{1,24}", semicolon: bool) {
            let delimiter = if semicolon { b';' } else { b',' };
            let record = record.as_bytes();
            // A quote that stays open is refused before any edit.
            let open = split(record, delimiter).iter().any(|range| {
                let field = &record[range.clone()];
                field.starts_with(b"\"") && memchr::memchr_iter(b'"', field).count() % 2 == 1
            });
            prop_assume!(!open);
            let ours: Vec<Vec<u8>> = split(record, delimiter)
                .into_iter()
                .map(|range| value(&record[range]).into_owned())
                .collect();
            prop_assert_eq!(ours, read(record, delimiter));
        }

        #[test]
        fn what_is_written_is_read_back(fields in prop::collection::vec("[ab,;\"\r\n =ü]{0,8}", 1..6), quoted: bool) {
            let style = Style { delimiter: b';', quoted };
            let written = record(fields.iter().map(String::as_str), style);
            let back: Vec<String> = read(&written, b';')
                .into_iter()
                .map(|field| String::from_utf8(field).unwrap())
                .collect();
            prop_assert_eq!(back, fields);
        }
    }
}
