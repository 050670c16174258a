//! Faults that the simulator plants to prove that it would see them.
//!
//! Without the feature `planted-faults` every question here is answered `false` at compile time.

/// One rule of idempotency, left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A send or look-up is answered with the number that stands, whoever paid for it.
    AnyCharge,
    /// A repeated verdict says "charged" whenever the id's row is live.
    ChargedByRow,
    /// A refused id stays remembered.
    RefusedRemembered,
}

#[cfg(feature = "planted-faults")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
}

/// Plants a fault in every fold of this thread.
#[cfg(feature = "planted-faults")]
pub fn plant(fault: Option<Fault>) {
    PLANTED.with(|planted| planted.set(fault));
}

#[cfg(feature = "planted-faults")]
pub(crate) fn is(fault: Fault) -> bool {
    PLANTED.with(|planted| planted.get() == Some(fault))
}

#[cfg(not(feature = "planted-faults"))]
pub(crate) const fn is(_: Fault) -> bool {
    false
}
