//! Reverse and forward paths, `<a@example.org>` (RFC 5321 §4.1.2).
//!
//! Looser than `address`, which decides to whom Postrider itself writes: a server that keeps
//! everything keeps whatever the grammar allows.

/// The text between the brackets is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PathError;

/// Splits `<path>rest`; `None` without the brackets. A `>` in a quoted local part is part of it.
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some((&inner[..at], &inner[at + 1..])),
            _ => {}
        }
    }
    None
}

/// Checks a path without its brackets and takes a source route away, which a server should
/// understand and ignore (RFC 5321 §4.1.1.3).
pub(super) fn check(path: &str) -> Result<String, PathError> {
    let mailbox = match path.strip_prefix('@') {
        Some(route) => route.split_once(':').ok_or(PathError)?.1,
        None => path,
    };
    // The one address without a domain (RFC 5321 §4.1.1.3).
    if mailbox.eq_ignore_ascii_case("postmaster") {
        return Ok(mailbox.to_owned());
    }
    let (local, domain) = mailbox.rsplit_once('@').ok_or(PathError)?;
    // RFC 5321 §4.5.3.1.1 and §4.5.3.1.2
    let fits = (1..=64).contains(&local.len()) && (1..=255).contains(&domain.len());
    if fits && is_local_part(local) && is_domain(domain) {
        Ok(mailbox.to_owned())
    } else {
        Err(PathError)
    }
}

fn is_local_part(local: &str) -> bool {
    if let Some(quoted) = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        return is_quoted(quoted);
    }
    // RFC 5322 §3.2.3, and beyond ASCII RFC 6531 §3.3
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|character| {
                !character.is_ascii()
                    || character.is_ascii_alphanumeric()
                    || "!#$%&'*+-/=?^_`{|}~".contains(character)
            })
    })
}

fn is_quoted(text: &str) -> bool {
    let mut escaped = false;
    for character in text.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return false,
            _ => {}
        }
    }
    !escaped
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let six = literal
            .get(..5)
            .is_some_and(|tag| tag.eq_ignore_ascii_case("IPv6:"));
        return if six {
            literal[5..].parse::<std::net::Ipv6Addr>().is_ok()
        } else {
            literal.parse::<std::net::Ipv4Addr>().is_ok()
        };
    }
    domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| {
                !character.is_ascii() || character.is_ascii_alphanumeric() || character == '-'
            })
    })
}

#[cfg(test)]
mod tests {
    use super::{PathError, check, split};

    #[test]
    fn the_bracket_that_ends_the_path_is_not_one_in_quotes() {
        assert_eq!(
            split("<a@example.org> SIZE=1"),
            Some(("a@example.org", " SIZE=1"))
        );
        assert_eq!(
            split(r#"<"a>\">b"@example.org>"#),
            Some((r#""a>\">b"@example.org"#, ""))
        );
        assert_eq!(split("<>"), Some(("", "")));
        assert_eq!(split("<a@example.org"), None);
        assert_eq!(split("a@example.org>"), None);
    }

    #[test]
    fn what_the_grammar_allows_is_kept_as_written() {
        for path in [
            "a@example.org",
            "First.Last+tag@Example.ORG",
            r#""a b@c"@example.org"#,
            "a@[127.0.0.1]",
            "a@[IPv6:::1]",
            "ä@bücher.example",
            "Postmaster",
            "a@localhost",
        ] {
            assert_eq!(check(path).as_deref(), Ok(path));
        }
        assert_eq!(
            check("@one.example,@two.example:a@example.org").as_deref(),
            Ok("a@example.org")
        );
    }

    #[test]
    fn what_the_grammar_does_not_allow_is_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_label = format!("a@{}.org", "b".repeat(64));
        for path in [
            "a",
            "@example.org",
            "a@",
            "a..b@example.org",
            ".a@example.org",
            "a b@example.org",
            "a@b@example.org",
            "a@-b.example",
            "a@example..org",
            "a@[300.1.1.1]",
            r#""a"b"@example.org"#,
            r#""a\"@example.org"#,
            "@example.org:",
            "a<b@example.org",
            &long_local,
            &long_label,
        ] {
            assert_eq!(check(path), Err(PathError), "{path}");
        }
    }
}
