//! Ports for servers that are started later, and again.
//!
//! Invariant: no port is given twice, and none that the system gives to connections: what is free now
//! is free when its server comes to it.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that Linux gives to connections, which begin at 32768.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// The first of so many free ports in a row.
pub fn free(in_a_row: u16) -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Other test processes begin elsewhere.
    let begin = (std::process::id() % u32::from(COUNT)) as u16;
    for _ in 0..COUNT / in_a_row {
        let given = GIVEN.fetch_add(in_a_row, Ordering::Relaxed) % COUNT;
        let first = FIRST + (begin + given) % COUNT;
        if (first..first + in_a_row).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return first;
        }
    }
    panic!("no {in_a_row} free ports in a row");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice_nor_one_that_is_taken() {
        let mut given: Vec<u16> = (0..100).flat_map(|_| [free(2), free(1)]).collect();
        assert!(given.iter().all(|port| (FIRST..FIRST + COUNT + 2).contains(port)));
        let _taken: Vec<_> =
            given.iter().map(|port| TcpListener::bind(("127.0.0.1", *port)).unwrap()).collect();
        given.extend((0..100).map(|_| free(1)));
        given.sort_unstable();
        assert!(given.windows(2).all(|two| two[0] < two[1]), "{given:?}");
    }
}
