//! Where links and images lead: absolute addresses of schemes that do no harm.
//!
//! An allow list, since browsers read `java&Tab;script:` and a dozen other spellings of the
//! schemes that run code. What is allowed is written out again by the URL parser that judged it
//! (WHATWG URL §4.4), so that what was judged is what stands in the mail.

use std::borrow::Cow;

use url::Url;

use super::document::Target;
use super::pictures::Pictures;

/// Schemes that a link of an essay may have.
const LINK_SCHEMES: &[&str] = &[
    "http", "https", "mailto", "tel", "sms", "geo", "ftp", "irc", "ircs", "xmpp", "gemini", "news",
    "magnet", "feed",
];

/// Schemes from which an image may be loaded; mail clients drop `data:` (standards B13).
const IMAGE_SCHEMES: &[&str] = &["http", "https"];

/// Resolves the addresses of one essay.
#[derive(Debug, Clone)]
pub(crate) struct Links {
    page: Option<Url>,
    pictures: Pictures,
}

impl Links {
    /// `page` is the absolute address of the page. If it is none, relative addresses
    /// lead nowhere and are removed. What `pictures` knows leads to where it lies.
    pub(crate) fn new(page: &str, pictures: &Pictures) -> Self {
        Self {
            page: Url::parse(page).ok().filter(|url| !url.cannot_be_a_base()),
            pictures: pictures.clone(),
        }
    }

    /// The files of the folder.
    pub(super) fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Where a link leads; `None` if nowhere, or where it must not.
    pub(super) fn link(&self, address: &str, is_heading: impl Fn(&str) -> bool) -> Option<Target> {
        let address = address.trim();
        match address.strip_prefix('#') {
            Some(id) if is_heading(id) => return Some(Target::Heading(id.to_owned())),
            Some(id) if !id.is_empty() && !id.contains(char::is_whitespace) => {
                return Some(Target::Fragment(id.to_owned()));
            }
            _ => {}
        }
        self.url(address).map(Target::Url)
    }

    /// The absolute address of a link.
    pub(crate) fn url(&self, address: &str) -> Option<String> {
        self.absolute(address, LINK_SCHEMES)
    }

    /// The absolute address of an image.
    pub(crate) fn image(&self, address: &str) -> Option<String> {
        if address.trim().is_empty() {
            return None;
        }
        self.absolute(address, IMAGE_SCHEMES)
    }

    /// The address of an id on the page.
    pub(super) fn on_page(&self, id: &str) -> String {
        match self.page.clone() {
            Some(mut url) => {
                url.set_fragment(Some(id));
                url.into()
            }
            None => format!("#{id}"),
        }
    }

    fn absolute(&self, address: &str, schemes: &[&str]) -> Option<String> {
        if let Some(picture) = self.pictures.get(address) {
            return Some(picture.url.clone());
        }
        let url = match (Url::parse(address), &self.page) {
            (Ok(url), _) => url,
            (Err(url::ParseError::RelativeUrlWithoutBase), Some(page)) => {
                page.join(address).ok()?
            }
            _ => return None,
        };
        schemes.contains(&url.scheme()).then(|| url.into())
    }
}

/// The address in the author's HTML as mail and feeds carry it: absolute, but a fragment stays.
pub(super) fn absolute_or_fragment<'a>(links: &Links, address: &'a str) -> Option<Cow<'a, str>> {
    if address.starts_with('#') {
        return Some(Cow::Borrowed(address));
    }
    links.url(address).map(Cow::Owned)
}
