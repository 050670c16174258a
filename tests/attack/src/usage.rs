//! What processes hold, as the kernel counts it (Linux).

use anyhow::Result;
use tests::process::Process;
use tests::usage::figure;

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
            let pid = process.pid();
            all.megabytes += figure(pid, "status", "VmRSS:")? / 1_024.0;
            all.written_megabytes += figure(pid, "io", "write_bytes:")? / 1_048_576.0;
            all.descriptors = all.descriptors.max(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count());
        }
        Ok(all)
    }
}
