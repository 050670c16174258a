//! Places for requests: per host, and in all.
//!
//! Invariants: a request waits for its host first, so that a slow host holds no place of others; who waits
//! is bounded, and a host that nobody asks is forgotten.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use platform::lock::locked;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Refusal;

/// How many requests may run, and wait.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    pub in_all: usize,
    pub per_host: usize,
    /// Of requests that wait, in all.
    pub waiting: usize,
}

pub struct Places {
    room: Room,
    all: Arc<Semaphore>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    /// Requests that run or wait.
    requests: usize,
    hosts: HashMap<String, Host>,
}

struct Host {
    places: Arc<Semaphore>,
    requests: usize,
}

/// A place, until it is dropped.
pub struct Place {
    _held: [OwnedSemaphorePermit; 2],
    _request: Request,
}

/// A request that runs or waits.
struct Request {
    of: Arc<Places>,
    host: String,
}

impl Places {
    pub fn new(room: Room) -> Arc<Self> {
        let all = Arc::new(Semaphore::new(room.in_all));
        Arc::new(Self { room, all, asked: Mutex::default() })
    }

    /// Waits for a place; how long is the caller's deadline.
    pub async fn take(self: &Arc<Self>, host: String) -> Result<Place, Refusal> {
        let (request, host) = self.enter(host)?;
        let of_host = host.acquire_owned().await.map_err(|_| Refusal::Busy)?;
        let of_all = self.all.clone().acquire_owned().await.map_err(|_| Refusal::Busy)?;
        Ok(Place { _held: [of_host, of_all], _request: request })
    }

    fn enter(self: &Arc<Self>, host: String) -> Result<(Request, Arc<Semaphore>), Refusal> {
        let mut asked = locked(&self.asked);
        if asked.requests >= self.room.in_all + self.room.waiting {
            return Err(Refusal::Busy);
        }
        asked.requests += 1;
        let of_host = asked
            .hosts
            .entry(host.clone())
            .or_insert_with(|| Host { places: Arc::new(Semaphore::new(self.room.per_host)), requests: 0 });
        of_host.requests += 1;
        Ok((Request { of: self.clone(), host }, of_host.places.clone()))
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut asked = locked(&self.of.asked);
        asked.requests -= 1;
        if let Some(host) = asked.hosts.get_mut(&self.host) {
            host.requests -= 1;
            if host.requests == 0 {
                asked.hosts.remove(&self.host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What a future has without waiting.
    fn now<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }

    fn taken(places: &Arc<Places>, host: &str) -> Option<Place> {
        now(places.take(host.to_owned())).map(|place| place.ok().unwrap())
    }

    #[test]
    fn a_host_has_its_places_and_all_hosts_have_theirs() {
        let places = Places::new(Room { in_all: 3, per_host: 2, waiting: 9 });
        let first = [taken(&places, "a"), taken(&places, "a")];
        assert!(first.iter().all(Option::is_some));
        assert!(taken(&places, "a").is_none(), "no third place of a host");
        let third = taken(&places, "b");
        assert!(third.is_some());
        assert!(taken(&places, "c").is_none(), "no fourth place in all");
        drop(third);
        let again = taken(&places, "c");
        assert!(again.is_some());
        drop((first, again));
        assert!(locked(&places.asked).hosts.is_empty(), "hosts are forgotten");
        assert_eq!(locked(&places.asked).requests, 0);
    }

    #[test]
    fn who_waits_for_a_host_holds_no_place_of_others_and_those_who_wait_are_bounded() {
        let places = Places::new(Room { in_all: 2, per_host: 1, waiting: 1 });
        let slow = taken(&places, "slow");
        assert!(slow.is_some());
        let mut waiting = pin!(places.take("slow".to_owned()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(waiting.as_mut().poll(&mut context).is_pending());
        let other = taken(&places, "other");
        assert!(other.is_some(), "who waits takes nothing from others");
        let refused = now(places.take("third".to_owned()));
        assert_eq!(refused.map(|place| place.err()), Some(Some(Refusal::Busy)));
        drop(slow);
        assert!(waiting.as_mut().poll(&mut context).is_ready());
    }
}
