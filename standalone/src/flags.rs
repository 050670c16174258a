//! What an operator says on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

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

    /// Instead of starting the system: look at its folder while it does not run.
    #[command(subcommand)]
    pub command: Option<operator::Command>,
}

impl Flags {
    pub fn admin(&self) -> SocketAddr {
        self.admin.unwrap_or_else(|| SocketAddr::new(self.listen.ip(), self.listen.port().wrapping_add(1)))
    }

    /// Log-in without a password and demo users: only where nobody else can connect.
    pub fn is_development(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}
