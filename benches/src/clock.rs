//! Clocks of the kernel, in nanoseconds.
//!
//! Invariant: [`monotonic`] is one clock for all processes of a machine, so a time that one of them
//! writes into a message means the same to another.

use rustix::time::{ClockId, clock_gettime};

/// Time since the machine began.
pub fn monotonic() -> u64 {
    read(ClockId::Monotonic)
}

/// What all threads of this process have spent on a core.
pub fn process_cpu() -> u64 {
    read(ClockId::ProcessCPUTime)
}

/// What this thread has spent on a core.
pub fn thread_cpu() -> u64 {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}
