//! What is left of the limits of a user, for readers: the windows that decisions count.
//!
//! Limits of one text, of one conversation or of one message are not the user's alone, and not here.

use schemas::control::{Limit, Limits};
use schemas::limits::{Usage, Use};
use schemas::position::LogTime;
use schemas::states::AccountState;

use super::usage;
use crate::window::{self, Room};

/// A limit of a user, and the room in its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// As a refusal names it.
    pub name: &'static str,
    pub limit: Limit,
    pub room: Room,
}

/// Each limit of the user whose state and uses these are, as of `at`.
pub fn left(state: &AccountState, uses: &[(String, Usage)], limits: &Limits, at: LogTime) -> Vec<Left> {
    let left = |name, limit: Limit, times: Vec<LogTime>| Left {
        name,
        limit,
        room: window::room(times.into_iter(), at, &limit),
    };
    let mut all = vec![
        left("send", limits.send, state.sends.clone()),
        left("create_conversation", limits.create_conversation, state.creations.clone()),
    ];
    for (name, limit) in usage::ALL {
        let row = uses.iter().find(|(row, _)| row == name);
        let times = |(_, usage): &(String, Usage)| usage.uses.iter().map(|one: &Use| one.at).collect();
        all.push(left(name, *limit(limits), row.map(times).unwrap_or_default()));
    }
    all
}
