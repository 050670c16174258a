//! Presence: what a user's devices say together about whether the user is there.
//!
//! Invariants: pure, by the time that is passed in; a device counts for [`ALIVE_MS`] after its last
//! heartbeat; a user is the best of their devices; what is kept of a user is bounded.

use schemas::position::LogTime;
use serde::{Deserialize, Serialize};

/// How long a device is there after its last heartbeat.
pub const ALIVE_MS: LogTime = 60_000;
/// How long a user is not away after the last heartbeat that said so.
pub const ACTIVE_MS: LogTime = 5 * 60_000;
/// Devices that are kept of a user; the one with the oldest heartbeat goes.
const MAX_DEVICES: usize = 20;

/// From the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    Online,
    Away,
    Offline,
}

/// A device as it is reached: by sockets on one node, or by requests. Each comes and goes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    pub device: String,
    /// The node of its sockets; none for requests.
    pub node: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Device {
    reached: Reached,
    beat_at: LogTime,
    /// When its user was last active; that of the first heartbeat if the user never was.
    active_at: LogTime,
}

/// What is kept of a user.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Presence {
    devices: Vec<Device>,
    /// When the user was last there.
    pub last_seen: Option<LogTime>,
}

impl Device {
    fn ends_at(&self) -> LogTime {
        self.beat_at.saturating_add(ALIVE_MS)
    }

    fn is_away_at(&self) -> LogTime {
        self.active_at.saturating_add(ACTIVE_MS)
    }

    fn status(&self, now: LogTime) -> Status {
        if now >= self.ends_at() {
            Status::Offline
        } else if now >= self.is_away_at() {
            Status::Away
        } else {
            Status::Online
        }
    }
}

impl Presence {
    /// A device says that it is there, and whether its user is active.
    pub fn beat(&mut self, reached: &Reached, is_active: bool, now: LogTime) {
        self.forget(now);
        self.last_seen = self.last_seen.max(Some(now));
        if let Some(device) = self.devices.iter_mut().find(|device| device.reached == *reached) {
            device.beat_at = device.beat_at.max(now);
            if is_active {
                device.active_at = device.active_at.max(now);
            }
            return;
        }
        if self.devices.len() >= MAX_DEVICES
            && let Some(oldest) = (0..self.devices.len()).min_by_key(|at| self.devices[*at].beat_at)
        {
            self.devices.swap_remove(oldest);
        }
        self.devices.push(Device { reached: reached.clone(), beat_at: now, active_at: now });
    }

    /// The last socket of a device on a node closed at a time: the device is there neither by requests nor on that
    /// node, unless it came back since.
    pub fn leave(&mut self, reached: &Reached, closed_at: LogTime, now: LogTime) {
        self.forget(now);
        let before = self.devices.len();
        self.devices.retain(|Device { reached: Reached { device, node }, beat_at, .. }| {
            let has_left = *beat_at <= closed_at && (node.is_none() || *node == reached.node);
            *device != reached.device || !has_left
        });
        if self.devices.len() < before {
            self.last_seen = self.last_seen.max(Some(now));
        }
    }

    /// Forgets devices that are not there.
    fn forget(&mut self, now: LogTime) {
        self.devices.retain(|device| device.status(now) != Status::Offline);
    }

    pub fn status(&self, now: LogTime) -> Status {
        self.devices.iter().map(|device| device.status(now)).min().unwrap_or(Status::Offline)
    }

    /// When the status may change without a further heartbeat; `None` if it cannot.
    pub fn changes_at(&self, now: LogTime) -> Option<LogTime> {
        let times = self.devices.iter().flat_map(|device| [device.ends_at(), device.is_away_at()]);
        times.filter(|at| *at > now).min()
    }
}
