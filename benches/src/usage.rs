//! What a process uses, as the kernel counts it (Linux).

use anyhow::{Context, Result};
use tests::process::Process;
use tests::usage::figure;

/// Clock ticks in a second, which Linux fixes for user space.
const TICKS: f64 = 100.0;

#[derive(Debug, Clone, Copy)]
pub struct Usage {
    pub cpu_seconds: f64,
    /// Resident set.
    pub rss_megabytes: f64,
}

/// Of all processes together.
pub fn of_all(processes: &[Process]) -> Result<Usage> {
    let mut all = Usage { cpu_seconds: 0.0, rss_megabytes: 0.0 };
    for process in processes {
        let one = of(process.pid())?;
        all.cpu_seconds += one.cpu_seconds;
        all.rss_megabytes += one.rss_megabytes;
    }
    Ok(all)
}

/// Memory of a process that no file backs, in kilobytes.
pub fn anonymous_kilobytes(pid: u32) -> Result<f64> {
    Ok(figure(pid, "status", "RssAnon:")?)
}

/// Of a running process.
fn of(pid: u32) -> Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The name, in parentheses, may hold blanks; fields are counted from behind it.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| -> Result<f64> {
        Ok(fields.get(index).context("a field of stat")?.parse::<u64>()? as f64)
    };
    let rss_megabytes = figure(pid, "status", "VmRSS:")? / 1_024.0;
    Ok(Usage { cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS, rss_megabytes })
}
