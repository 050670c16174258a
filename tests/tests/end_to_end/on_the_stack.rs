//! What holds on whatever the system stands on: what users can do, and what they are told while its
//! processes end or die. `MM_STACK` says which stack that is.

mod bad_line;
mod drain;
mod first_message;
mod kills;
mod metrics;
mod operations;
mod operator;
