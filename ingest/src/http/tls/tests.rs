//! A port with TLS, and clients that trust the authority of `tests/keys`.

use std::fs;
use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use platform::connections::{Arrival, Listener, Options, Reading};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream as ClientStream;

use super::*;
use crate::http::connections::{Serving, serve};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
const PATIENCE: Duration = Duration::from_secs(20);
const SOON: Duration = Duration::from_millis(100);

fn file(name: &str) -> PathBuf {
    Path::new(KEYS).join(name)
}

/// The next connection of a port, whose client has so long to read.
async fn accepted(listener: TcpListener, within: Duration) -> Connection {
    let reading = Reading { within, ..Reading::default() };
    match Listener::new(listener, &Options { port: "test", reading, ..Options::default() }).accept().await {
        Arrival::Accepted(connection) => connection,
        Arrival::Refused(_, full) => panic!("no place: {full:?}"),
    }
}

fn tls(name: &str) -> Arc<Tls> {
    Tls::load(&file(&format!("{name}.pem")), &file(&format!("{name}.key"))).unwrap()
}

async fn connect(address: SocketAddr) -> ClientStream<TcpStream> {
    try_connect(address).await.unwrap()
}

async fn try_connect(address: SocketAddr) -> io::Result<ClientStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let shaken = TlsConnector::from(Arc::new(config)).connect(name, stream);
    timeout(PATIENCE, shaken).await.unwrap()
}

/// Which of the certificates was shown.
fn shown(client: &ClientStream<TcpStream>) -> &'static str {
    let certificate = &client.get_ref().1.peer_certificates().unwrap()[0];
    let is =
        |name: &str| CertificateDer::from_pem_file(file(&format!("{name}.pem"))).unwrap() == *certificate;
    ["one", "two"].into_iter().find(|name| is(name)).unwrap_or("neither")
}

/// Asks once, and hears all until the server closes.
async fn ask(client: &mut ClientStream<TcpStream>) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut heard = String::new();
    timeout(PATIENCE, client.read_to_string(&mut heard)).await.unwrap().unwrap();
    heard
}

#[tokio::test]
async fn changed_files_concern_new_connections_and_unusable_ones_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.pem"), folder.path().join("tls.key"));
    let put = |of_certificate: &str, of_key: &str| {
        fs::copy(file(&format!("{of_certificate}.pem")), &certificate).unwrap();
        fs::copy(file(&format!("{of_key}.key")), &key).unwrap();
    };
    put("one", "one");
    let tls = Tls::load(&certificate, &key).unwrap();
    let counted = || ["ok", "failed"].map(|result| TLS_RELOADS.with_label_values(&[result]).get());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = Serving { tls: Some(tls.clone()), ..Serving::default() };
    let mut server = JoinSet::new();
    let router = Router::new().route("/", get(|| async { "hello" }));
    server.spawn(serve(listener, router, serving, stop.clone()));

    let mut oldest = connect(address).await;
    let garbage = || fs::write(&certificate, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let changes: [(&str, &dyn Fn(), &str, [u64; 2]); 8] = [
        ("nothing", &|| {}, "one", [0, 0]),
        ("garbage", &garbage, "one", [0, 1]),
        ("the same garbage", &garbage, "one", [0, 0]),
        ("the key of another", &|| put("one", "two"), "one", [0, 1]),
        ("another pair", &|| put("two", "two"), "two", [1, 0]),
        ("no file", &|| fs::remove_file(&key).unwrap(), "two", [0, 1]),
        ("still no file", &|| {}, "two", [0, 0]),
        ("the first pair", &|| put("one", "one"), "one", [1, 0]),
    ];
    for (name, change, expected, counts) in changes {
        change();
        let before = counted();
        tls.refresh();
        let after = counted();
        assert_eq!([after[0] - before[0], after[1] - before[1]], counts, "{name}");
        let mut client = connect(address).await;
        assert_eq!(shown(&client), expected, "{name}");
        assert!(ask(&mut client).await.ends_with("hello"), "{name}");
    }
    assert!(ask(&mut oldest).await.ends_with("hello"));
    stop.cancel();
    server.join_all().await;
}

#[test]
fn files_that_are_no_pair_say_which_and_why() {
    for (certificate, key, said) in [
        ("none.pem", "one.key", "cannot read"),
        ("one.pem", "none.key", "cannot read"),
        ("one.key", "one.key", "cannot be used"),
        ("one.pem", "one.pem", "one.pem holds no"),
        ("one.pem", "two.key", "cannot be used together"),
    ] {
        let error = Tls::load(&file(certificate), &file(key)).err().unwrap().to_string();
        assert!(error.contains(said), "{certificate} {key}: {error}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_is_cut_off() {
    let tls = tls("one");
    for said in [&b""[..], b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"\x16\x03\x01"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(said).await.unwrap();
        let connection = accepted(listener, PATIENCE).await;
        let opened = timeout(PATIENCE, tls.open(connection, SOON)).await.unwrap();
        assert!(opened.is_none(), "{said:?}");
    }
}

/// A connection that is open at both ends, and what carries it.
async fn carried(within: Duration) -> (ClientStream<TcpStream>, Connection, JoinSet<()>) {
    let (tls, listener) = (tls("one"), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    let server = async { tls.open(accepted(listener, within).await, PATIENCE).await.unwrap() };
    let (client, (carry, plain)) = tokio::join!(connect(address), server);
    let mut carrying = JoinSet::new();
    carrying.spawn(carry);
    (client, plain, carrying)
}

#[tokio::test]
async fn everything_is_carried_in_both_directions_to_its_end() {
    let (client, plain, carrying) = carried(PATIENCE).await;
    let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number / 7) as u8).collect();
    let ((mut from_server, mut to_server), (mut from_client, mut to_client)) = (split(client), split(plain));
    let mut heard = (vec![], vec![]);
    let both = async {
        tokio::join!(
            async {
                to_server.write_all(&bytes).await.unwrap();
                to_server.shutdown().await.unwrap();
            },
            async {
                from_client.read_to_end(&mut heard.0).await.unwrap();
                to_client.write_all(&bytes).await.unwrap();
                to_client.shutdown().await.unwrap();
            },
            async { from_server.read_to_end(&mut heard.1).await.unwrap() },
        )
    };
    timeout(PATIENCE, both).await.unwrap();
    assert!(heard.0 == bytes && heard.1 == bytes);
    timeout(PATIENCE, carrying.join_all()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up() {
    let (_client, mut plain, carrying) = carried(SOON).await;
    let write = async { while plain.write_all(&[0; 64 * 1024]).await.is_ok() {} };
    timeout(PATIENCE, write).await.expect("the plain side ends");
    timeout(PATIENCE, carrying.join_all()).await.unwrap();
}

#[tokio::test]
async fn a_connection_has_one_place_to_its_end_and_one_without_a_place_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let connections = Options { port: "tls", per_address: 1, ..Options::default() };
    let serving = Serving { connections, tls: Some(tls("one")), ..Serving::default() };
    let router = Router::new().route("/", get(|| async { "hello" }));
    let mut server = JoinSet::new();
    server.spawn(serve(listener, router, serving, stop.clone()));
    for _ in 0..2 {
        let first = async {
            loop {
                if let Ok(client) = try_connect(address).await {
                    return client;
                }
            }
        };
        let mut first = timeout(PATIENCE, first).await.expect("the place is given back");
        assert!(try_connect(address).await.is_err(), "there is one place");
        assert!(ask(&mut first).await.ends_with("hello"));
    }
    stop.cancel();
    timeout(PATIENCE, server.join_all()).await.unwrap();
}
