//! The system as its users meet it.

mod on_the_stack;
