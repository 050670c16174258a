//! What a viewer is shown, over rows as the machines write them.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod attaching;
mod conversations;
mod many;
mod marks;
mod messages;
mod pinning;
mod reactions;
mod rendering;
mod searching;
mod smart_replies;
mod unread;
mod world;
