//! Descriptors of the process: how many connections may take, and one that is kept to refuse with.
//!
//! Invariant: connections leave the reserve to the rest of the process, or half where there are few.

use std::fs::File;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Options;

/// How many connections there are descriptors for. Raises the limit of the process to the most that it is allowed.
pub fn for_connections(options: &Options) -> usize {
    of_limit(raised(), options.reserved_descriptors) / options.descriptors_each.max(1)
}

/// How many descriptors connections may take.
fn of_limit(limit: usize, reserved: usize) -> usize {
    limit.saturating_sub(reserved).max(limit / 2)
}

fn raised() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_raised = maximum != current && {
        let most = Rlimit { current: maximum, maximum };
        setrlimit(Resource::Nofile, most).is_ok()
    };
    let limit = if is_raised { maximum } else { current };
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// A descriptor to accept and refuse a connection with when all others are taken.
pub struct Spare(Option<File>);

impl Spare {
    pub fn new() -> Self {
        Self(File::open("/dev/null").ok())
    }

    /// Gives the descriptor up for a moment; says whether there was one.
    pub fn give_up(&mut self) -> bool {
        self.0.take().is_some()
    }

    /// Takes one again, if there is one.
    pub fn take_again(&mut self) {
        self.0 = File::open("/dev/null").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_reserve_or_half() {
        for (limit, reserved, expected) in
            [(20_000, 1_024, 18_976), (1_024, 1_024, 512), (1_024, 100, 924), (usize::MAX, 1, usize::MAX - 1)]
        {
            assert_eq!(of_limit(limit, reserved), expected);
        }
    }

    #[test]
    fn connections_of_several_descriptors_are_fewer() {
        let most = |descriptors_each| for_connections(&Options { descriptors_each, ..Options::default() });
        assert_eq!(most(3), most(1) / 3);
    }
}
