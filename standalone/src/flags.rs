//! What an operator says on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use graphql::limits;
use platform::connections;

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

    /// Connections at once from one address, or from one /64 of IPv6.
    #[arg(long, value_name = "NUMBER", env = "MM_CONNECTIONS_PER_ADDRESS")]
    #[arg(default_value_t = connections::Options::default().per_address)]
    pub connections_per_address: usize,

    /// Requests after which a connection is closed.
    #[arg(long, value_name = "NUMBER", env = "MM_REQUESTS_PER_CONNECTION")]
    #[arg(default_value_t = connections::Options::default().requests_per_connection)]
    pub requests_per_connection: u32,

    /// Sockets of one user at once.
    #[arg(long, value_name = "NUMBER", env = "MM_SOCKETS_PER_USER")]
    #[arg(default_value_t = fanout::Options::default().sockets_per_user)]
    pub sockets_per_user: usize,

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

    /// Bounds of the clients' port.
    pub fn connections(&self) -> connections::Options {
        connections::Options {
            per_address: self.connections_per_address,
            requests_per_connection: self.requests_per_connection,
            ..connections::Options::default()
        }
    }

    /// Bounds of sockets.
    pub fn fanout(&self) -> fanout::Options {
        fanout::Options { sockets_per_user: self.sockets_per_user, ..fanout::Options::default() }
    }

    /// Log-in without a password and demo users: only where nobody else can connect.
    pub fn is_development(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}
