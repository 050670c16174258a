//! The system as its users meet it.

mod demo;
mod on_the_stack;
