//! Executions, each from its beginning until its answer is sent, and the bytes of these answers.
//!
//! Invariant: what an execution took is given back when it is dropped; an answer holds its execution.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_graphql::parser::types::OperationType;
use platform::lock::locked;
use schemas::{ErrorCode, Refusal, UserId};

use super::{Limits, Options, crowded, metrics};

/// Bytes that an answer reserves at once.
const PIECE: usize = 64 * 1024;

#[derive(Default)]
pub struct Executions(Mutex<Loads>);

#[derive(Default)]
struct Loads {
    all: Load,
    users: HashMap<UserId, Load>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Load {
    executions: usize,
    bytes: usize,
}

/// An execution that is counted, and what its answer comes to.
pub struct Execution {
    limits: Arc<Limits>,
    /// Who asked; nobody without a token, who reads next to nothing.
    user: Option<UserId>,
    bytes: AtomicUsize,
    /// Bytes that are counted for the user and in total.
    reserved: AtomicUsize,
    /// Why it does not go on.
    refused: OnceLock<Refusal>,
}

impl Executions {
    /// Changes what runs in all and for a user, if that is within the limits.
    fn change(
        &self,
        user: Option<&UserId>,
        fits: impl FnOnce(Load, Load) -> Result<(), Refusal>,
        change: impl Fn(&mut Load),
    ) -> Result<(), Refusal> {
        let mut loads = locked(&self.0);
        let own = user.and_then(|user| loads.users.get(user)).copied();
        fits(loads.all, own.unwrap_or_default())?;
        change(&mut loads.all);
        metrics::loads(loads.all.executions, loads.all.bytes);
        if let Some(user) = user {
            let mut own = own.unwrap_or_default();
            change(&mut own);
            match own.executions {
                0 => drop(loads.users.remove(user)),
                _ => drop(loads.users.insert(user.clone(), own)),
            }
        }
        Ok(())
    }
}

/// Whether answers that are not sent leave room for another piece.
fn unsent_fits(options: &Options, all: Load, own: Load) -> Result<(), Refusal> {
    if own.bytes >= options.unsent_bytes_per_user {
        return Err(crowded("unsent_bytes_per_user", "too many bytes of answers are not read"));
    }
    if all.bytes >= options.unsent_bytes {
        metrics::refused("unsent_bytes");
        return Err(Refusal::unavailable("too many bytes of answers are not read"));
    }
    Ok(())
}

/// Whether another execution fits beside what runs.
fn fits(options: &Options, all: Load, own: Load) -> Result<(), Refusal> {
    if own.executions >= options.executions_per_user {
        return Err(crowded("executions_per_user", "too many requests at once"));
    }
    if all.executions >= options.executions {
        metrics::refused("executions");
        return Err(Refusal::unavailable("too many requests at once"));
    }
    unsent_fits(options, all, own)
}

impl Execution {
    pub(super) fn begin(limits: &Arc<Limits>, user: Option<&UserId>) -> Result<Arc<Self>, Refusal> {
        let fits = |all, own| fits(&limits.options, all, own);
        limits.executions.change(user, fits, |load| load.executions += 1)?;
        Ok(Arc::new(Self {
            limits: limits.clone(),
            user: user.cloned(),
            bytes: AtomicUsize::new(0),
            reserved: AtomicUsize::new(0),
            refused: OnceLock::new(),
        }))
    }

    /// Counts bytes of the answer as it is made; says whether it may go on.
    pub fn add(&self, bytes: usize) -> bool {
        let made = self.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let most = self.limits.options.answer_bytes;
        if made > most {
            self.refused.get_or_init(|| {
                metrics::refused("answer_bytes");
                let detail = format!("the answer is larger than {most} bytes: ask for less");
                Refusal::limit_reached("answer_bytes", detail)
            });
            return false;
        }
        let reserved = self.reserved.load(Ordering::Relaxed);
        if made > reserved {
            let more = (made - reserved).div_ceil(PIECE) * PIECE;
            let fits = |all, own| unsent_fits(&self.limits.options, all, own);
            match self.limits.executions.change(self.user.as_ref(), fits, |load| load.bytes += more) {
                Ok(()) => drop(self.reserved.fetch_add(more, Ordering::Relaxed)),
                Err(refusal) => drop(self.refused.set(refusal)),
            }
        }
        self.refused.get().is_none()
    }

    /// Bytes of the answer so far.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Why it does not go on. A mutation may have had its effect, and asking for less is safe.
    pub fn refusal(&self, kind: OperationType) -> Option<Refusal> {
        let refused = self.refused.get()?.clone();
        Some(match kind {
            OperationType::Query | OperationType::Subscription => refused,
            OperationType::Mutation => Refusal { code: ErrorCode::OutcomePending, ..refused },
        })
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        let reserved = *self.reserved.get_mut();
        let release = |load: &mut Load| {
            load.executions -= 1;
            load.bytes -= reserved;
        };
        let _ = self.limits.executions.change(self.user.as_ref(), |_, _| Ok(()), release);
    }
}
