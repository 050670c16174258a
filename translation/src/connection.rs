//! Connections to the provider, over TLS where its address says so.

use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::provider::ProviderError;
use crate::settings::SettingsError;

/// A connection, with TLS or without.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The way to one address.
pub struct Connector {
    host: String,
    port: u16,
    /// With the name that the certificate has to carry.
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Trusts the authorities of the system.
    pub fn new(url: &Url) -> Result<Self, SettingsError> {
        let host = match url.host().ok_or(SettingsError::Url)? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let port = url.port_or_known_default().ok_or(SettingsError::Url)?;
        let tls = if url.scheme() == "https" {
            let name =
                ServerName::try_from(host.clone()).map_err(|error| SettingsError::Tls(error.to_string()))?;
            Some((trusting_the_system()?, name))
        } else {
            None
        };
        Ok(Self { host, port, tls })
    }

    pub async fn connect(&self) -> Result<TokioIo<Box<dyn Stream>>, ProviderError> {
        let away = |error: std::io::Error| ProviderError::Away(error.to_string());
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(away)?;
        let stream: Box<dyn Stream> = match &self.tls {
            Some((tls, name)) => Box::new(tls.connect(name.clone(), stream).await.map_err(away)?),
            None => Box::new(stream),
        };
        Ok(TokioIo::new(stream))
    }
}

fn trusting_the_system() -> Result<TlsConnector, SettingsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(SettingsError::Tls("no certificate authorities on this system".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
