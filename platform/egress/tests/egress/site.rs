//! Sites of a test: they answer by path, count their connections, and misbehave where they are told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;

pub const PATIENCE: Duration = Duration::from_secs(20);
/// Between two bytes of a slow answer.
const SLOWLY: Duration = Duration::from_millis(5);

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");

/// What a site was asked.
pub struct Asked {
    pub head: String,
    pub body: Vec<u8>,
}

impl Asked {
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// How a site answers.
pub enum Reply {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// These bytes, and no end.
    Unfinished(Vec<u8>),
    /// These bytes one after another, and then zeros without end.
    Slowly(Vec<u8>),
    /// These bytes once the gate lets them pass.
    Held(Arc<Gate>, Vec<u8>),
}

/// Holds requests, and knows how many it held at once.
pub struct Gate {
    permits: Semaphore,
    held: watch::Sender<usize>,
    most: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Self { permits: Semaphore::new(0), held: watch::Sender::new(0), most: AtomicUsize::new(0) }
    }
}

impl Gate {
    /// Lets one request pass.
    pub fn open(&self) {
        self.permits.add_permits(1);
    }

    pub async fn until_held(&self, count: usize) {
        let mut held = self.held.subscribe();
        timeout(PATIENCE, held.wait_for(|held| *held == count)).await.unwrap().unwrap();
    }

    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    /// A request is held no more before its client can know of it.
    async fn pass(&self) {
        self.held.send_modify(|held| {
            *held += 1;
            self.most.fetch_max(*held, Ordering::SeqCst);
        });
        self.permits.acquire().await.unwrap().forget();
        self.held.send_modify(|held| *held -= 1);
    }
}

/// An answer with a status line, headers and a body.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{lines}\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

pub fn ok(body: &[u8]) -> Reply {
    answer("200 OK", &[], body)
}

pub fn redirect(location: &str) -> Reply {
    answer("302 Found", &[("location", location)], b"elsewhere")
}

/// A site, until it is dropped.
pub struct Site {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Site {
    /// Serves at an address; port 0 is any.
    pub async fn start(at: &str, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(at, None, answer).await
    }

    /// The same with the certificate of `tests/keys`.
    pub async fn with_tls(at: &str, answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let certificate = CertificateDer::from_pem_file(format!("{KEYS}/secure.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(format!("{KEYS}/secure.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self::serve(at, Some(TlsAcceptor::from(Arc::new(config))), answer).await
    }

    async fn serve(
        at: &str,
        tls: Option<TlsAcceptor>,
        answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(at).await.unwrap();
        let (address, connections) = (listener.local_addr().unwrap(), Arc::<AtomicUsize>::default());
        let (counted, answer) = (connections.clone(), Arc::new(answer));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (tls, answer) = (tls.clone(), answer.clone());
                clients.spawn(async move {
                    // What a client does to its connection is its own affair.
                    let _ = converse(stream, tls, &*answer).await;
                });
            }
        });
        Self { address, connections, _serving: serving }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Connections that were made. One of the test's own comes last and is answered, so that none before
    /// it is on its way; it does not count.
    pub async fn connections(&self) -> usize {
        let own = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
            stream.read_to_end(&mut Vec::new()).await
        };
        assert!(timeout(PATIENCE, own).await.unwrap().unwrap() > 0);
        self.connections.fetch_sub(1, Ordering::SeqCst) - 1
    }
}

async fn converse(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    match tls {
        Some(tls) => reply(tls.accept(stream).await?, answer).await,
        None => reply(stream, answer).await,
    }
}

async fn reply(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let asked = asked(&mut stream).await?;
    match answer(&asked) {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
        Reply::Held(gate, bytes) => {
            gate.pass().await;
            stream.write_all(&bytes).await?;
        }
        Reply::Unfinished(bytes) => {
            stream.write_all(&bytes).await?;
            stream.read_u8().await?;
        }
        Reply::Slowly(bytes) => {
            let mut steps = interval(SLOWLY);
            for byte in bytes.into_iter().chain(std::iter::repeat(0)) {
                steps.tick().await;
                stream.write_u8(byte).await?;
                stream.flush().await?;
            }
        }
    }
    stream.shutdown().await
}

async fn asked(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Asked> {
    let mut read = Vec::new();
    let end = loop {
        read.push(stream.read_u8().await?);
        if read.ends_with(b"\r\n\r\n") {
            break read.len();
        }
    };
    let mut asked = Asked { head: String::from_utf8_lossy(&read[..end]).into_owned(), body: Vec::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    asked.body.resize(length, 0);
    stream.read_exact(&mut asked.body).await?;
    Ok(asked)
}
