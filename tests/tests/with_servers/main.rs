//! What needs the servers of the distributed stack. `deploy/services/run start` starts them.

mod compose;
mod faults;
mod foreign;
mod python;
