//! Sites of a test on this machine, which a development may reach.
//!
//! Invariant: empty settings change nothing. Who starts a process refuses others outside of development.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::{Settings, StartError};

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("{setting} cannot be read: {reason}")]
    Malformed { setting: &'static str, reason: String },
}

/// What a development may change about where requests go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Development {
    /// Networks that count as public, by commas.
    pub networks: String,
    /// Ports besides 80 and 443, by commas.
    pub ports: String,
    /// Name servers in place of the system's, by commas.
    pub name_servers: String,
    /// File with certificates that are trusted beside the system's, in PEM.
    pub authorities: PathBuf,
}

impl Development {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Settings that reach these sites as well.
    pub fn apply(&self, settings: Settings) -> Result<Settings, SettingsError> {
        let Self { networks, ports, name_servers, authorities } = self;
        let more = list::<u16>("the list of ports", ports)?;
        Ok(Settings {
            also_public: list::<IpNet>("the list of networks", networks)?,
            ports: [settings.ports.clone(), more].concat(),
            name_servers: list::<SocketAddr>("the list of name servers", name_servers)?,
            authorities: if authorities.as_os_str().is_empty() { vec![] } else { read(authorities)? },
            ..settings
        })
    }
}

fn list<T: std::str::FromStr<Err: ToString>>(
    setting: &'static str,
    given: &str,
) -> Result<Vec<T>, SettingsError> {
    let malformed = |error: T::Err| SettingsError::Malformed { setting, reason: error.to_string() };
    let parts = given.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(malformed)).collect()
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let malformed = |error: rustls::pki_types::pem::Error| SettingsError::Malformed {
        setting: "the file of authorities",
        reason: error.to_string(),
    };
    CertificateDer::pem_file_iter(file).map_err(malformed)?.map(|one| one.map_err(malformed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(development: Development) -> Result<Settings, SettingsError> {
        development.apply(Settings::default())
    }

    #[test]
    fn nothing_inside_is_reached_unless_a_development_says_so() {
        let settings = settings(Development::default()).unwrap();
        assert!(settings.also_public.is_empty() && settings.authorities.is_empty());
        assert_eq!(settings.ports, [80, 443]);
    }

    #[test]
    fn lists_of_a_development_are_read_or_refused_by_name() {
        let given = |networks: &str, ports: &str, name_servers: &str| Development {
            networks: networks.to_owned(),
            ports: ports.to_owned(),
            name_servers: name_servers.to_owned(),
            ..Development::default()
        };
        let read = settings(given("127.0.0.0/8, ::1/128", "8443", "127.0.0.1:53")).unwrap();
        assert_eq!((read.also_public.len(), read.ports.len(), read.name_servers.len()), (2, 3, 1));
        for (development, named) in [
            (given("127.0.0.1", "x", ""), "ports"),
            (given("inside", "", ""), "networks"),
            (given("", "", "localhost"), "name servers"),
        ] {
            let said = settings(development).err().unwrap().to_string();
            assert!(said.contains(named), "{said}");
        }
    }
}
