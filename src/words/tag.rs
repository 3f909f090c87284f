//! Language tags (BCP 47, RFC 5646): their shape, and which languages one stands for.

/// Whether a text has the shape of a language tag: letters, then subtags of letters and digits
/// (RFC 5646 §2.1). Whether there is such a language is asked in `known.rs`.
pub(super) fn is_language_tag(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let primary = parts
        .next()
        .is_some_and(|part| (2..=8).contains(&part.len()) && is_word(part));
    let subtags: Vec<&str> = parts.collect();
    let shaped = subtags.iter().all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    // §2.2.6: a single letter or digit announces what follows it.
    primary && shaped && subtags.last().is_none_or(|last| last.len() > 1)
}

/// The tags in lower case under which a language is looked for, the most exact one first (RFC 4647
/// §3.4: subtags are taken off from the end).
pub(super) fn lookup(language: &str) -> impl Iterator<Item = String> {
    let mut rest = Some(canonical(language));
    std::iter::from_fn(move || {
        let tag = rest.take()?;
        rest = tag.rsplit_once('-').map(|(shorter, _)| shorter.to_owned());
        Some(tag)
    })
}

/// The first subtag in lower case: the language alone.
pub fn primary_language(language: &str) -> String {
    let tag = canonical(language);
    tag.split('-').next().unwrap_or_default().to_owned()
}

/// In lower case; one word for what has two. Chinese of a place is taken for the script that is
/// written there, and Hebrew has an older code (RFC 5646 §4.5, §3.1.6).
fn canonical(language: &str) -> String {
    let tag = language.to_ascii_lowercase().replace('_', "-");
    match tag.as_str() {
        "zh-tw" | "zh-hk" | "zh-mo" => tag.replacen("zh", "zh-hant", 1),
        "iw" => "he".to_owned(),
        _ => tag,
    }
}
