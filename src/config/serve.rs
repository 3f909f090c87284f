//! `[serve]`: where the public server is, where it listens, and which proxies it believes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use toml::Spanned;
use url::Url;

use super::is_loopback;
use super::raw::RawServe;
use super::reader::{Origin, Reader, Value};
use crate::diagnostic::Diagnostic;

/// The server that readers ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeConfig {
    /// Where it is on the web, with a slash at its end; `None` without one.
    pub url: Option<String>,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Who is believed when it tells for whom it asks.
    pub trusted_proxies: Vec<Network>,
}

/// An address, or all those that begin alike (RFC 4632 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits count.
    prefix: u8,
}

impl Network {
    /// Reads `192.0.2.7`, `192.0.2.0/24` or `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            Some(_) => return None,
            None => width,
        };
        (prefix <= width).then_some(Self { address, prefix })
    }

    /// Whether an address is one of them. An IPv4 address that came over an IPv6 socket is the same
    /// address (RFC 4291 §2.5.5.2).
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.prefix)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differ = own.to_bits() ^ other.to_bits();
                differ.leading_zeros() >= u32::from(self.prefix)
            }
            _ => false,
        }
    }
}

/// On this machine alone: TLS and the world are a proxy's.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

impl Reader<'_> {
    pub(super) fn serve(&self, raw: RawServe) -> Result<ServeConfig, Diagnostic> {
        Ok(ServeConfig {
            url: match self.value("SERVE_URL", raw.url) {
                Some(value) => Some(self.serve_url(&value)?),
                None => None,
            },
            listen: match self.value("SERVE_LISTEN", raw.listen) {
                Some(value) => value.text.trim().parse().map_err(|_| {
                    self.wrong(&value, "`[serve] listen` is not an address with a port")
                        .hint("write it as `127.0.0.1:8080` or `[::1]:8080`")
                })?,
                None => USUAL,
            },
            trusted_proxies: self.trusted_proxies(raw.trusted_proxies)?,
        })
    }

    /// RFC 8058 §3.1: a link that unsubscribes goes over https; on this machine it need not.
    fn serve_url(&self, value: &Value) -> Result<String, Diagnostic> {
        let text = value.text.trim();
        let wrong = || {
            self.wrong(value, "`[serve] url` must be a plain https address")
                .hint("write it as `https://letters.example.org/`; leave it out where no server takes requests")
        };
        let url = Url::parse(text).map_err(|error| wrong().cause(error))?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let safe = match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => is_loopback(host),
            _ => false,
        };
        // It stands in a header line of its own, before a token of 52 characters.
        if !plain || !safe || url.as_str().len() > 200 {
            return Err(wrong());
        }
        let slash = if url.as_str().ends_with('/') { "" } else { "/" };
        Ok(format!("{url}{slash}"))
    }

    fn trusted_proxies(&self, listed: Vec<Spanned<String>>) -> Result<Vec<Network>, Diagnostic> {
        let mut networks = Vec::new();
        for spanned in listed {
            let value = Value {
                origin: Origin::File(spanned.span()),
                text: spanned.into_inner(),
            };
            networks.push(Network::parse(&value.text).ok_or_else(|| {
                self.wrong(&value, "this is neither an address nor a network")
                    .hint("write `127.0.0.1`, `10.0.0.0/8` or `2001:db8::/32`")
            })?);
        }
        Ok(networks)
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn a_network_holds_the_addresses_that_begin_alike() {
        for (network, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.77/24", "192.0.2.1", "193.0.2.77"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "127.0.0.1"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::ffff:128.0.0.1"),
        ] {
            let known = Network::parse(network).unwrap();
            assert!(known.contains(inside.parse().unwrap()), "{network}");
            assert!(!known.contains(outside.parse().unwrap()), "{network}");
        }
    }

    #[test]
    fn what_is_no_network_is_none() {
        for text in [
            "",
            "/",
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::1/129",
            "10.0.0/8",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
