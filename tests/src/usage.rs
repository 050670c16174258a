//! What a process uses, as the kernel counts it (Linux).

use std::io;

/// The number behind a name in a file of a process's folder in `/proc`.
pub fn figure(pid: u32, file: &str, name: &str) -> io::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name));
    let number = value.and_then(|value| value.trim().trim_end_matches(" kB").parse().ok());
    number.ok_or_else(|| io::Error::other(format!("no number {name} in {file}")))
}
