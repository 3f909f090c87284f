//! The direction in which a language is written.

/// `rtl` or `ltr`, as the value of `dir`, for a BCP 47 tag: by its script where it names one, else
/// by the script in which the language is usually written.
pub fn direction(language: &str) -> &'static str {
    const SCRIPTS: [&str; 8] = [
        "adlm", "arab", "hebr", "mand", "nkoo", "rohg", "syrc", "thaa",
    ];
    const LANGUAGES: [&str; 14] = [
        "ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ps", "sd", "syr", "ug", "ur", "yi",
    ];
    let tag = language.to_ascii_lowercase().replace('_', "-");
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    // RFC 5646 §2.2.3: a script is four letters, in front of region and variants.
    let script = subtags
        .find(|subtag| subtag.len() == 4 && subtag.bytes().all(|byte| byte.is_ascii_alphabetic()));
    let right_to_left = script.map_or_else(
        || LANGUAGES.contains(&primary),
        |script| SCRIPTS.contains(&script),
    );
    if right_to_left { "rtl" } else { "ltr" }
}
