//! Which fields go with a file.

use std::fmt::Write;
use std::time::SystemTime;

use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    LAST_MODIFIED, LINK, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use memchr::memmem;
use url::Url;

use super::kind::{Kind, is_feed_archive, is_named_by_its_bytes};
use crate::clock::Clock;
use crate::config::Config;
use crate::server::serve::conditions::seconds_of;

/// Readers come every hour or so; a proxy or a browser need not ask for each page in between.
const USUAL: &str = "public, max-age=900, stale-if-error=86400";
/// RFC 8246: no need to ask again, ever.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A page that is not there may be there in a moment.
const NOT_KEPT: &str = "no-cache";

/// A picture that is opened alone may not do what a page may.
const VECTOR_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The publication's own feeds.
const FEEDS: [(&str, &str); 3] = [
    ("feed.xml", "application/rss+xml"),
    ("atom.xml", "application/atom+xml"),
    ("feed.json", "application/feed+json"),
];

/// How a publication's files are dressed.
#[derive(Debug, Clone)]
pub(in crate::server::serve) struct Manner {
    pub(super) base_url: String,
    /// Path of `base_url`, with a slash at its end.
    pub(super) base: String,
    hubs: Vec<String>,
    clock: Clock,
    page_policy: HeaderValue,
}

/// What is sent before the bytes of a file, and instead of them where the client has them.
#[derive(Debug, Clone)]
pub(in crate::server::serve) struct Dress {
    pub(in crate::server::serve) found: HeaderMap,
    pub(in crate::server::serve) unchanged: HeaderMap,
}

impl Manner {
    pub(in crate::server::serve) fn new(config: &Config, clock: Clock) -> Self {
        // Pages bring no script and no plug-in. Tables carry their alignment as a style, and the
        // form goes to the server of readers, which may be another host.
        let form = config.serve.url.as_deref().and_then(origin_of);
        let policy = format!(
            "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' https: data:; \
             media-src 'self' https:; font-src 'self'; form-action 'self'{}{}; base-uri 'none'; frame-ancestors 'none'",
            if form.is_some() { " " } else { "" },
            form.unwrap_or_default(),
        );
        Self {
            base: super::super::path_of(&config.base_url),
            base_url: config.base_url.clone(),
            hubs: config.hubs.clone(),
            clock,
            page_policy: value(&policy),
        }
    }

    /// Seconds since 1970 at which a file was last changed. RFC 9110 §8.8.2.1: never a time that is
    /// still to come, whatever a copied file says.
    pub(super) fn modified(&self, time: Option<SystemTime>) -> u64 {
        let now = seconds_of(self.clock.now().into()).unwrap_or(0);
        time.and_then(seconds_of).unwrap_or(0).min(now)
    }

    /// The fields of a file in its plain form.
    pub(super) fn dress(
        &self,
        path: &str,
        kind: Kind,
        bytes: &[u8],
        tag: &HeaderValue,
        modified: &HeaderValue,
    ) -> Dress {
        let mut unchanged = HeaderMap::new();
        let caching = if is_named_by_its_bytes(path) {
            FOR_EVER
        } else {
            USUAL
        };
        unchanged.insert(ETAG, tag.clone());
        unchanged.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
        if kind.is_text() {
            unchanged.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        let mut found = unchanged.clone();
        let mut set = |name: HeaderName, text: &'static str| {
            found.insert(name, HeaderValue::from_static(text));
        };
        set(CONTENT_TYPE, kind.media_type(path));
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(REFERRER_POLICY, "strict-origin-when-cross-origin");
        match kind {
            Kind::Vector => set(CONTENT_SECURITY_POLICY, VECTOR_POLICY),
            Kind::Other => set(ACCEPT_RANGES, "bytes"),
            Kind::Page | Kind::Feed(_) | Kind::Text => {}
        }
        if matches!(kind, Kind::Page | Kind::Feed(_)) {
            found.insert(CONTENT_SECURITY_POLICY, self.page_policy.clone());
        }
        found.insert(LAST_MODIFIED, modified.clone());
        if let Some(links) = self.links(path, kind, bytes) {
            found.insert(LINK, links);
        }
        Dress { found, unchanged }
    }

    /// What a file's fields say of others: a page of the feeds, a feed of itself and its hubs.
    fn links(&self, path: &str, kind: Kind, bytes: &[u8]) -> Option<HeaderValue> {
        match kind {
            Kind::Page => self.feeds(bytes),
            Kind::Feed(_) if !is_feed_archive(path) => self.hubs(path, bytes),
            _ => None,
        }
    }

    /// Autodiscovery for who asks for a page's fields and not for its bytes (RFC 8288): the three feeds, where
    /// the page itself names them.
    fn feeds(&self, page: &[u8]) -> Option<HeaderValue> {
        let named = FEEDS.into_iter().filter_map(|(name, media_type)| {
            let url = format!("{}{name}", self.base_url);
            let is_named = memmem::find(page, format!("href=\"{url}\"").as_bytes()).is_some();
            is_named.then(|| format!("<{url}>; rel=\"alternate\"; type=\"{media_type}\""))
        });
        let links = named.collect::<Vec<_>>().join(", ");
        (!links.is_empty()).then(|| value(&links))
    }

    /// WebSub §4: where to subscribe, and to what. The fields say the same as the feed itself.
    fn hubs(&self, path: &str, bytes: &[u8]) -> Option<HeaderValue> {
        let mut links = format!("<{}{path}>; rel=\"self\"", self.base_url);
        for hub in &self.hubs {
            let written = hub.replace('&', "&amp;");
            if [hub, &written]
                .iter()
                .any(|hub| memmem::find(bytes, hub.as_bytes()).is_some())
            {
                let _ = write!(links, ", <{hub}>; rel=\"hub\"");
            }
        }
        HeaderValue::from_str(&links).ok()
    }
}

impl Dress {
    /// The same file in an encoding.
    pub(super) fn encoded(&self, encoding: &'static str, tag: &HeaderValue) -> Self {
        let mut dress = self.clone();
        dress.unchanged.insert(ETAG, tag.clone());
        dress.found.insert(ETAG, tag.clone());
        let encoding = HeaderValue::from_static(encoding);
        dress.found.insert(CONTENT_ENCODING, encoding);
        dress
    }

    /// The same bytes as an answer to something that is not there: nobody may keep them.
    pub(in crate::server::serve) fn for_nothing(&self) -> HeaderMap {
        let mut fields = self.found.clone();
        fields.remove(ETAG);
        fields.remove(LAST_MODIFIED);
        fields.insert(CACHE_CONTROL, HeaderValue::from_static(NOT_KEPT));
        fields
    }
}

/// A value of our own making. What cannot stand in a field is left out.
pub(super) fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Scheme, host and port of an address.
fn origin_of(url: &str) -> Option<String> {
    let origin = Url::parse(url).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}
