//! From a host to addresses that were checked.
//!
//! Invariant: one public address beside one that is not is refused as a whole, and what is given here is what
//! is connected to: nothing resolves a second time.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::Name;

use crate::address::Reachable;
use crate::target::Named;
use crate::{Refusal, StartError};

/// How often a question is put again that a name server did not answer.
const REPEATS: usize = 1;

pub struct Resolver {
    resolver: TokioResolver,
    reachable: Reachable,
}

impl Resolver {
    /// Asks the given name servers, or those of the system if none is given. `within` is the time for one host.
    pub fn new(
        name_servers: &[SocketAddr],
        reachable: Reachable,
        within: Duration,
    ) -> Result<Self, StartError> {
        let failed = |error: NetError| StartError::Resolver(error.to_string());
        let mut builder = if name_servers.is_empty() {
            TokioResolver::builder_tokio().map_err(failed)?
        } else {
            let servers = name_servers.iter().map(|address| name_server(*address)).collect();
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        // Names are those of the world, not of this machine.
        options.use_hosts_file = ResolveHosts::Never;
        options.attempts = REPEATS;
        options.timeout = within / 2;
        Ok(Self { resolver: builder.build().map_err(failed)?, reachable })
    }

    /// The addresses of a host, of which at least one and all are public.
    pub async fn addresses(&self, host: &Named) -> Result<Vec<IpAddr>, Refusal> {
        let addresses = match host {
            Named::Address(address) => vec![*address],
            Named::Name(name) => self.look_up(name).await?,
        };
        if addresses.is_empty() {
            return Err(Refusal::NoAddress);
        }
        let all_public = addresses.iter().all(|address| self.reachable.holds(*address));
        if all_public { Ok(addresses) } else { Err(Refusal::NotPublic) }
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, Refusal> {
        // With its last dot a name is whole: no search domain of this machine is appended.
        let whole = Name::from_ascii(format!("{name}.")).map_err(|_| Refusal::NoAddress)?;
        match self.resolver.lookup_ip(whole).await {
            Ok(found) => Ok(found.iter().collect()),
            Err(error) if error.is_no_records_found() => Err(Refusal::NoAddress),
            Err(NetError::Timeout) => Err(Refusal::Deadline),
            Err(_) => Err(Refusal::Resolution),
        }
    }
}

fn name_server(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}
