//! What needs something installed: the servers of the distributed stack, which `deploy/services/run start`
//! starts, or tools of others.

mod admin;
mod compose;
mod ephemeral;
mod faults;
mod first_session;
mod foreign;
mod http;
mod kept;
mod npm;
mod prometheus;
mod python;
mod searching;
mod sockets;
mod web;

use tokio::sync::{Mutex, MutexGuard};

/// Each test has a system of ten processes, and some say how soon it answers: one after the other.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
