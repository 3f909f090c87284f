//! What the feeds show and tell besides the issues: the logo and the hubs.

use toml::Spanned;
use url::Url;

use super::reader::{Origin, Reader, Value};
use crate::diagnostic::Diagnostic;

/// The publication's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logo {
    /// A file in the publication's folder, relative to it, with forward slashes.
    File(String),
    /// A picture that is on the web already.
    Address(String),
}

/// Endings of the pictures that RSS 2.0 names, and that all feed readers show.
const KINDS: [&str; 4] = ["png", "jpg", "jpeg", "gif"];

impl Reader<'_> {
    pub(super) fn logo(&self, value: &Value) -> Result<Logo, Diagnostic> {
        let hint = "write a PNG, JPEG or GIF in the publication's folder, such as `logo.png`, or an https address";
        let text = value.text.trim();
        if text.contains("://") {
            return match web_address(text) {
                Some(address) => Ok(Logo::Address(address)),
                None => Err(self
                    .wrong(value, "`logo` is not an https address")
                    .hint(hint)),
            };
        }
        let path = text.strip_prefix("./").unwrap_or(text);
        let inside = !path.is_empty()
            && !path.contains(['\\', ':'])
            && path
                .split('/')
                .all(|part| !part.is_empty() && !part.starts_with('.'));
        if !inside {
            return Err(self
                .wrong(value, "`logo` is not a file in the publication's folder")
                .hint(hint));
        }
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        if KINDS.iter().any(|kind| ending.eq_ignore_ascii_case(kind)) {
            return Ok(Logo::File(path.to_owned()));
        }
        Err(self
            .wrong(value, "feed readers do not show a logo of this kind")
            .hint(hint))
    }

    /// WebSub §4: a hub is an http or https address.
    pub(super) fn hubs(&self, hubs: Vec<Spanned<String>>) -> Result<Vec<String>, Diagnostic> {
        hubs.into_iter()
            .map(|spanned| {
                let value = Value {
                    origin: Origin::File(spanned.span()),
                    text: spanned.into_inner(),
                };
                web_address(value.text.trim()).ok_or_else(|| {
                    self.wrong(&value, "`hub` is not the address of a hub")
                        .hint("write it as `https://hub.example.org/`")
                })
            })
            .collect()
    }
}

/// A plain http or https address in the form that goes into a feed.
fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "https" | "http") && url.has_host() && plain).then(|| url.to_string())
}
