//! Blocks of fields, `Name: value`: the header of a mail, the groups of a delivery status
//! (RFC 3464 §2.1), a feedback report (RFC 5965 §3), the header of a returned message.

/// Most fields of one block, and most bytes of one value: more is read over.
const MOST_FIELDS: usize = 500;
const LONGEST_VALUE: usize = 16 * 1024;

/// Most blocks of one part: a report of more recipients is read in part.
const MOST_BLOCKS: usize = 200;

/// One block: names in lower case, values with their folded lines joined by a space.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the block at the start of `bytes`, up to an empty line; returns what follows as well.
    pub(super) fn read(bytes: &[u8]) -> (Self, &[u8]) {
        let mut fields = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            rest = after;
            if line.is_empty() {
                break;
            }
            fields.add_line(line);
        }
        (fields, rest)
    }

    /// Reads every block of `bytes` that holds a field.
    pub(super) fn read_blocks(mut bytes: &[u8]) -> Vec<Self> {
        let mut blocks = Vec::new();
        while !bytes.is_empty() && blocks.len() < MOST_BLOCKS {
            let (fields, rest) = Self::read(bytes);
            bytes = rest;
            if !fields.0.is_empty() {
                blocks.push(fields);
            }
        }
        blocks
    }

    /// The first value of a field; the name is given in lower case.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(other, _)| other == name)?;
        Some(value)
    }

    /// Every value of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(other, _)| other == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether there is such a field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// RFC 5322 §2.2.3: a line that begins with white space goes on with the field before it. So
    /// does, for us, one without a colon: some relays break the replies that they quote.
    fn add_line(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let continues = text.starts_with([' ', '\t']);
        let named = text.split_once(':').filter(|(name, _)| {
            !continues
                && !name.is_empty()
                && name.trim_end().bytes().all(|byte| byte.is_ascii_graphic())
        });
        match named {
            Some((name, value)) if self.0.len() < MOST_FIELDS => {
                let name = name.trim_end().to_ascii_lowercase();
                self.0.push((name, cut(value.trim()).to_owned()));
            }
            Some(_) => {}
            None => self.go_on(text.trim()),
        }
    }

    fn go_on(&mut self, text: &str) {
        if let Some((_, value)) = self.0.last_mut()
            && value.len() + text.len() < LONGEST_VALUE
        {
            value.push(' ');
            value.push_str(text);
        }
    }
}

/// The first line without its end, and what follows it.
pub(super) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match memchr::memchr(b'\n', bytes) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &bytes[bytes.len()..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(LONGEST_VALUE);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_are_joined_and_blocks_end_at_an_empty_line() {
        let text = b"Reporting-MTA: dns; mx.example.org\r\n\r\n\r\nAction: failed\r\nDiagnostic-Code: smtp; 550-5.1.1 no\r\n such\r\n\tuser\r\nbroken line\r\n";
        let blocks = Fields::read_blocks(text);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].get("reporting-mta"), Some("dns; mx.example.org"));
        assert_eq!(
            blocks[1].get("diagnostic-code"),
            Some("smtp; 550-5.1.1 no such user broken line")
        );
        assert!(!blocks[1].has("reporting-mta"));
    }

    #[test]
    fn a_field_without_end_takes_no_memory_without_end() {
        let text = format!("A: {}\n{}", "x".repeat(100_000), " y\n".repeat(100_000));
        let (fields, rest) = Fields::read(text.as_bytes());
        assert!(fields.get("a").unwrap().len() <= LONGEST_VALUE && rest.is_empty());
    }
}
