//! Renderings of recent events, for all whose selections are alike.
//!
//! Invariants: while a rendering is kept it is executed once; what failed is not kept; all together
//! take no more than a bound, beyond which the oldest go and may be rendered again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use schemas::position::Offset;
use tokio::sync::OnceCell;

use super::{Failed, Payload};
use crate::lanes::Lane;

/// What each takes beside its payload.
const OVERHEAD_BYTES: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub lane: Lane,
    pub offset: Offset,
    pub selection: u128,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rendering {
    Shared(Arc<Payload>),
    /// Each viewer has their own.
    Private,
}

type Cell = Arc<OnceCell<Result<Rendering, Failed>>>;

pub struct Renderings {
    bound: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_key: HashMap<Key, (Cell, usize)>,
    oldest_first: VecDeque<Key>,
    bytes: usize,
}

impl Renderings {
    pub fn new(bound: usize) -> Self {
        Self { bound, kept: Mutex::default() }
    }

    /// The rendering that is kept, or is being made; else the one that this makes. All who wait for
    /// one that fails fail with it, instead of trying one after the other.
    pub async fn get_or_render(
        &self,
        key: Key,
        render: impl AsyncFnOnce() -> Result<Rendering, Failed>,
    ) -> Result<Rendering, Failed> {
        let cell = self.change(|kept| kept.cell(key));
        let made = cell.get_or_init(|| async {
            let made = render().await;
            self.change(|kept| kept.settle(key, &cell, &made));
            made
        });
        made.await.clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        let kept = &mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(kept);
        while kept.bytes > self.bound
            && let Some(oldest) = kept.oldest_first.pop_front()
        {
            kept.bytes -= kept.by_key.remove(&oldest).map_or(0, |(_, bytes)| bytes);
        }
        changed
    }
}

impl Kept {
    fn cell(&mut self, key: Key) -> Cell {
        let (cell, _) = self.by_key.entry(key).or_insert_with(|| {
            self.oldest_first.push_back(key);
            self.bytes += OVERHEAD_BYTES;
            (Cell::default(), OVERHEAD_BYTES)
        });
        cell.clone()
    }

    fn settle(&mut self, key: Key, made: &Cell, rendering: &Result<Rendering, Failed>) {
        let Some((cell, bytes)) = self.by_key.get_mut(&key).filter(|(cell, _)| Arc::ptr_eq(cell, made))
        else {
            return;
        };
        match rendering {
            Err(_) => *cell = Cell::default(),
            Ok(Rendering::Private) => {}
            Ok(Rendering::Shared(payload)) => {
                *bytes += payload.bytes();
                self.bytes += payload.bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;
    use futures::future::join_all;

    use super::*;

    fn key(offset: Offset) -> Key {
        Key { lane: Lane(0), offset, selection: 7 }
    }

    fn shared(text: &str) -> Result<Rendering, Failed> {
        Ok(Rendering::Shared(Arc::new(Payload(vec![text.to_owned()]))))
    }

    /// Renders, and says whether it had to.
    fn is_rendered(renderings: &Renderings, key: Key, made: Result<Rendering, Failed>) -> bool {
        let mut ran = false;
        let given = renderings.get_or_render(key, async || {
            ran = true;
            made.clone()
        });
        assert_eq!(given.now_or_never().unwrap(), made);
        ran
    }

    #[tokio::test]
    async fn many_who_ask_at_once_wait_for_one() {
        let (renderings, count) = (Renderings::new(10_000), Cell::new(0));
        for made in [Err(Failed("just now".to_owned())), shared("all"), shared("all")] {
            let all = join_all((0..100).map(|_| {
                renderings.get_or_render(key(1), async || {
                    count.set(count.get() + 1);
                    tokio::task::yield_now().await;
                    made.clone()
                })
            }));
            assert!(all.await.iter().all(|given| *given == made));
        }
        assert_eq!(count.get(), 2, "the failure is shared by those who wait and kept for nobody else");
    }

    #[test]
    fn the_oldest_go_beyond_the_bound() {
        let renderings = Renderings::new(3 * (OVERHEAD_BYTES + 100));
        let made = shared(&"x".repeat(100));
        for offset in 0..3 {
            assert!(is_rendered(&renderings, key(offset), made.clone()));
        }
        assert!((0..3).all(|offset| !is_rendered(&renderings, key(offset), made.clone())));
        assert!(is_rendered(&renderings, key(3), made.clone()));
        assert!(is_rendered(&renderings, key(0), made.clone()));
        assert!(!is_rendered(&renderings, key(3), made));
    }

    #[test]
    fn nothing_is_held_beyond_the_bound_whatever_becomes_of_it() {
        let renderings = Renderings::new(10_000);
        for offset in 0..1_000 {
            let made = match offset % 4 {
                0 => shared(&"x".repeat(usize::try_from(offset).unwrap() * 20)),
                1 => Ok(Rendering::Private),
                2 => Err(Failed("just now".to_owned())),
                _ => {
                    // Whoever renders it goes away.
                    let gone = renderings.get_or_render(key(offset), async || std::future::pending().await);
                    assert!(gone.now_or_never().is_none());
                    continue;
                }
            };
            is_rendered(&renderings, key(offset), made);
            let kept = renderings.kept.lock().unwrap();
            let bytes: usize = kept.by_key.values().map(|(_, bytes)| bytes).sum();
            assert!(bytes == kept.bytes && bytes <= 10_000, "{bytes} {}", kept.bytes);
            assert_eq!(kept.by_key.len(), kept.oldest_first.len());
        }
    }
}
