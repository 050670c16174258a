//! What holds on whatever the system stands on: what users can do, and what they are told while its
//! processes end or die. `MM_STACK` says which stack that is.

mod admin_api;
mod bad_line;
mod blocking;
mod deleting;
mod delivery;
mod drain;
mod editing;
mod erasing;
mod first_message;
mod first_outcome;
mod flags;
mod kills;
mod limits;
mod lists;
mod membership;
mod mentions;
mod message_requests;
mod metrics;
mod nobody_looks_in;
mod operator;
mod organizing;
mod presence;
mod privacy;
mod published;
mod reacting;
mod receipts;
mod refusals;
mod replies;
mod roles;
mod searching;
mod settings;
mod standing;
mod typing;
mod uploading;
mod versions;
