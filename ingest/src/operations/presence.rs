//! Heartbeats of devices.
//!
//! Invariant: it needs no log. A heartbeat on a socket is the device's on that node, and ends with its last socket.

use async_graphql::{Context, Enum, Object};
use domain::presence::Reached;
use graphql::Result;
use graphql::reads::presence_error;

use super::caller;

#[derive(Default)]
pub struct Heartbeats;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DeviceType {
    Web,
    Mobile,
    Desktop,
}

impl DeviceType {
    /// What stands for the device of a request without `X-Device-Id`.
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mobile => "mobile",
            Self::Desktop => "desktop",
        }
    }
}

#[Object]
impl Heartbeats {
    /// Every 30 s. The caller is there for 60 s after one, and away when none has been active for 5 min.
    async fn heartbeat(&self, ctx: &Context<'_>, device: DeviceType, active: bool) -> Result<bool> {
        let caller = caller(ctx)?;
        let by_type = || Reached { device: device.name().to_owned(), node: None };
        let reached = ctx.data_opt::<Reached>().cloned().unwrap_or_else(by_type);
        let beaten = caller.access.reads.awareness.presence.beat(caller.user(), &reached, active).await;
        beaten.map_err(presence_error)?;
        Ok(true)
    }
}
