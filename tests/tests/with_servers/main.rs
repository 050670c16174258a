//! What needs the servers of the distributed stack. `deploy/services/run start` starts them.

mod compose;
mod faults;
mod foreign;
mod prometheus;
mod python;

use tokio::sync::{Mutex, MutexGuard};

/// Each test has a system of ten processes, and some say how soon it answers: one after the other.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
