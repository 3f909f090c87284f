//! The template filters `wrap` and `underline`, for the plain-text layout:
//! `{{ issue.title | underline(with="=") }}`.

use tera::{Kwargs, State};

use super::text::{WIDTH, underlined, wrap::wrap};

/// Breaks a text into lines of 72 columns.
#[expect(clippy::unnecessary_wraps, reason = "the signature that Tera asks for")]
pub(super) fn wrap_filter(value: &str, _: Kwargs, _: &State) -> tera::TeraResult<String> {
    Ok(wrap(value, WIDTH).join("\n"))
}

/// Breaks a title into lines and draws a line of `with` (by default `=`) below them.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the signature that Tera asks for"
)]
pub(super) fn underline_filter(value: &str, kwargs: Kwargs, _: &State) -> tera::TeraResult<String> {
    let with = kwargs.get::<&str>("with")?.unwrap_or("=");
    let mut characters = with.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Ok(underlined(value, character)),
        _ => Err(tera::Error::message(format!(
            "`underline` takes one character, not `{with}`"
        ))),
    }
}
