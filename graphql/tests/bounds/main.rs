//! What a request may cost: its document, its answer while it is made, and the attempts of its user.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod cost;
mod limits;
mod metering;
