//! Connections to addresses that were checked, and TLS over them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::target::Target;
use crate::{Refusal, StartError};

/// Addresses of a host that are tried.
const MOST_TRIED: usize = 3;

/// A connection, with TLS or without.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub struct Connector {
    tls: TlsConnector,
    /// For one address.
    within: Duration,
}

impl Connector {
    /// Trusts the authorities of the system, and the given ones. `within` is the time for a host.
    pub fn new(authorities: &[CertificateDer<'static>], within: Duration) -> Result<Self, StartError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        for authority in authorities {
            roots.add(authority.clone()).map_err(|error| StartError::Tls(error.to_string()))?;
        }
        if roots.is_empty() {
            tracing::warn!("no certificate authorities on this system: https has no answers");
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| StartError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let within = within / u32::try_from(MOST_TRIED).unwrap_or(1);
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), within })
    }

    /// A connection to one of the addresses, in their order.
    pub async fn connect(&self, target: &Target, addresses: &[IpAddr]) -> Result<Box<dyn Stream>, Refusal> {
        let stream = self.reach(addresses, target.port()).await?;
        if !target.is_encrypted() {
            return Ok(Box::new(stream));
        }
        let shaken = self.tls.connect(target.server_name()?, stream).await;
        shaken.map(|stream| Box::new(stream) as Box<dyn Stream>).map_err(|_| Refusal::Tls)
    }

    async fn reach(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, Refusal> {
        for address in addresses.iter().take(MOST_TRIED) {
            if let Ok(Ok(stream)) = timeout(self.within, TcpStream::connect((*address, port))).await {
                return Ok(stream);
            }
        }
        Err(Refusal::Unreachable)
    }
}
