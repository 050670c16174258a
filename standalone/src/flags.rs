//! What an operator says on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use graphql::limits;

/// MuscleMap Messaging in one process.
#[derive(Debug, Parser)]
#[command(version = roles::release::FULL)]
pub struct Flags {
    /// Folder for everything that is kept; made if it is not there.
    #[arg(long, value_name = "DIR", env = "MM_DATA_DIR")]
    pub data_dir: PathBuf,

    /// Where clients connect.
    #[arg(long, value_name = "ADDR:PORT", env = "MM_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Where operators look; by default the port after the clients'.
    #[arg(long, value_name = "ADDR:PORT", env = "MM_ADMIN")]
    pub admin: Option<SocketAddr>,

    /// Prices and limits; without it what is in force stays in force.
    #[arg(long, value_name = "FILE", env = "MM_POLICY")]
    pub policy: Option<PathBuf>,

    /// Requests that one user may make in a minute.
    #[arg(long, value_name = "COUNT", env = "MM_ATTEMPTS_PER_USER", default_value_t = limits().attempts_per_user)]
    pub attempts_per_user: u32,

    /// Requests that come from one address in a minute.
    #[arg(
        long,
        value_name = "COUNT",
        env = "MM_ATTEMPTS_PER_ADDRESS",
        default_value_t = limits().attempts_per_address
    )]
    pub attempts_per_address: u32,

    /// Bytes of commands that one user may append to the log in a minute.
    #[arg(
        long,
        value_name = "BYTES",
        env = "MM_LOG_BYTES_PER_USER",
        default_value_t = limits().log_bytes_per_user
    )]
    pub log_bytes_per_user: u32,

    /// Instead of starting the system: look at its folder while it does not run.
    #[command(subcommand)]
    pub command: Option<operator::Command>,
}

fn limits() -> limits::Options {
    limits::Options::default()
}

impl Flags {
    pub fn limits(&self) -> limits::Options {
        let Self { attempts_per_user, attempts_per_address, log_bytes_per_user, .. } = *self;
        limits::Options { attempts_per_user, attempts_per_address, log_bytes_per_user, ..limits() }
    }

    pub fn admin(&self) -> SocketAddr {
        self.admin.unwrap_or_else(|| SocketAddr::new(self.listen.ip(), self.listen.port().wrapping_add(1)))
    }

    /// Log-in without a password and demo users: only where nobody else can connect.
    pub fn is_development(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}
