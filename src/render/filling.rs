//! The template filter `fill`, for words with places: `{{ words.sent_to | fill(title="A", email="b") }}`.

use tera::{Kwargs, State, Value};

use crate::words::fill;

/// Puts the arguments in the places of their names.
#[expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    reason = "the signature that Tera asks for"
)]
pub(super) fn fill_filter(value: &str, kwargs: Kwargs, _: &State) -> tera::TeraResult<String> {
    let argument = |name: &str| {
        let mut arguments = kwargs.iter();
        let found = arguments.find(|(key, _)| key.as_str() == Some(name))?;
        Value::as_str(found.1)
    };
    Ok(fill(value, argument))
}
