//! The form of a message that is hashed: relaxed header and relaxed body (RFC 6376 §3.4).

/// A field of the header: its name and everything behind the colon, folds included.
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

/// The fields of a header in their order.
pub(super) fn fields(header: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    let mut start = 0;
    for (at, _) in header
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
    {
        let continues = matches!(header.get(at + 1), Some(b' ' | b'\t'));
        if continues {
            continue;
        }
        let line = &header[start..=at];
        if let Some(colon) = line.iter().position(|byte| *byte == b':') {
            fields.push(Field {
                name: &line[..colon],
                value: &line[colon + 1..],
            });
        }
        start = at + 1;
    }
    fields
}

/// How many fields of a name there are.
pub(super) fn count(fields: &[Field<'_>], name: &str) -> usize {
    fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name.as_bytes()))
        .count()
}

/// One field, relaxed: lower-case name, unfolded, runs of white space as one space, none at the
/// ends of the value. Without its CRLF.
pub(super) fn relax_field(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend(name.trim_ascii().to_ascii_lowercase());
    out.push(b':');
    let mut words = value
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.extend_from_slice(first);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

/// The body, relaxed (RFC 6376 §3.4.4): runs of white space in a line as one space, none at its
/// end, no empty lines at the end of the body.
pub(super) fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty_lines = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = trim_end(line);
        if line.is_empty() {
            empty_lines += 1;
            continue;
        }
        out.extend(std::iter::repeat_n(*b"\r\n", empty_lines).flatten());
        empty_lines = 0;
        relax_line(&mut out, line);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// One line with its runs of white space as one space each. Most lines have none, and are copied
/// as they are.
fn relax_line(out: &mut Vec<u8>, line: &[u8]) {
    if memchr::memchr(b'\t', line).is_none() && memchr::memmem::find(line, b"  ").is_none() {
        out.extend_from_slice(line);
        return;
    }
    let mut in_space = false;
    for byte in line {
        let space = matches!(byte, b' ' | b'\t');
        if !space {
            out.push(*byte);
        } else if !in_space {
            out.push(b' ');
        }
        in_space = space;
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    let end = line
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t'))
        .map_or(0, |at| at + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_come_out_relaxed() {
        // RFC 6376 §3.4.5.
        let fields = fields(b"A: X\r\nB : Y\t\r\n\tZ  \r\n");
        let mut out = Vec::new();
        for field in &fields {
            relax_field(&mut out, field.name, field.value);
            out.extend_from_slice(b"\r\n");
        }
        assert_eq!(out, b"a:X\r\nb:Y Z\r\n");
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"a"), b"a\r\n");
    }
}
