//! Renderings of recent events, shared by all viewers whose selections and answers are alike.
//!
//! Invariants: equal key, equal bytes; a rendering that opened its viewer is given to that viewer alone; of
//! those, and of classes beyond the bound, at most [`MAX_EXECUTIONS`] are executed at once.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use domain::delivery::Answers;
use futures::FutureExt;
use graphql::live::{self, Delivery};
use graphql::{RenderingSchema, Viewer};
use schemas::position::Offset;
use tokio::sync::Semaphore;

use super::classes::Classes;
use super::{Failed, Payload, Selected};
use crate::event::{AsOf, Completed, Event};
use crate::lanes::Lane;
use crate::metrics;
use crate::notice::{NOTICES, Notice};
use crate::single_flight::SingleFlight;

/// Executions for a single viewer that are in flight on a node.
pub const MAX_EXECUTIONS: usize = 64;

/// What a rendering depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    pub lane: Lane,
    pub offset: Offset,
    pub selection: u128,
    pub as_of: AsOf,
    pub answers: Answers,
    /// Users who were erased before it.
    pub erasures: usize,
}

/// Few keys differ in the state or the answers alone, so these are compared and not hashed: a delivery looks
/// its key up.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.lane, self.offset, self.selection).hash(state);
    }
}

/// An event that is rendered, as it was completed, for viewers with these answers; or a notice.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    lane: Lane,
    offset: Offset,
    completed: &'a Completed,
    answers: Answers,
}

impl<'a> Target<'a> {
    pub fn event(event: &Event, completed: &'a Completed, answers: Answers) -> Self {
        Self { lane: event.lane, offset: event.offset, completed, answers }
    }

    /// The same for all who get it.
    pub fn notice(notice: &'a Notice) -> Self {
        let (offset, completed) = (notice.number, &notice.completed);
        Self { lane: NOTICES, offset, completed, answers: Answers::default() }
    }

    pub fn key(&self, schema: &RenderingSchema, selected: &Selected) -> Key {
        let Self { lane, offset, completed, answers } = *self;
        let (selection, as_of, erasures) = (selected.key, completed.as_of, schema.erasures());
        Key { lane, offset, selection, as_of, answers, erasures }
    }

    fn rendering(&self) -> live::Rendering {
        live::Rendering { delivery: self.completed.delivery.clone(), answers: self.answers }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    Shared(Arc<Payload>),
    /// Each viewer has their own.
    Private,
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Self::Shared(payload) => payload.parts().iter().map(|part| part.len()).sum(),
            Self::Private => 0,
        }
    }
}

/// A payload as it was rendered for an event.
#[derive(Debug, PartialEq, Eq)]
pub struct Rendered {
    pub payload: Arc<Payload>,
    /// Whether it is the same for all with the same key.
    pub is_shared: bool,
}

pub struct Renderings {
    kept: SingleFlight<Key, Kept, Failed>,
    classes: Classes,
    pub(super) executions: Semaphore,
}

impl Renderings {
    /// Keeps up to `bound` bytes.
    pub fn new(bound: usize) -> Self {
        Self {
            kept: SingleFlight::new(bound, Kept::bytes),
            classes: Classes::default(),
            executions: Semaphore::new(MAX_EXECUTIONS),
        }
    }

    /// A target's payload for a viewer; executed once for each key where it is shared.
    pub async fn render(
        &self,
        (schema, selected): (&RenderingSchema, &Selected),
        viewer: &Viewer,
        target: Target<'_>,
    ) -> Result<Rendered, Failed> {
        match self.share((schema, selected), viewer, target).await? {
            Some(rendered) => Ok(rendered),
            None => {
                // Never closed.
                let _permit = self.executions.acquire().await;
                let _counted = metrics::PrivateExecution::begin();
                let (payload, _) = selected.execute(schema, viewer, target.rendering()).await?;
                Ok(Rendered { payload, is_shared: false })
            }
        }
    }

    /// The same, if it is kept, or can be shared and needs nothing read. Of several threads one executes it.
    pub fn render_now(
        &self,
        (schema, selected): (&RenderingSchema, &Selected),
        viewer: &Viewer,
        target: Target<'_>,
    ) -> Option<Result<Rendered, Failed>> {
        let share = || self.share((schema, selected), viewer, target).now_or_never();
        self.kept.alone(target.key(schema, selected), share)?.transpose()
    }

    /// A rendering that is shared, or that was private to this viewer when it was first executed. `None` for
    /// one that has to be executed for the viewer alone.
    async fn share(
        &self,
        (schema, selected): (&RenderingSchema, &Selected),
        viewer: &Viewer,
        target: Target<'_>,
    ) -> Result<Option<Rendered>, Failed> {
        let key = target.key(schema, selected);
        if !self.classes.admit(key) {
            return Ok(None);
        }
        let mut own = None;
        let execute = async || {
            let (payload, is_private) = selected.execute(schema, viewer, target.rendering()).await?;
            own = Some(payload.clone());
            Ok(if is_private { Kept::Private } else { Kept::Shared(payload) })
        };
        Ok(match (self.kept.get_or_make(key, execute).await?, own) {
            (Kept::Shared(payload), _) => Some(Rendered { payload, is_shared: true }),
            (Kept::Private, own) => own.map(|payload| Rendered { payload, is_shared: false }),
        })
    }
}

impl Selected {
    /// A payload for one viewer alone, of something that no event carries.
    pub async fn render_alone(
        &self,
        schema: &RenderingSchema,
        viewer: &Viewer,
        delivery: Delivery,
    ) -> Result<Arc<Payload>, Failed> {
        let rendering = live::Rendering { delivery: Arc::new(delivery), answers: Answers::default() };
        self.execute(schema, viewer, rendering).await.map(|(payload, _)| payload)
    }
}
