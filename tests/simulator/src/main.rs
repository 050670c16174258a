//! `simulate FROM TO [FAULT]`: runs seeds by hand, or looks for the seed that shows a planted fault.

use musclemap_simulator::{Statistics, faults, run};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let (Some(from), Some(to)) = (number(0), number(1)) else {
        eprintln!(
            "usage: simulate FROM TO [FAULT]; faults: {:?}",
            faults().iter().map(|(name, _)| *name).collect::<Vec<_>>()
        );
        std::process::exit(2);
    };
    let fault = arguments.get(2).map(|name| {
        faults().into_iter().find(|(known, _)| known == name).map(|(_, fault)| fault).unwrap_or_else(|| {
            eprintln!("no fault {name}");
            std::process::exit(2)
        })
    });
    let mut total = Statistics::default();
    let mut failed = 0;
    for seed in from..to {
        match run(seed, fault) {
            Ok(seen) => total.add(&seen),
            Err(violation) => {
                failed += 1;
                println!("seed {seed}: {violation}");
                if failed == 5 {
                    break;
                }
            }
        }
    }
    println!("{} seeds, {failed} failed; {total:?}", to - from);
    std::process::exit(i32::from(failed > 0));
}
