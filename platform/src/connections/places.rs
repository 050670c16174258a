//! Places for connections: in total, and of each address.
//!
//! Invariant: a place is held until the last that holds it is dropped, and counts for its address as long.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use prometheus::IntGauge;

use super::{OPEN, Options, REFUSED, descriptors};
use crate::shares::{Share, Shares};

/// Why a connection has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All places of the port are taken.
    Total,
    /// Those of the client's address.
    Address,
    /// The process has no descriptor left.
    Descriptors,
}

impl Full {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Address => "address",
            Self::Descriptors => "descriptors",
        }
    }
}

/// The places of a port.
pub struct Places {
    port: &'static str,
    total: Arc<Shares<()>>,
    by_network: Arc<Shares<IpAddr>>,
    open: IntGauge,
}

/// The place of one connection, for whatever is a part of it.
#[derive(Clone)]
pub struct Place {
    _taken: Arc<Taken>,
}

struct Taken {
    _total: Share<()>,
    _network: Share<IpAddr>,
    open: IntGauge,
}

impl Places {
    pub fn new(options: &Options) -> Self {
        let most = options.connections.min(descriptors::for_connections(options));
        Self {
            port: options.port,
            total: Shares::new(most),
            by_network: Shares::new(options.per_address),
            open: OPEN.with_label_values(&[options.port]),
        }
    }

    /// A place for a client of this address.
    pub fn take(&self, address: IpAddr) -> Result<Place, Full> {
        let network = self.by_network.take(network(address)).ok_or(Full::Address)?;
        let total = self.total.take(()).ok_or(Full::Total)?;
        self.open.inc();
        let taken = Taken { _total: total, _network: network, open: self.open.clone() };
        Ok(Place { _taken: Arc::new(taken) })
    }

    /// Counts a refusal.
    pub fn refused(&self, full: Full) {
        REFUSED.with_label_values(&[self.port, full.name()]).inc();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// The addresses that count as one: a customer of IPv6 has a whole /64; IPv4 has one form, also inside IPv6.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_total_and_by_address_and_given_back() {
        let options = Options { port: "places", connections: 3, per_address: 2, ..Options::default() };
        let places = Places::new(&options);
        let take = |address: &str| places.take(address.parse().unwrap());
        let held = [take("10.0.0.1").unwrap(), take("::ffff:10.0.0.1").unwrap()];
        assert_eq!(take("10.0.0.1").err(), Some(Full::Address));
        let other = take("10.0.0.2").unwrap();
        assert_eq!(take("10.0.0.3").err(), Some(Full::Total));
        drop(held);
        let v6 = [take("2001:db8::1").unwrap(), take("2001:db8::ffff:0:0:1").unwrap()];
        drop(other);
        assert_eq!(take("2001:db8::2").err(), Some(Full::Address), "all of a /64 are one");
        assert!(take("2001:db8:0:1::2").is_ok());
        drop(v6);
        assert_eq!(OPEN.with_label_values(&["places"]).get(), 0);
    }
}
