//! By which name a browser asked. A page elsewhere can let its own name point to this machine (DNS
//! rebinding) and would then read what it finds here; the name in the request gives it away.

use std::net::SocketAddr;

/// Whether a `Host` field names a server that listens on loopback at `address`.
pub(super) fn is_loopback_host(host: &str, address: SocketAddr) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, port),
        // RFC 9110 §7.2: without a port it is the default one.
        None => (host, "80"),
    };
    let is_ours = name.eq_ignore_ascii_case("localhost") || name == address.ip().to_string();
    is_ours && port == address.port().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_with_the_right_port_are_ours() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        for ours in ["127.0.0.1:8080", "localhost:8080", "LocalHost:8080"] {
            assert!(is_loopback_host(ours, address), "{ours}");
        }
        for foreign in [
            "",
            "localhost",
            "localhost:80",
            "127.0.0.1",
            "evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "localhost.:8080",
            "[::1]:8080",
            "a@127.0.0.1:8080",
        ] {
            assert!(!is_loopback_host(foreign, address), "{foreign}");
        }
        let usual = SocketAddr::from(([127, 0, 0, 1], 80));
        assert!(is_loopback_host("localhost", usual));
    }
}
