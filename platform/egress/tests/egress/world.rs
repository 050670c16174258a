//! Two sites that count as public, a canary inside at the same port, and names for them.

use std::net::IpAddr;
use std::time::Duration;

use musclemap_egress::{Egress, Settings};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::names::{Names, Question, Reply as Named, addresses};
use crate::site::{Asked, Reply, Site, ok};

/// Where sites are that count as public.
pub const PUBLIC: [&str; 2] = ["127.0.0.2", "127.0.0.3"];
/// Where the canary is.
pub const INSIDE: &str = "127.0.0.1";

pub fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

pub struct World {
    pub canary: Site,
    pub site: Site,
    pub names: Names,
}

impl World {
    /// `answer` is the site's, at [`PUBLIC`]\[0\]; `names` may say of other names what they are.
    pub async fn start(
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        names: impl Fn(&Question) -> Option<Named> + Send + Sync + 'static,
    ) -> Self {
        let canary = Site::start(&format!("{INSIDE}:0"), |_| ok(b"canary")).await;
        let site = Site::start(&format!("{}:{}", PUBLIC[0], canary.port()), answer).await;
        let names = Names::start(move |question| {
            names(question).unwrap_or_else(|| match question.name {
                "site.test" => addresses(question, &[ip(PUBLIC[0])]),
                "secure.test" | "other.test" => addresses(question, &[ip(PUBLIC[1])]),
                "inside.test" => addresses(question, &[ip(INSIDE)]),
                _ => Named::NoName,
            })
        });
        Self { canary, site, names: names.await }
    }

    /// The same without further names.
    pub async fn of(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(answer, |_| None).await
    }

    pub fn port(&self) -> u16 {
        self.canary.port()
    }

    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port())
    }

    /// The shipped settings, but for where public sites and names are.
    pub fn settings(&self) -> Settings {
        let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/ca.pem");
        Settings {
            also_public: PUBLIC.map(|address| ip(address).into()).to_vec(),
            ports: vec![self.port()],
            name_servers: vec![self.names.address],
            authorities: vec![CertificateDer::from_pem_file(authority).unwrap()],
            // A machine that builds at the same time is slow.
            within: Duration::from_secs(20),
            ..Settings::default()
        }
    }

    pub fn egress(&self) -> Egress {
        Egress::new(self.settings()).unwrap()
    }

    /// The control: every address counts as public.
    pub fn without_guard(&self) -> Egress {
        let all = ["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap());
        Egress::new(Settings { also_public: all.to_vec(), ..self.settings() }).unwrap()
    }
}
