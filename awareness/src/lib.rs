//! What users see of each other at the moment: presence and typing statuses; and what a user's devices tell each other.
//!
//! Invariants: all state is ephemeral and may be lost at any moment; nothing durable depends on it. Visibility is
//! checked at delivery, by the viewer's node.

mod channel;
mod metrics;
pub mod presence;
pub mod translating;
pub mod typing;

use std::sync::Arc;

use platform::clock::Clock;
use platform::ports::Ephemeral;

pub use channel::Incoming;
pub use metrics::{Kind, announce, failed};
use presence::{Changed, Keeper};
use typing::{Publisher, Typing};

pub struct Awareness {
    ephemeral: Arc<dyn Ephemeral>,
    pub typing: Publisher,
    pub presence: Keeper,
}

impl Awareness {
    pub fn new(
        ephemeral: Arc<dyn Ephemeral>,
        tables: Arc<dyn presence::Tables>,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        announce();
        let presence = Keeper::new(ephemeral.clone(), tables, clock);
        Arc::new(Self { typing: Publisher::new(ephemeral.clone()), presence, ephemeral })
    }

    /// Typing statuses, from now on. A missed one expires by itself.
    pub fn typists(&self) -> Incoming<Typing> {
        Incoming::new(&*self.ephemeral, Kind::Typing)
    }

    /// Changes of presence, from now on.
    pub fn presences(&self) -> Incoming<Changed> {
        Incoming::new(&*self.ephemeral, Kind::Presence)
    }
}

#[cfg(test)]
pub(crate) mod tests;
