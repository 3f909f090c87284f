//! What templates write of values: the five characters that HTML reserves, as Tera writes them, but all
//! that stands between two of them in one piece.

use std::io::{self, Write};

/// Writes a text so that it is the same text in HTML, between tags and in attributes.
pub(super) fn escape(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let replacement: &[u8] = match byte {
            b'&' => b"&amp;",
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\'' => b"&#39;",
            _ => continue,
        };
        out.write_all(&text.as_bytes()[from..at])?;
        out.write_all(replacement)?;
        from = at + 1;
    }
    out.write_all(&text.as_bytes()[from..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_is_escaped_as_the_template_engine_would(text in "([&<>\"'/a]|\\PC){0,40}") {
            let (mut ours, mut its) = (Vec::new(), Vec::new());
            escape(&text, &mut ours).unwrap();
            tera::escape_html(&text, &mut its).unwrap();
            prop_assert_eq!(ours, its);
        }
    }
}
