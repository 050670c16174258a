//! The rules, as tables of what each command does, and as claims that hold whatever is commanded.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod always;
mod harness;
mod names;
mod render;
mod words;

mod attaching;
mod blocking;
mod changes;
mod creating;
mod credits;
mod deleting;
mod editing;
mod features;
mod forwarding;
mod gifs;
mod limits;
mod members;
mod message_requests;
mod moderating;
mod notifications;
mod opening;
mod organizing;
mod pinning;
mod polling;
mod posting;
mod presence;
mod previewing;
mod privacy;
mod push;
mod pushing;
mod reacting;
mod reading;
mod refunds;
mod repeated_verdicts;
mod repeats;
mod reporting;
mod roles;
mod scheduling;
mod sending;
mod settings;
mod stickers;
mod suspending;
mod templating;
mod uploading;
mod voice;
