//! Where a file of the archive is to be had in the preview. Scheme, pictures and issue stand in the
//! path, so that a page's relative links lead to files that were changed in the same way.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::choice::{Images, Scheme};

/// What is kept in a path as it is (RFC 3986 §3.3).
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A copy of the archive as it looks in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Light or dark.
    pub scheme: Scheme,
    /// With pictures or without.
    pub images: Images,
    /// Name of the file of the issue that is looked at.
    pub stem: &'a str,
}

impl Place<'_> {
    /// The address of a file, which is given by its path in the archive.
    pub fn url(&self, path: &str) -> String {
        let images = self.images.name();
        let stem = utf8_percent_encode(self.stem, KEPT);
        let mut url = format!("/web/{}/{images}/{stem}", self.scheme.name());
        for part in path.split('/') {
            url.push('/');
            url.extend(utf8_percent_encode(part, KEPT));
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_script_fit_into_an_address() {
        let place = Place {
            scheme: Scheme::Dark,
            images: Images::Off,
            stem: "2026-12-01-käse & brot",
        };
        assert_eq!(
            place.url("issues/a/?b.png"),
            "/web/dark/off/2026-12-01-k%C3%A4se%20%26%20brot/issues/a/%3Fb.png"
        );
    }
}
