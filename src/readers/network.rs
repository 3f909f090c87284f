//! Networks: requests are counted by them, because one machine has many addresses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of a client: 256 addresses of IPv4, or what one customer has of IPv6.
pub fn network_of(client: IpAddr) -> String {
    // An address of IPv4 that came over a socket of IPv6 is the same client.
    match client.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << (128 - 56));
            format!("{}/56", Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_network_and_strangers_are_not() {
        let network = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(network("192.0.2.7"), "192.0.2.0/24");
        assert_eq!(network("192.0.2.7"), network("::ffff:192.0.2.200"));
        assert_ne!(network("192.0.2.7"), network("192.0.3.7"));
        assert_eq!(network("2001:db8:1:2ff::1"), "2001:db8:1:200::/56");
        assert_eq!(network("2001:db8:1:2aa::1"), network("2001:db8:1:2ff::1"));
        assert_ne!(network("2001:db8:1:3aa::1"), network("2001:db8:1:2ff::1"));
    }
}
