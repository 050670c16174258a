//! What an operator says on the command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use egress::Development;
use graphql::{TrustedProxies, limits};
use ingest::http::connections::Serving;
use ingest::http::tls::Tls;
use objects::Objects;
use platform::config::Secret;
use platform::connections;
use platform::ports::SearchIndex;
use roles::FileStore;
use tantivy_search::Tantivy;

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

    /// Where operators look; by default the port after the clients', on loopback.
    #[arg(long, value_name = "ADDR:PORT", env = "MM_ADMIN")]
    pub admin: Option<SocketAddr>,

    /// Lets anybody on this machine log in as anybody, at /dev/login, and answers introspection. Only for
    /// development: clients must connect on loopback.
    #[arg(long, env = "MM_DEV_LOGIN")]
    pub dev_login: bool,

    /// The folder of the built web client, which is served at /.
    #[arg(long, value_name = "DIR", env = "MM_WEB")]
    pub web: Option<PathBuf>,

    /// Makes a few users with conversations, once, and says where to look at them.
    #[arg(long, env = "MM_DEMO", requires = "dev_login")]
    pub demo: bool,

    /// Certificates for clients in PEM, the server's own first; read again when they change. Without them
    /// connections are plain.
    #[arg(long, value_name = "FILE", env = "MM_TLS_CERTIFICATE", requires = "tls_key")]
    pub tls_certificate: Option<PathBuf>,

    /// The key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", env = "MM_TLS_KEY", requires = "tls_certificate")]
    pub tls_key: Option<PathBuf>,

    /// Proxies whose Forwarded and X-Forwarded-For are believed: addresses or networks, by commas.
    #[arg(long, value_name = "LIST", env = "MM_TRUSTED_PROXIES", default_value = "")]
    pub trusted_proxies: String,

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

    /// Scheme, host and port that stand before links to files; without it links are relative to the API.
    #[arg(long, value_name = "URL", env = "MM_PUBLIC_URL", default_value = "")]
    pub public_url: String,

    /// Where push services reach the operator: a mailto: or https: URI.
    #[arg(long, value_name = "URI", env = "MM_PUSH_CONTACT")]
    pub push_contact: Option<String>,

    /// The key of the service account by which apps get pushes through Firebase Cloud Messaging: a file in JSON.
    #[arg(long, value_name = "FILE", env = "MM_PUSH_FCM_ACCOUNT")]
    pub push_fcm_account: Option<PathBuf>,

    /// Where the API of Firebase Cloud Messaging is.
    #[arg(long, value_name = "URL", env = "MM_PUSH_FCM_URL", default_value = notifier::GOOGLE)]
    pub push_fcm_url: String,

    /// Who translates messages: libretranslate or deepl; nobody without it.
    #[arg(long, value_name = "NAME", env = "MM_TRANSLATION_PROVIDER", default_value = "")]
    pub translation_provider: String,

    /// Where the translator's API begins, as https://api-free.deepl.com.
    #[arg(long, value_name = "URL", env = "MM_TRANSLATION_URL", default_value = "")]
    pub translation_url: String,

    /// The key that the translator knows this installation by, in a file.
    #[arg(long, value_name = "FILE", env = "MM_TRANSLATION_KEY_FILE")]
    pub translation_key_file: Option<PathBuf>,

    /// Milliseconds that the translation of a message may take.
    #[arg(long, value_name = "NUMBER", env = "MM_TRANSLATION_WITHIN_MS")]
    #[arg(default_value_t = translation_within_ms())]
    pub translation_within_ms: u64,

    /// Networks of push services on this machine, by commas; for tests, as the three that follow.
    #[arg(long, value_name = "LIST", env = "MM_PUSH_NETWORKS", default_value = "", hide = true)]
    pub push_networks: String,

    /// Ports of push services besides 80 and 443.
    #[arg(long, value_name = "LIST", env = "MM_PUSH_PORTS", default_value = "", hide = true)]
    pub push_ports: String,

    /// Name servers of push services, in place of the system's.
    #[arg(long, value_name = "LIST", env = "MM_PUSH_NAME_SERVERS", default_value = "", hide = true)]
    pub push_name_servers: String,

    /// Certificates that push services may have beside the system's, in PEM.
    #[arg(long, value_name = "FILE", env = "MM_PUSH_AUTHORITIES", hide = true)]
    pub push_authorities: Option<PathBuf>,

    /// Networks of linked sites on this machine, by commas; for tests, as the two that follow.
    #[arg(long, value_name = "LIST", env = "MM_PREVIEW_NETWORKS", default_value = "", hide = true)]
    pub preview_networks: String,

    /// Ports of linked sites besides 80 and 443.
    #[arg(long, value_name = "LIST", env = "MM_PREVIEW_PORTS", default_value = "", hide = true)]
    pub preview_ports: String,

    /// Name servers of linked sites, in place of the system's.
    #[arg(long, value_name = "LIST", env = "MM_PREVIEW_NAME_SERVERS", default_value = "", hide = true)]
    pub preview_name_servers: String,

    /// The provider of GIFs: klipy or giphy. Without one nobody finds any, but --dev-login has a dozen of its own.
    #[arg(long, value_name = "NAME", env = "MM_GIFS_PROVIDER", default_value = "")]
    pub gifs_provider: String,

    /// Where the provider's API is, in place of its own address.
    #[arg(long, value_name = "URL", env = "MM_GIFS_URL", default_value = "")]
    pub gifs_url: String,

    /// The key to the provider's API.
    #[arg(env = "MM_GIFS_KEY", long, value_name = "KEY", default_value = "", hide_env_values = true)]
    pub gifs_key: String,

    /// Networks of a provider on this machine, by commas; for tests, as the two that follow.
    #[arg(long, value_name = "LIST", env = "MM_GIFS_NETWORKS", default_value = "", hide = true)]
    pub gifs_networks: String,

    /// Ports of a provider besides 80 and 443.
    #[arg(long, value_name = "LIST", env = "MM_GIFS_PORTS", default_value = "", hide = true)]
    pub gifs_ports: String,

    /// Name servers of a provider, in place of the system's.
    #[arg(long, value_name = "LIST", env = "MM_GIFS_NAME_SERVERS", default_value = "", hide = true)]
    pub gifs_name_servers: String,

    /// Instead of starting the system: look at its folder while it does not run.
    #[command(subcommand)]
    pub command: Option<operator::Command>,
}

fn translation_within_ms() -> u64 {
    u64::try_from(translation::Settings::default().within.as_millis()).unwrap_or(u64::MAX)
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
        let port = self.listen.port().wrapping_add(1);
        self.admin.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, port).into())
    }

    /// Refuses what would let others than this machine log in without a password.
    pub fn check(&self) -> Result<()> {
        let is_local = self.listen.ip().is_loopback();
        ensure!(is_local || !self.dev_login, "--dev-login is for a server that listens on loopback alone");
        for (sites, development) in [
            ("push services", self.push_development()),
            ("linked sites", self.preview_development()),
            ("providers of GIFs", self.gifs().development),
        ] {
            let is_given = !development.is_empty();
            ensure!(self.dev_login || !is_given, "{sites} on this machine are for --dev-login alone");
        }
        Ok(())
    }

    /// How pushes are sent.
    pub fn pushes(&self, vapid_key: [u8; 32]) -> Result<notifier::Settings> {
        let (contact, development) = (self.push_contact.clone(), self.push_development());
        let fcm = self.push_fcm_account.as_deref().map(|file| -> Result<_> {
            let account = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            Ok(notifier::FcmSettings { account: Secret::of(&account), url: self.push_fcm_url.clone() })
        });
        Ok(notifier::Settings { vapid_key, contact, fcm: fcm.transpose()?, development })
    }

    fn push_development(&self) -> Development {
        Development {
            networks: self.push_networks.clone(),
            ports: self.push_ports.clone(),
            name_servers: self.push_name_servers.clone(),
            authorities: self.push_authorities.clone().unwrap_or_default(),
        }
    }

    /// Where links may lead besides public addresses.
    pub fn preview_development(&self) -> Development {
        Development {
            networks: self.preview_networks.clone(),
            ports: self.preview_ports.clone(),
            name_servers: self.preview_name_servers.clone(),
            ..Development::default()
        }
    }

    /// Where GIFs are found.
    pub fn gifs(&self) -> gifs::Settings {
        let development = Development {
            networks: self.gifs_networks.clone(),
            ports: self.gifs_ports.clone(),
            name_servers: self.gifs_name_servers.clone(),
            ..Development::default()
        };
        gifs::Settings {
            provider: self.gifs_provider.clone(),
            url: self.gifs_url.clone(),
            key: Secret::of(&self.gifs_key),
            is_development: self.dev_login,
            development,
        }
    }

    /// Who translates.
    pub fn translation(&self) -> Result<translation::Settings> {
        let read = |file: &PathBuf| {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
        };
        let key = self.translation_key_file.as_ref().map(read).transpose()?.unwrap_or_default();
        Ok(translation::Settings {
            provider: self.translation_provider.clone(),
            url: self.translation_url.clone(),
            key: Secret::of(key.trim()),
            within: Duration::from_millis(self.translation_within_ms),
        })
    }

    /// Bounds of sockets.
    pub fn fanout(&self) -> fanout::Options {
        fanout::Options { sockets_per_user: self.sockets_per_user, ..fanout::Options::default() }
    }

    /// Files are in the data folder.
    pub fn files(&self) -> Result<FileStore> {
        let objects = Objects::in_folder(&self.data_dir.join("files"))?;
        Ok(FileStore { objects, public_url: self.public_url.clone(), gifs: self.gifs() })
    }

    /// The search index is in the data folder. It is derived, and may be built again.
    pub fn search(&self) -> Result<Arc<dyn SearchIndex>> {
        Ok(Arc::new(Tantivy::open(&self.data_dir.join("search"))?))
    }

    /// How clients are served.
    pub fn serving(&self) -> Result<Serving> {
        let proxies = TrustedProxies::parse(&self.trusted_proxies)?;
        let tls = match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::load(certificate, key)?),
            (None, _) | (_, None) => None,
        };
        let connections = connections::Options {
            per_address: self.connections_per_address,
            requests_per_connection: self.requests_per_connection,
            ..connections::Options::default()
        };
        Ok(Serving { connections, proxies, tls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(given: &[&str]) -> Flags {
        let given = ["standalone", "--data-dir", "data"].iter().chain(given);
        Flags::try_parse_from(given).unwrap()
    }

    #[test]
    fn operators_look_on_loopback_unless_told_otherwise() {
        for (given, admin) in [
            (vec![], "127.0.0.1:8081"),
            (vec!["--listen", "0.0.0.0:443"], "127.0.0.1:444"),
            (vec!["--listen", "[::]:8080"], "127.0.0.1:8081"),
            (vec!["--listen", "0.0.0.0:443", "--admin", "10.0.0.1:9000"], "10.0.0.1:9000"),
        ] {
            assert_eq!(flags(&given).admin().to_string(), admin, "{given:?}");
        }
    }

    #[test]
    fn log_in_without_a_password_is_off_unless_told_and_only_on_loopback() {
        assert!(!flags(&[]).dev_login && flags(&[]).check().is_ok());
        for (listen, is_good) in
            [("127.0.0.1:80", true), ("[::1]:80", true), ("0.0.0.0:80", false), ("[::]:80", false)]
        {
            assert_eq!(flags(&["--dev-login", "--listen", listen]).check().is_ok(), is_good, "{listen}");
            assert!(flags(&["--listen", listen]).check().is_ok(), "{listen}");
        }
    }

    #[test]
    fn the_translators_key_stands_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "hush\n").unwrap();
        let file = file.to_str().unwrap();
        let given = ["--translation-provider", "deepl", "--translation-url", "https://api.deepl.com"];
        let with_key = [&given[..], &["--translation-key-file", file]].concat();
        let settings = flags(&with_key).translation().unwrap();
        assert_eq!(settings.key.expose(), Some("hush"));
        assert!(settings.translator().unwrap().is_some());
        assert!(flags(&given).translation().unwrap().translator().is_err(), "no key");
        assert!(flags(&[]).translation().unwrap().translator().unwrap().is_none(), "nobody");
        assert!(flags(&["--translation-key-file", "/nowhere/at/all"]).translation().is_err());
    }

    #[test]
    fn push_services_and_sites_on_this_machine_are_for_development_alone() {
        for given in [
            ["--push-networks", "127.0.0.0/8"],
            ["--push-ports", "8443"],
            ["--push-name-servers", "127.0.0.1:53"],
            ["--push-authorities", "ca.pem"],
            ["--preview-networks", "127.0.0.0/8"],
            ["--preview-ports", "8443"],
            ["--preview-name-servers", "127.0.0.1:53"],
            ["--gifs-networks", "127.0.0.0/8"],
            ["--gifs-ports", "8443"],
            ["--gifs-name-servers", "127.0.0.1:53"],
        ] {
            assert!(flags(&given).check().is_err(), "{given:?}");
            assert!(flags(&[given[0], given[1], "--dev-login"]).check().is_ok(), "{given:?}");
        }
        assert!(flags(&[]).push_development().is_empty() && flags(&[]).preview_development().is_empty());
    }
}
