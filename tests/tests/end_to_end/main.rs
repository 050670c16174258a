//! The system as its users meet it, on the stack that `MM_STACK` names: what they can do, and what
//! they are told while its processes die.

mod first_message;
mod kills;
mod operations;
