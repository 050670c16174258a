//! Every benchmark, one after the other; in small within ten minutes.
//!
//! Invariant: one that fails does not keep the others from running, but the whole has failed then.

use anyhow::{Result, bail};
use clap::{Args, Parser};

use crate::report::Report;
use crate::{Command, record};

const SMALL: [&str; 11] = [
    "decide --at-least 500000",
    "moderate",
    "pipeline --p99-within 20",
    "pipeline --rate 1000 --conversations 1000 --seconds 10 --p99-within 50",
    "fanout",
    "burst",
    "graphql",
    "idle",
    "storm",
    "slow",
    "group",
];
const FULL: [&str; 11] = [
    "decide --at-least 500000",
    "moderate",
    "pipeline --p99-within 20",
    "pipeline --rate 1000 --conversations 1000 --p99-within 50",
    "fanout --sockets 10,100,1000,5000,10000",
    "burst",
    "graphql",
    "idle --sockets 1000,5000,15000",
    "storm --sockets 5000",
    "slow",
    "group --sockets 1000,5000,15000",
];

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// In full sizes.
    #[arg(long)]
    full: bool,
    /// Write what was found to benches/RESULTS.md.
    #[arg(long)]
    write: bool,
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    let (mut sections, mut failed) = (Vec::new(), Vec::new());
    for line in if options.full { FULL } else { SMALL } {
        let from = report.lines.len();
        // On the heap, as it may be any benchmark's.
        if let Err(error) = Box::pin(parse(line)?.bench.run(report)).await {
            report.lines.push(format!("{line}: failed: {error:#}"));
            println!("{line}: failed: {error:#}");
            failed.push(line);
        }
        sections.push(record::Section { command: line, lines: report.lines[from..].to_vec() });
    }
    if options.write {
        record::write(&sections).await?;
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join("; ")) }
}

fn parse(line: &str) -> Result<Command> {
    Ok(Command::try_parse_from(["benches"].into_iter().chain(line.split(' ')))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_command() {
        for line in SMALL.iter().chain(&FULL) {
            assert!(parse(line).is_ok(), "{line}");
        }
    }
}
