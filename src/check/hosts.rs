//! Hosts that no reader can reach.

use url::{Host, Url};

/// Why a host is no address for readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreachable {
    /// This machine, or one of its own network.
    Local,
    /// A name that is kept for examples, or that samples use.
    Example,
}

/// Top-level names that lead nowhere on the public network (RFC 2606, RFC 6761, RFC 6762).
const LOCAL_ENDS: [&str; 3] = ["localhost", "local", "internal"];

/// Names for examples (RFC 2606), and those that samples are full of.
const EXAMPLES: [&str; 10] = [
    "example.com",
    "example.org",
    "example.net",
    "example",
    "invalid",
    "test",
    "yourdomain.com",
    "your-domain.com",
    "yoursite.com",
    "domain.com",
];

/// Why readers cannot reach the host of an address, if they cannot.
pub(super) fn unreachable(url: &Url) -> Option<Unreachable> {
    let is_local = match url.host()? {
        Host::Ipv4(address) => {
            address.is_loopback() || address.is_private() || address.is_unspecified()
        }
        Host::Ipv6(address) => {
            address.is_loopback() || address.is_unspecified() || address.is_unique_local()
        }
        Host::Domain(name) => LOCAL_ENDS.iter().any(|end| is_within(name, end)),
    };
    if is_local {
        return Some(Unreachable::Local);
    }
    let name = url.domain()?;
    let known = EXAMPLES.iter().any(|example| is_within(name, example));
    known.then_some(Unreachable::Example)
}

/// Whether a name is a domain or below it.
pub(super) fn is_within(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
