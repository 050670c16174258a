//! A byte-bounded single-flight cache.
//!
//! Invariants: a value that is kept is not made again; a failure is not kept; all values together take no
//! more than a bound, beyond which the oldest are dropped and may be made again.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use platform::lock::locked;
use tokio::sync::OnceCell;

/// What each takes beside its value.
const OVERHEAD_BYTES: usize = 256;

/// Values by key, each made by one caller while others wait.
pub struct SingleFlight<K, V, E> {
    bound: usize,
    /// Bytes that a value takes.
    weigh: fn(&V) -> usize,
    kept: Mutex<Kept<K, V, E>>,
}

type Cell<V, E> = Arc<Made<V, E>>;

struct Made<V, E> {
    value: OnceCell<Result<V, E>>,
    /// Held by the thread that attempts to make it at once.
    attempt: Mutex<()>,
}

struct Kept<K, V, E> {
    by_key: HashMap<K, (Cell<V, E>, usize)>,
    oldest_first: VecDeque<K>,
    bytes: usize,
}

impl<V, E> Made<V, E> {
    fn new() -> Self {
        Self { value: OnceCell::new(), attempt: Mutex::new(()) }
    }
}

impl<K: Copy + Eq + Hash, V: Clone, E: Clone> SingleFlight<K, V, E> {
    /// Keeps up to `bound` bytes.
    pub fn new(bound: usize, weigh: fn(&V) -> usize) -> Self {
        let kept = Kept { by_key: HashMap::new(), oldest_first: VecDeque::new(), bytes: 0 };
        Self { bound, weigh, kept: Mutex::new(kept) }
    }

    /// The value that is kept or being made, else the one that this makes. A failure fails all who wait for
    /// it, instead of each trying in turn.
    pub async fn get_or_make(&self, key: K, make: impl AsyncFnOnce() -> Result<V, E>) -> Result<V, E> {
        let cell = self.change(|kept| kept.cell(key));
        let made = cell.value.get_or_init(|| async {
            let made = make().await;
            self.change(|kept| kept.settle(key, &cell, made.as_ref().map(self.weigh).ok()));
            made
        });
        made.await.clone()
    }

    /// Runs an attempt to make a value, while no other thread runs one for the same value.
    pub fn alone<T>(&self, key: K, attempt: impl FnOnce() -> T) -> T {
        let cell = self.change(|kept| kept.cell(key));
        let _attempt = if cell.value.initialized() { None } else { Some(locked(&cell.attempt)) };
        attempt()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Kept<K, V, E>) -> T) -> T {
        let kept = &mut *locked(&self.kept);
        let changed = change(kept);
        while kept.bytes > self.bound
            && let Some(oldest) = kept.oldest_first.pop_front()
        {
            kept.bytes -= kept.by_key.remove(&oldest).map_or(0, |(_, bytes)| bytes);
        }
        changed
    }
}

impl<K: Copy + Eq + Hash, V, E> Kept<K, V, E> {
    fn cell(&mut self, key: K) -> Cell<V, E> {
        let (cell, _) = self.by_key.entry(key).or_insert_with(|| {
            self.oldest_first.push_back(key);
            self.bytes += OVERHEAD_BYTES;
            (Cell::new(Made::new()), OVERHEAD_BYTES)
        });
        cell.clone()
    }

    /// Notes the bytes of a value that was made, or that it has failed.
    fn settle(&mut self, key: K, made: &Cell<V, E>, weight: Option<usize>) {
        let kept = self.by_key.get_mut(&key).filter(|(cell, _)| Arc::ptr_eq(cell, made));
        match (kept, weight) {
            (Some((_, bytes)), Some(weight)) => {
                *bytes += weight;
                self.bytes += weight;
            }
            (Some((cell, _)), None) => *cell = Cell::new(Made::new()),
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;
    use futures::future::join_all;

    use super::*;

    type Texts = SingleFlight<usize, String, &'static str>;

    fn texts(bound: usize) -> Texts {
        SingleFlight::new(bound, String::len)
    }

    /// Asks for a text, and says whether it had to be made.
    fn is_made(texts: &Texts, key: usize, made: Result<String, &'static str>) -> bool {
        let mut ran = false;
        let given = texts.get_or_make(key, async || {
            ran = true;
            made.clone()
        });
        assert_eq!(given.now_or_never().unwrap(), made);
        ran
    }

    #[tokio::test]
    async fn many_who_ask_at_once_wait_for_one() {
        let (texts, count) = (texts(10_000), Cell::new(0));
        for made in [Err("just now"), Ok("all".to_owned()), Ok("all".to_owned())] {
            let all = join_all((0..100).map(|_| {
                texts.get_or_make(1, async || {
                    count.set(count.get() + 1);
                    tokio::task::yield_now().await;
                    made.clone()
                })
            }));
            assert!(all.await.iter().all(|given| *given == made));
        }
        assert_eq!(count.get(), 2, "a failure is shared by the waiting callers and not kept");
    }

    #[test]
    fn what_is_made_at_once_is_made_by_one_thread() {
        let (texts, count) = (texts(10_000), std::sync::atomic::AtomicUsize::new(0));
        let make = |made: Option<Result<String, &'static str>>| {
            let make = async || {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                std::thread::yield_now();
                match made.clone() {
                    Some(made) => made,
                    None => std::future::pending().await,
                }
            };
            let given = texts.alone(1, || texts.get_or_make(1, make).now_or_never());
            assert_eq!(given, made);
        };
        make(None);
        make(Some(Err("just now")));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| make(Some(Ok("all".to_owned()))));
            }
        });
        assert_eq!(count.into_inner(), 3, "what cannot be made at once, or has failed, is not kept");
        assert!(!is_made(&texts, 1, Ok("all".to_owned())));
    }

    #[test]
    fn the_oldest_go_beyond_the_bound() {
        let texts = texts(3 * (OVERHEAD_BYTES + 100));
        let made = Ok("x".repeat(100));
        for offset in 0..3 {
            assert!(is_made(&texts, offset, made.clone()));
        }
        assert!((0..3).all(|offset| !is_made(&texts, offset, made.clone())));
        assert!(is_made(&texts, 3, made.clone()));
        assert!(is_made(&texts, 0, made.clone()));
        assert!(!is_made(&texts, 3, made));
    }

    #[test]
    fn nothing_is_held_beyond_the_bound_whatever_becomes_of_it() {
        let texts = texts(10_000);
        for offset in 0..1_000 {
            let made = match offset % 4 {
                0 => Ok("x".repeat(offset * 20)),
                1 => Ok(String::new()),
                2 => Err("just now"),
                _ => {
                    // Its maker is cancelled.
                    let gone = texts.get_or_make(offset, async || std::future::pending().await);
                    assert!(gone.now_or_never().is_none());
                    continue;
                }
            };
            is_made(&texts, offset, made);
            let kept = texts.kept.lock().unwrap();
            let bytes: usize = kept.by_key.values().map(|(_, bytes)| bytes).sum();
            assert!(bytes == kept.bytes && bytes <= 10_000, "{bytes} {}", kept.bytes);
            assert_eq!(kept.by_key.len(), kept.oldest_first.len());
        }
    }
}
