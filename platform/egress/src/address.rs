//! Which addresses are globally reachable.
//!
//! Invariant: closed by default. Of IPv6 only global unicast (2000::/3) can be public, and forms that embed
//! an IPv4 address never are, whatever they embed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: u16, second: u16, third: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 networks that are not public, with what they are. The registry is RFC 6890's.
const INTERNAL_V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "this host on this network, RFC 791 §3.2; Linux connects it to loopback"),
    (v4(10, 0, 0, 0, 8), "private use, RFC 1918"),
    (v4(100, 64, 0, 0, 10), "shared by carrier-grade NAT, RFC 6598"),
    (v4(127, 0, 0, 0, 8), "loopback, RFC 1122 §3.2.1.3"),
    (v4(168, 63, 129, 16, 32), "the host agent of a cloud, at a number that is registered as public"),
    (v4(169, 254, 0, 0, 16), "link-local, RFC 3927; metadata of clouds"),
    (v4(172, 16, 0, 0, 12), "private use, RFC 1918"),
    (v4(192, 0, 0, 0, 24), "protocol assignments, RFC 6890 §2.1"),
    (v4(192, 0, 2, 0, 24), "documentation, RFC 5737"),
    (v4(192, 31, 196, 0, 24), "AS112, RFC 7535"),
    (v4(192, 52, 193, 0, 24), "multicast relays, RFC 7450"),
    (v4(192, 88, 99, 0, 24), "6to4 relays, RFC 7526"),
    (v4(192, 168, 0, 0, 16), "private use, RFC 1918"),
    (v4(192, 175, 48, 0, 24), "AS112, RFC 7534"),
    (v4(198, 18, 0, 0, 15), "benchmarks, RFC 2544"),
    (v4(198, 51, 100, 0, 24), "documentation, RFC 5737"),
    (v4(203, 0, 113, 0, 24), "documentation, RFC 5737"),
];

/// Multicast (RFC 5771), and what is reserved up to the broadcast address (RFC 1112 §4, RFC 919).
const FIRST_BEYOND_UNICAST: u8 = 224;

/// Of IPv6, global unicast: RFC 4291 §2.4. Outside of it are loopback, the unspecified address, mapped and
/// compatible IPv4 (RFC 4291 §2.5.5), translated IPv4 (RFC 2765, RFC 6052, RFC 8215), the discard prefix (RFC
/// 6666), segment routing (RFC 9602), unique local (RFC 4193), link-local, site-local and multicast addresses.
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Networks of global unicast that are not public.
const INTERNAL_V6: [(Ipv6Net, &str); 5] = [
    (
        v6(0x2001, 0, 0, 23),
        "protocol assignments, RFC 2928: Teredo (RFC 4380), benchmarks (RFC 5180), ORCHID (RFC 7343)",
    ),
    (v6(0x2001, 0xdb8, 0, 32), "documentation, RFC 3849"),
    (v6(0x2002, 0, 0, 16), "6to4, RFC 3056"),
    (v6(0x2620, 0x4f, 0x8000, 48), "AS112, RFC 7534"),
    (v6(0x3fff, 0, 0, 20), "documentation, RFC 9637"),
];

/// Which addresses may be connected to.
#[derive(Debug, Clone, Default)]
pub struct Reachable {
    /// Networks that count as public beside those that are.
    also: Vec<IpNet>,
}

impl Reachable {
    pub fn also(also: Vec<IpNet>) -> Self {
        Self { also }
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        is_public(address) || self.also.iter().any(|network| network.contains(&address))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.octets()[0] < FIRST_BEYOND_UNICAST
                && !INTERNAL_V4.iter().any(|(network, _)| network.contains(&address))
        }
        IpAddr::V6(address) => {
            GLOBAL_UNICAST.contains(&address)
                && !INTERNAL_V6.iter().any(|(network, _)| network.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(address: &str) -> bool {
        Reachable::default().holds(address.parse().unwrap())
    }

    #[test]
    fn both_ends_of_an_internal_network_are_refused_and_their_neighbours_are_public() {
        for (first, last, before, after) in [
            ("0.0.0.0", "0.255.255.255", None, Some("1.0.0.0")),
            ("10.0.0.0", "10.255.255.255", Some("9.255.255.255"), Some("11.0.0.0")),
            ("100.64.0.0", "100.127.255.255", Some("100.63.255.255"), Some("100.128.0.0")),
            ("127.0.0.0", "127.255.255.255", Some("126.255.255.255"), Some("128.0.0.0")),
            ("168.63.129.16", "168.63.129.16", Some("168.63.129.15"), Some("168.63.129.17")),
            ("169.254.0.0", "169.254.255.255", Some("169.253.255.255"), Some("169.255.0.0")),
            ("172.16.0.0", "172.31.255.255", Some("172.15.255.255"), Some("172.32.0.0")),
            ("192.0.0.0", "192.0.0.255", Some("191.255.255.255"), Some("192.0.1.0")),
            ("192.0.2.0", "192.0.2.255", Some("192.0.1.255"), Some("192.0.3.0")),
            ("192.31.196.0", "192.31.196.255", Some("192.31.195.255"), Some("192.31.197.0")),
            ("192.52.193.0", "192.52.193.255", Some("192.52.192.255"), Some("192.52.194.0")),
            ("192.88.99.0", "192.88.99.255", Some("192.88.98.255"), Some("192.88.100.0")),
            ("192.168.0.0", "192.168.255.255", Some("192.167.255.255"), Some("192.169.0.0")),
            ("192.175.48.0", "192.175.48.255", Some("192.175.47.255"), Some("192.175.49.0")),
            ("198.18.0.0", "198.19.255.255", Some("198.17.255.255"), Some("198.20.0.0")),
            ("198.51.100.0", "198.51.100.255", Some("198.51.99.255"), Some("198.51.101.0")),
            ("203.0.113.0", "203.0.113.255", Some("203.0.112.255"), Some("203.0.114.0")),
            ("224.0.0.0", "255.255.255.255", Some("223.255.255.255"), None),
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, None),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2000:ffff::1"), Some("2001:200::")),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:db7::1"), Some("2001:db9::")),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("2001:ffff::1"), Some("2003::")),
            (
                "2620:4f:8000::",
                "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
                Some("2620:4f:7fff::1"),
                Some("2620:4f:8001::"),
            ),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3ffe::1"), Some("3fff:1000::")),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("3fff:ffff::1"), None),
        ] {
            assert!(!holds(first) && !holds(last), "{first} - {last}");
            for neighbour in [before, after].into_iter().flatten() {
                assert!(holds(neighbour), "{neighbour}");
            }
        }
    }

    #[test]
    fn forms_that_embed_an_address_are_refused_whatever_they_embed() {
        for address in [
            "::ffff:93.184.216.34",
            "::93.184.216.34",
            "::ffff:0:93.184.216.34",
            "64:ff9b::93.184.216.34",
            "64:ff9b:1::93.184.216.34",
            "2002:5db8:d822::1",
            "2001:0:5db8:d822::1",
            "fe80::5efe:93.184.216.34",
        ] {
            assert!(!holds(address), "{address}");
        }
        assert!(holds("93.184.216.34") && holds("2606:2800:220:1::1"));
    }

    #[test]
    fn a_setting_adds_networks_and_nothing_else() {
        let reachable = Reachable::also(vec!["10.1.0.0/16".parse().unwrap()]);
        assert!(reachable.holds("10.1.255.255".parse().unwrap()));
        for other in ["10.2.0.0", "127.0.0.1", "::ffff:10.1.0.1", "::1"] {
            assert!(!reachable.holds(other.parse().unwrap()), "{other}");
        }
    }
}
