//! The log of requests: a line each where the author asks for it with `-v`. It holds no token, no
//! query and no whole address.

use std::fmt;
use std::net::IpAddr;

use axum::http::{HeaderMap, Method, Request, StatusCode};
use tracing::{Level, enabled, info};

use super::client::client_address;
use super::path_of;
use crate::config::Config;

/// What is said of a request.
#[derive(Debug)]
pub(super) struct Line(Option<Told>);

#[derive(Debug)]
struct Told {
    method: Method,
    path: String,
    fields: HeaderMap,
}

impl Line {
    /// Keeps of a request what the line needs; nothing if there is no log.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        Self(enabled!(Level::INFO).then(|| Told {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            fields: request.headers().clone(),
        }))
    }

    /// Writes the line.
    pub(super) fn write(&self, status: StatusCode, peer: IpAddr, config: &Config) {
        let Some(told) = &self.0 else {
            return;
        };
        let client = client_address(peer, &told.fields, &config.serve.trusted_proxies);
        let below = config.serve.url.as_deref().map(path_of);
        let path = without_token(&told.path, below.as_deref().unwrap_or("/"));
        info!(
            "{} {path} {} for {}",
            told.method,
            status.as_u16(),
            Masked(client)
        );
    }
}

/// A path with what follows the name of a route left out, whatever looks like a token elsewhere, and every
/// sign that is not plain.
fn without_token(path: &str, below: &str) -> String {
    const WITH_TOKEN: [&str; 3] = ["u/", "confirm/", "preferences/"];
    let shown = |text: &str| crate::diagnostic::visible(text);
    if let Some(rest) = path.strip_prefix(below) {
        for name in WITH_TOKEN {
            if rest.len() > name.len() && rest.starts_with(name) {
                return format!("{below}{name}…");
            }
        }
    }
    // Somebody may spell a route otherwise, and get nothing; the token is genuine all the same.
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| if is_like_a_token(part) { "…" } else { part })
        .collect();
    let path = parts.join("/");
    match path.char_indices().nth(200) {
        Some((end, _)) => shown(path.get(..end).unwrap_or_default()) + "…",
        None => shown(&path),
    }
}

/// All tokens of links begin so, whatever is coded in them.
fn is_like_a_token(part: &str) -> bool {
    part.contains("v1.") || part.contains("v1%")
}

/// An address without what tells one household from its neighbours.
struct Masked(IpAddr);

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                write!(f, "{a}.{b}.{c}.x")
            }
            IpAddr::V6(address) => {
                let [a, b, c, ..] = address.segments();
                write!(f, "{a:x}:{b:x}:{c:x}::x")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_no_token_and_no_whole_address() {
        assert_eq!(without_token("/u/v1.secret", "/"), "/u/…");
        assert_eq!(
            without_token("/mail/confirm/v1.secret/x", "/mail/"),
            "/mail/confirm/…"
        );
        assert_eq!(
            without_token("/preferences/v1.secret", "/"),
            "/preferences/…"
        );
        for other in [
            "/%75/v1.secret",
            "/U/v1.secret/",
            "//u/v1%2Esecret",
            "/u",
            "/of/v1.x",
        ] {
            let line = without_token(other, "/mail/");
            assert!(!line.contains("v1"), "{line}");
        }
        assert_eq!(without_token("/u/", "/"), "/u/");
        assert_eq!(without_token("/issues/u/", "/"), "/issues/u/");
        assert_eq!(without_token(&"/a".repeat(200), "/").chars().count(), 201);
        assert_eq!(
            Masked("203.0.113.9".parse().unwrap()).to_string(),
            "203.0.113.x"
        );
        let address = "2001:db8:7:8::9".parse().unwrap();
        assert_eq!(Masked(address).to_string(), "2001:db8:7::x");
    }
}
