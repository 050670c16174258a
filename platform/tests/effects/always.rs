//! What holds under every schedule.

use crate::schedule::run;

/// Every effect happens, the newest version stays, a repeat has none, a position passes only what is done, and the
/// dead letters are those records that are poison or refused.
#[test]
fn effects_happen_and_positions_pass_only_what_is_done() {
    for seed in 0..60 {
        if let Err(violation) = run(seed) {
            panic!("seed {seed}: {violation}");
        }
    }
}
