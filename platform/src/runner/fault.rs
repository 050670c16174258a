//! Faults that the simulator plants to prove that it would see them.
//!
//! Without the feature `planted-faults` every question here is answered `false` at compile time.

/// One rule of the protocol, left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The checkpoint stores the running watermarks, not those at its offset.
    RunningWatermarks,
    /// The checkpoint stores the running policy, not that at its offset.
    RunningPolicy,
    /// The checkpoint passes commands whose rows are not written.
    EarlyCheckpoint,
    /// The checkpoint passes commands whose verdict is not acknowledged.
    CheckpointBeforeVerdict,
    /// The verdict goes out before the rows are written.
    EarlyVerdict,
    /// Views are written after the owner's rows.
    ViewsLater,
    /// Rows count whatever state was read with them.
    TornRead,
    /// Rows are written before outputs are acknowledged.
    WriteBeforeAcknowledged,
    /// The last batch of an owner found ahead of the checkpoint is not written again.
    NoRewrite,
    /// The last batch is written again as read, even if the state has moved on since.
    RewriteBlind,
    /// Repeated commands are not dropped by counting.
    NoWatermarks,
    /// Watermarks do not advance for commands that are told again.
    WatermarksSkipped,
    /// Commands that the rows already hold are decided again.
    NoApplied,
}

#[cfg(feature = "planted-faults")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in every runner of this thread.
#[cfg(feature = "planted-faults")]
pub fn plant(fault: Option<Fault>) {
    PLANTED.with(|planted| planted.set(fault));
}

#[cfg(feature = "planted-faults")]
pub(super) fn is(fault: Fault) -> bool {
    PLANTED.with(|planted| planted.get() == Some(fault))
}

#[cfg(not(feature = "planted-faults"))]
pub(super) const fn is(_: Fault) -> bool {
    false
}
