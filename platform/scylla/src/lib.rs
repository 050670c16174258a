//! The tables on ScyllaDB, or on what speaks its protocol.
