//! The languages that Postrider speaks: one table of all words for each.

mod arabic;
mod chinese;
mod chinese_traditional;
mod english;
mod french;
mod german;
mod hebrew;
mod hindi;
mod japanese;
mod portuguese;
mod spanish;

pub(super) use english::english;

use super::Words;

/// A table: a text for every key; one that is missing does not compile.
macro_rules! language {
    ($($key:ident: $text:literal,)*) => {
        Words { $($key: std::borrow::Cow::Borrowed($text),)* }
    };
}
use language;

/// Makes the words of one language.
type Table = fn() -> Words;

/// The built-in words of exactly this tag, in lower case.
pub(super) fn built_in(tag: &str) -> Option<Table> {
    let known = TABLES.iter().find(|(known, _)| *known == tag)?;
    Some(known.1)
}

/// Languages by their tags.
pub(super) const TABLES: &[(&str, Table)] = &[
    ("en", english::english),
    ("de", german::german),
    ("fr", french::french),
    ("es", spanish::spanish),
    ("pt", portuguese::portuguese),
    ("ar", arabic::arabic),
    ("he", hebrew::hebrew),
    ("hi", hindi::hindi),
    ("zh", chinese::chinese),
    ("zh-hant", chinese_traditional::chinese_traditional),
    ("ja", japanese::japanese),
];
