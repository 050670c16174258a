//! What the notifier is given, and what a development may change about where pushes go.

use std::net::SocketAddr;
use std::path::PathBuf;

use egress::Room;
use ipnet::IpNet;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::web_push::vapid::MalformedKey;

/// Push services are few hosts, and each has many users.
const ROOM: Room = Room { in_all: 256, per_host: 64, waiting: 4_096 };
/// Bytes of an answer, of which nothing but its head is used.
const ANSWER_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Key(#[from] MalformedKey),
    #[error(transparent)]
    Egress(#[from] egress::StartError),
    #[error("{setting} cannot be read: {reason}")]
    Malformed { setting: &'static str, reason: String },
}

pub struct Settings {
    /// Private key of P-256, by which push services know the deployment.
    pub vapid_key: [u8; 32],
    /// Where a push service reaches the operator: a `mailto:` or `https:` URI.
    pub contact: Option<String>,
    pub development: Development,
}

/// Push services of a test on this machine; empty otherwise. Who starts a process refuses it outside of development.
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
}

impl Settings {
    /// How endpoints are called.
    pub(crate) fn egress(&self) -> Result<egress::Settings, SettingsError> {
        let Development { networks, ports, name_servers, authorities } = &self.development;
        let defaults = egress::Settings::default();
        let more = list::<u16>("the list of ports", ports)?;
        Ok(egress::Settings {
            also_public: list::<IpNet>("the list of networks", networks)?,
            ports: [defaults.ports.clone(), more].concat(),
            name_servers: list::<SocketAddr>("the list of name servers", name_servers)?,
            authorities: if authorities.as_os_str().is_empty() { vec![] } else { read(authorities)? },
            most_wire_bytes: ANSWER_BYTES,
            most_decoded_bytes: ANSWER_BYTES,
            room: ROOM,
            ..defaults
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

fn read(file: &std::path::Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let malformed = |error: rustls::pki_types::pem::Error| SettingsError::Malformed {
        setting: "the file of authorities",
        reason: error.to_string(),
    };
    CertificateDer::pem_file_iter(file).map_err(malformed)?.map(|one| one.map_err(malformed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(development: Development) -> Result<egress::Settings, SettingsError> {
        Settings { vapid_key: [7; 32], contact: None, development }.egress()
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
