//! TLS of a port: a certificate and its key, which are replaced by replacing their files.
//!
//! Invariants: files that cannot be used change nothing, and are reported; a new certificate concerns new
//! connections alone.
//!
//! What is behind TLS is served over a pair of local sockets, so that a WebSocket is written to by the
//! same calls as a plain one: a connection costs two more descriptors and a copy of what it carries.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::clock::Clock;
use platform::connections::Connection;
use platform::lock::locked;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, copy_buf, split};
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::metrics::{TLS_HANDSHAKES, TLS_RELOADS};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Bytes of a connection that are carried at once, from the client and to it.
const FROM_CLIENT: usize = 1024;
const TO_CLIENT: usize = 4 * 1024;

/// Why files are no certificate with its key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate or key in PEM: {source}", path.display())]
    Malformed { path: PathBuf, source: pem::Error },
    #[error("{} and {} cannot be used together: {source}", certificate.display(), key.display())]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

/// The certificate that a port shows to new connections.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    state: Mutex<State>,
}

struct State {
    config: Arc<ServerConfig>,
    /// What the files held when they were last looked at, usable or not; nothing if they were not readable.
    seen: Option<Bytes>,
}

/// The bytes of both files.
#[derive(PartialEq, Eq)]
struct Bytes {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Descriptors of one connection: its client's, and the pair behind TLS.
    pub const DESCRIPTORS: usize = 3;

    /// A chain of certificates, the port's own first, and the key of that one, in PEM.
    pub fn load(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let bytes = Bytes::read(certificate, key)?;
        let state = State { config: bytes.config(certificate, key)?, seen: Some(bytes) };
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Arc::new(Self { certificate, key, state: Mutex::new(state) }))
    }

    /// Looks at the files again and again, until `stop`.
    pub async fn follow(
        self: Arc<Self>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<(), Infallible> {
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = clock.sleep(LOOK_EVERY) => self.refresh(),
            }
        }
    }

    /// Uses the files if they have changed; logs whether they were usable.
    fn refresh(&self) {
        let mut state = locked(&self.state);
        let bytes = Bytes::read(&self.certificate, &self.key);
        if state.seen.as_ref() == bytes.as_ref().ok() {
            return;
        }
        let (config, seen) = match bytes {
            Ok(bytes) => (bytes.config(&self.certificate, &self.key), Some(bytes)),
            Err(error) => (Err(error), None),
        };
        state.seen = seen;
        match config {
            Ok(config) => {
                state.config = config;
                TLS_RELOADS.with_label_values(&["ok"]).inc();
                tracing::info!(certificate = %self.certificate.display(), "new certificate");
            }
            Err(error) => {
                TLS_RELOADS.with_label_values(&["failed"]).inc();
                tracing::error!(%error, "the certificate stays as it is");
            }
        }
    }

    /// Shakes hands within a time; gives what carries the connection, and its plain side, which has the same
    /// place and address.
    pub(super) async fn open(
        &self,
        connection: Connection,
        within: Duration,
    ) -> Option<(impl Future<Output = ()> + use<>, Connection)> {
        let config = locked(&self.state).config.clone();
        // A frame is to leave at once.
        let shaken = match connection.send_at_once() {
            Ok(()) => {
                let accepted = timeout(within, TlsAcceptor::from(config).accept(connection)).await;
                accepted.ok().and_then(Result::ok)
            }
            Err(_) => None,
        };
        TLS_HANDSHAKES.with_label_values(&[if shaken.is_some() { "ok" } else { "failed" }]).inc();
        let (client, (near, plain)) = (shaken?, UnixStream::pair().ok()?);
        let plain = client.get_ref().0.behind(plain);
        Some((carry(client, near), plain))
    }
}

impl Bytes {
    fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
        };
        Ok(Self { certificate: read(certificate)?, key: read(key)? })
    }

    fn config(&self, certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
        let malformed = |path: &Path, source| TlsError::Malformed { path: path.to_owned(), source };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|source| malformed(certificate, source))?;
        let secret = PrivateKeyDer::from_pem_slice(&self.key).map_err(|source| malformed(key, source))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, secret));
        let unusable =
            |source| TlsError::Unusable { certificate: certificate.to_owned(), key: key.to_owned(), source };
        let mut config = config.map_err(unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Carries a connection between its client and its plain side, until the plain side ends or the client does
/// not read.
async fn carry(client: TlsStream<Connection>, plain: UnixStream) {
    let ((from_client, mut to_client), (mut from_plain, mut to_plain)) = (split(client), plain.into_split());
    let inward = async {
        let mut from_client = BufReader::with_capacity(FROM_CLIENT, from_client);
        // The plain side sees the end of the stream, whether it ended or failed.
        let _ = copy_buf(&mut from_client, &mut to_plain).await;
        let _ = to_plain.shutdown().await;
        pending::<()>().await;
    };
    let outward = async {
        let mut buffer = [0; TO_CLIENT];
        while let Ok(bytes @ 1..) = from_plain.read(&mut buffer).await {
            if to_client.write_all(&buffer[..bytes]).await.is_err() || to_client.flush().await.is_err() {
                return;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::select! {
        () = inward => {}
        () = outward => {}
    }
}

#[cfg(test)]
mod tests;
