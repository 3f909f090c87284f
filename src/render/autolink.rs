//! Finds bare URLs in text, by the rules of GitHub's extended autolinks (GFM §6.9): `http://`,
//! `https://` and `www.`, without the punctuation that ends a sentence.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

/// Byte ranges of the bare URLs in `text`, in order.
pub(crate) fn find_urls(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Nearly every text has none, and is asked for them.
    if !may_hold_url(text.as_bytes()) {
        return found;
    }
    let mut from = 0;
    while let Some(at) = next_candidate(text, from) {
        if begins_with_host(&text[at.end..]) {
            from = at.start + url_length(&text[at.start..]);
            found.push(at.start..from);
        } else {
            from = at.end;
        }
    }
    found
}

/// Whether a text has the end of `http://`, `https://` or `www.` anywhere.
fn may_hold_url(text: &[u8]) -> bool {
    memmem::find(text, b"://").is_some()
        || memchr_iter(b'.', text).any(|dot| matches!(text[..dot].last(), Some(b'w' | b'W')))
}

/// The next `http://`, `https://` or `www.` that begins a word.
fn next_candidate(text: &str, mut from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    loop {
        let at = from + memchr_first(&bytes[from..])?;
        let rest = &bytes[at..];
        let length = ["https://", "http://", "www."]
            .iter()
            .find(|prefix| {
                rest.len() >= prefix.len()
                    && rest[..prefix.len()].eq_ignore_ascii_case(prefix.as_bytes())
            })
            .map(|prefix| prefix.len());
        let begins_word = text[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !before.is_alphanumeric() && !matches!(before, '/' | '.' | '@'));
        match length {
            Some(length) if begins_word => return Some(at..at + length),
            _ => from = at + 1,
        }
    }
}

fn memchr_first(bytes: &[u8]) -> Option<usize> {
    bytes
        .iter()
        .position(|byte| matches!(byte, b'h' | b'H' | b'w' | b'W'))
}

fn url_length(text: &str) -> usize {
    let end = text
        .find(|character: char| {
            character.is_whitespace()
                || character.is_control()
                || matches!(
                    character,
                    '<' | '>' | '"' | '`' | '“' | '”' | '«' | '»' | '…'
                )
        })
        .unwrap_or(text.len());
    trimmed_length(&text[..end])
}

/// The length without trailing punctuation and without a closing bracket that was not opened.
fn trimmed_length(url: &str) -> usize {
    let count = |character| url.bytes().filter(|byte| *byte == character).count();
    let mut unopened = count(b')').saturating_sub(count(b'('));
    let mut unopened_square = count(b']').saturating_sub(count(b'['));
    let mut end = url.len();
    while let Some(last) = url[..end].chars().next_back() {
        let drop = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '_' | '~' | '’' | '‘' | '|' => {
                true
            }
            ')' if unopened > 0 => {
                unopened -= 1;
                true
            }
            ']' if unopened_square > 0 => {
                unopened_square -= 1;
                true
            }
            _ => false,
        };
        if !drop {
            break;
        }
        end -= last.len_utf8();
    }
    end
}

/// Whether what stands behind the scheme begins with a plausible host name.
fn begins_with_host(rest: &str) -> bool {
    // RFC 1035 §3.1: at most 253 characters. Looking no further keeps hostile text linear.
    let host: String = rest
        .chars()
        .take(254)
        .take_while(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'))
        .collect();
    let host = host.trim_end_matches('.');
    !host.is_empty() && host.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::find_urls;

    fn urls(text: &str) -> Vec<&str> {
        find_urls(text)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn a_bare_url_ends_before_the_punctuation_of_the_sentence() {
        assert_eq!(
            urls("See https://example.org/a_b(c), (http://example.com/x). Or www.example.net!"),
            [
                "https://example.org/a_b(c)",
                "http://example.com/x",
                "www.example.net"
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_url_is_left_alone() {
        assert!(urls("https:// http://. www. xhttps://example.org awww.example.org").is_empty());
    }

    #[test]
    fn a_url_of_brackets_alone_takes_linear_time() {
        let text = format!("https://example.org/{}", ")".repeat(100_000));
        assert_eq!(urls(&text), ["https://example.org/"]);
        for piece in ["https://,", "www.,", "www.a..-", "www.", "https://a"] {
            let _ = find_urls(&piece.repeat(100_000));
        }
    }
}
