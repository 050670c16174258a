//! What a viewer is shown, over rows as the machines write them.

mod conversations;
mod marks;
mod messages;
mod rendering;
mod unread;
mod world;
