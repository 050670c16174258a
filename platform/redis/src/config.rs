//! What a deployment says about its Redis.

use std::path::PathBuf;

use platform::config::Secret;
use redis::{Client, ConnectionAddr, IntoConnectionInfo, RedisError, TlsCertificates};

/// How to reach and use a server.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host:port`.
    pub address: String,
    /// Stands before every key and channel, so that several systems can share a server.
    pub prefix: String,
    /// Connections over TLS. The server's certificate must be for its host.
    pub tls: bool,
    /// Certificates of the authorities that the server is known by, in PEM; empty: those of the machine.
    pub ca: PathBuf,
    /// Empty: the server's default user.
    pub user: String,
    /// Empty: clients are not authenticated. Given over TLS alone.
    pub password: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("redis: {0}")]
    Invalid(&'static str),
    #[error("redis: {}: {source}", path.display())]
    Ca { path: PathBuf, source: std::io::Error },
    #[error("redis: {0}")]
    Refused(#[from] RedisError),
}

impl Config {
    /// Without TLS, credentials and a prefix.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            prefix: String::new(),
            tls: false,
            ca: PathBuf::new(),
            user: String::new(),
            password: Secret::of(""),
        }
    }

    /// A client, which has not connected.
    pub(crate) fn client(&self) -> Result<Client, ConfigError> {
        let (host, port) =
            self.address.rsplit_once(':').ok_or(ConfigError::Invalid("address has no port"))?;
        let port: u16 = port.parse().map_err(|_| ConfigError::Invalid("address has no port"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(ConfigError::Invalid("address has no host"));
        }
        let password = self.password.expose();
        if password.is_some() && !self.tls {
            return Err(ConfigError::Invalid("a password is sent over TLS alone: set tls"));
        }
        if password.is_none() && !self.user.is_empty() {
            return Err(ConfigError::Invalid("a user needs a password"));
        }
        if !self.tls && !self.ca.as_os_str().is_empty() {
            return Err(ConfigError::Invalid("ca is for TLS: set tls"));
        }
        let info = (host.as_str(), port).into_connection_info()?;
        let mut settings = info.redis_settings().clone();
        if let Some(password) = password {
            settings = settings.set_password(password);
            if !self.user.is_empty() {
                settings = settings.set_username(&self.user);
            }
        }
        let info = info.set_redis_settings(settings);
        if !self.tls {
            return Ok(Client::open(info)?);
        }
        let address = ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None };
        let certificates = TlsCertificates { client_tls: None, root_cert: self.root_certificates()? };
        Ok(Client::build_with_tls(info.set_addr(address), certificates)?)
    }

    fn root_certificates(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        if self.ca.as_os_str().is_empty() {
            return Ok(None);
        }
        let read = std::fs::read(&self.ca);
        read.map(Some).map_err(|source| ConfigError::Ca { path: self.ca.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_errors() {
        let good = Config::new("127.0.0.1:6379");
        assert!(good.client().is_ok());
        assert!(Config::new("[::1]:6379").client().is_ok());
        assert!(Config { tls: true, password: Secret::of("hush"), ..good.clone() }.client().is_ok());
        let bad = [
            Config::new("127.0.0.1"),
            Config::new(":6379"),
            Config::new("host:port"),
            Config { password: Secret::of("hush"), ..good.clone() },
            Config { tls: true, user: "messaging".into(), ..good.clone() },
            Config { ca: "ca.pem".into(), ..good.clone() },
            Config { tls: true, ca: "/nowhere/at/all".into(), ..good.clone() },
        ];
        for config in bad {
            assert!(config.client().is_err(), "{config:?}");
        }
    }
}
