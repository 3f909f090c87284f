//! From which address a request comes: the peer's, or the one that a trusted proxy tells.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::config::Network;
use crate::server::answer::sentence;

/// The address of the client, for the handlers of routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct ClientAddress(pub(in crate::server) IpAddr);

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        // The front of the server puts it there for each request.
        let known = parts.extensions.get::<Self>().copied();
        known.ok_or_else(|| {
            let told = "nobody knows where this request comes from";
            sentence(StatusCode::INTERNAL_SERVER_ERROR, told)
        })
    }
}

/// The peer itself, where no proxy stands between.
#[derive(Debug, Clone, Copy)]
pub(super) struct DirectPeer(pub(super) IpAddr);

/// Names of the fields in which proxies tell for whom they ask, in the order in which they count.
const FORWARDED: [&str; 2] = ["x-forwarded-for", "forwarded"];

/// Whether a request says that it was passed on.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    const ALSO: [&str; 3] = ["x-real-ip", "via", "x-forwarded-host"];
    let mut names = FORWARDED.iter().chain(&ALSO);
    names.any(|name| headers.contains_key(*name))
}

/// The client's address. A peer is believed only if it is trusted, and then only as far as the
/// addresses that it tells are those of trusted proxies again: whatever stands further left was
/// written by somebody else.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut known = peer.to_canonical();
    if !is_trusted(known) {
        return known;
    }
    let told = FORWARDED
        .iter()
        .find(|name| headers.contains_key(**name))
        .map(|name| headers.get_all(*name));
    let values = told.into_iter().flatten();
    // What a client writes there may be no text at all; the proxy's own word behind it still counts.
    let mut entries: Vec<&[u8]> = values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    let last = |entries: &mut Vec<&[u8]>| str::from_utf8(entries.pop()?).ok().and_then(address_in);
    while let Some(address) = last(&mut entries) {
        known = address;
        if !is_trusted(known) {
            break;
        }
    }
    known
}

/// The address in one entry: `192.0.2.1`, or `for="[2001:db8::1]:4711";proto=https` (RFC 7239 §4).
fn address_in(entry: &str) -> Option<IpAddr> {
    let mut node = entry.trim();
    if node.contains('=') {
        node = node.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim()
                .eq_ignore_ascii_case("for")
                .then(|| value.trim())
        })?;
    }
    let node = node.trim_matches('"');
    let bare = match node.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        // A port belongs to an IPv4 address only if there is one colon.
        None if node.matches(':').count() == 1 => node.split(':').next()?,
        None => node,
    };
    let address: IpAddr = bare.parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn told(peer: &str, fields: &[(&'static str, &str)]) -> String {
        let trusted = ["127.0.0.1", "10.0.0.0/8"].map(|text| Network::parse(text).unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        client_address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_peer_is_believed() {
        let field = ("x-forwarded-for", "203.0.113.9");
        assert_eq!(told("198.51.100.1", &[field]), "198.51.100.1");
        assert_eq!(told("127.0.0.1", &[field]), "203.0.113.9");
        assert_eq!(told("::ffff:127.0.0.1", &[field]), "203.0.113.9");
        assert_eq!(told("127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn the_rightmost_address_that_is_not_a_proxy_counts() {
        for (line, address) in [
            ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
            ("10.1.2.3, 10.1.2.4", "10.1.2.3"),
            ("6.6.6.6, nonsense, 10.1.2.3", "10.1.2.3"),
            ("6.6.6.6, nonsense", "127.0.0.1"),
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("", "127.0.0.1"),
        ] {
            assert_eq!(told("127.0.0.1", &[("x-forwarded-for", line)]), address);
        }
        let unreadable = HeaderValue::from_bytes(b"\xFF, 203.0.113.9").unwrap();
        let headers =
            HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), unreadable)]);
        let proxy = [Network::parse("127.0.0.1").unwrap()];
        let client = client_address("127.0.0.1".parse().unwrap(), &headers, &proxy);
        assert_eq!(client.to_string(), "203.0.113.9");
        let lines = [
            ("x-forwarded-for", "6.6.6.6"),
            ("x-forwarded-for", "203.0.113.9"),
        ];
        assert_eq!(told("127.0.0.1", &lines), "203.0.113.9");
    }

    #[test]
    fn the_standard_field_is_read_where_the_usual_one_is_not_there() {
        let field = (
            "forwarded",
            "for=6.6.6.6, For=\"[2001:db8::7]:4711\";proto=https",
        );
        assert_eq!(told("10.0.0.1", &[field]), "2001:db8::7");
        let usual = ("x-forwarded-for", "203.0.113.9");
        assert_eq!(told("10.0.0.1", &[field, usual]), "203.0.113.9");
        assert_eq!(
            told("10.0.0.1", &[("forwarded", "for=_hidden")]),
            "10.0.0.1"
        );
    }
}
