//! What needs the servers of the distributed stack. `deploy/services/run start` starts them.

mod faults;
