//! What processes hold, as the kernel counts it (Linux).

use anyhow::{Context, Result};
use tests::process::Process;

#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Resident set, of all processes together.
    pub megabytes: f64,
    /// Descriptors of the process that has most.
    pub descriptors: usize,
    /// Handed to the disk since the start, by all processes together.
    pub written_megabytes: f64,
}

impl Usage {
    pub fn of_all(processes: &[Process]) -> Result<Self> {
        let mut all = Self { megabytes: 0.0, descriptors: 0, written_megabytes: 0.0 };
        for process in processes {
            let folder = format!("/proc/{}", process.pid());
            all.megabytes += figure(&folder, "status", "VmRSS:")? / 1_024.0;
            all.written_megabytes += figure(&folder, "io", "write_bytes:")? / 1_048_576.0;
            all.descriptors = all.descriptors.max(std::fs::read_dir(format!("{folder}/fd"))?.count());
        }
        Ok(all)
    }
}

/// The number behind a name in a file of `/proc`.
fn figure(folder: &str, file: &str, name: &'static str) -> Result<f64> {
    let text = std::fs::read_to_string(format!("{folder}/{file}"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)).context(name)?;
    Ok(value.trim().trim_end_matches(" kB").parse()?)
}
