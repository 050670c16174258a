//! Devices with sockets on this node. When the last socket of one closes, the device leaves.
//!
//! Invariants: devices that wait to leave are bounded, and further ones end by time; while a node drains no device
//! leaves, as clients reconnect to other nodes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard};

use domain::presence::Reached;
use futures::{StreamExt, stream};
use platform::clock::Clock;
use platform::lock::locked;
use schemas::UserId;
use schemas::position::LogTime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::Node;
use crate::metrics::{self, Dropped};

/// Devices that may wait to leave.
const LEAVING: usize = 16_384;
/// Devices that leave at the same time.
const AT_ONCE: usize = 32;

/// A device whose last socket has closed.
struct Leaving {
    user: UserId,
    reached: Reached,
    closed_at: LogTime,
}

pub struct Devices {
    here: Mutex<HashMap<(UserId, String), usize>>,
    leaves: mpsc::Sender<Leaving>,
    leaving: tokio::sync::Mutex<mpsc::Receiver<Leaving>>,
    /// The id of this node.
    node: String,
    clock: Arc<dyn Clock>,
}

/// One socket of a device.
pub struct DeviceSeat {
    devices: Arc<Devices>,
    user: UserId,
    device: String,
    draining: CancellationToken,
}

impl Devices {
    pub fn new(node: String, clock: Arc<dyn Clock>) -> Arc<Self> {
        let (leaves, leaving) = mpsc::channel(LEAVING);
        let leaving = tokio::sync::Mutex::new(leaving);
        Arc::new(Self { here: Mutex::default(), leaves, leaving, node, clock })
    }

    fn here(&self) -> MutexGuard<'_, HashMap<(UserId, String), usize>> {
        locked(&self.here)
    }

    /// One more socket of a device.
    pub fn seat(self: &Arc<Self>, user: &UserId, device: String, draining: CancellationToken) -> DeviceSeat {
        *self.here().entry((user.clone(), device.clone())).or_default() += 1;
        DeviceSeat { devices: self.clone(), user: user.clone(), device, draining }
    }
}

impl DeviceSeat {
    pub fn reached(&self) -> Reached {
        Reached { device: self.device.clone(), node: Some(self.devices.node.clone()) }
    }
}

impl Drop for DeviceSeat {
    fn drop(&mut self) {
        let key = (self.user.clone(), self.device.clone());
        let is_last = match self.devices.here().entry(key) {
            Entry::Occupied(mut sockets) => {
                *sockets.get_mut() -= 1;
                let is_last = *sockets.get() == 0;
                if is_last {
                    sockets.remove();
                }
                is_last
            }
            Entry::Vacant(_) => false,
        };
        if !is_last || self.draining.is_cancelled() {
            return;
        }
        let closed_at = self.devices.clock.now();
        let leaving = Leaving { user: self.user.clone(), reached: self.reached(), closed_at };
        if self.devices.leaves.try_send(leaving).is_err() {
            metrics::dropped(Dropped::Presence).inc();
        }
    }
}

impl Node {
    /// Removes devices whose last socket has closed from the presence of their users. Never returns.
    pub async fn follow_leaving(&self) {
        let (mut leaving, mut devices) = (self.devices.leaving.lock().await, vec![]);
        while leaving.recv_many(&mut devices, AT_ONCE).await > 0 {
            let left =
                stream::iter(devices.drain(..)).for_each_concurrent(AT_ONCE, async |device: Leaving| {
                    let Leaving { user, reached, closed_at } = &device;
                    if let Err(error) = self.awareness.presence.leave(user, reached, *closed_at).await {
                        // The device ends by time.
                        awareness::failed(awareness::Kind::Presence).inc();
                        tracing::debug!(%error, "a device's leaving not published");
                    }
                });
            left.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::clock::SystemClock;

    use super::*;

    #[test]
    fn the_last_socket_of_a_device_leaves_and_none_while_the_node_drains() {
        let (devices, draining) =
            (Devices::new("node".to_owned(), Arc::new(SystemClock)), CancellationToken::new());
        let ann: UserId = "ann".parse().unwrap();
        let seat = |device: &str| devices.seat(&ann, device.to_owned(), draining.clone());
        let (one, two, other) = (seat("phone"), seat("phone"), seat("desk"));
        let left = || devices.leaving.try_lock().unwrap().try_recv().map(|left| left.reached.device).ok();
        drop(one);
        assert_eq!(left(), None);
        drop(two);
        assert_eq!(left().as_deref(), Some("phone"));
        drop(seat("phone"));
        assert_eq!(left().as_deref(), Some("phone"));
        draining.cancel();
        drop(other);
        assert_eq!((left(), devices.here().len()), (None, 0));
    }
}
