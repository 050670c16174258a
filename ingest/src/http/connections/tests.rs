//! Attacks on a port, over loopback, each bounded.

use axum::Extension;
use axum::routing::get;
use platform::connections::Reading;

use super::*;

/// How long anything may take that has to happen.
const PATIENCE: Duration = Duration::from_secs(20);
const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
/// More than the kernel keeps of a connection that is not read.
const LARGE: usize = 16 * 1024 * 1024;

struct Port {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    server: JoinSet<()>,
}

impl Port {
    async fn open(head: Duration, connections: Options) -> Self {
        Self::serving(head, Serving { connections, ..Serving::default() }).await
    }

    async fn serving(head: Duration, serving: Serving) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let large = async || "x".repeat(LARGE);
        let router = Router::new()
            .route("/", get(async || "hello"))
            .route("/large", get(large))
            .route("/who", get(who));
        let mut server = JoinSet::new();
        server.spawn(serve_within(head, listener, router, serving, stop.clone()));
        Self { address, stop, server }
    }

    /// A client that has said something.
    async fn client(&self, said: &[u8]) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(said).await.unwrap();
        client
    }

    async fn end(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.server.join_all()).await.expect("it ends in time");
    }
}

/// Who asks, and whose connection it is.
async fn who(
    Extension(Peer(client)): Extension<Peer>,
    Extension(Connected(address)): Extension<Connected>,
) -> String {
    format!("{client} {address}")
}

fn options() -> Options {
    Options { port: "test", ..Options::default() }
}

/// What a client is sent until the server closes.
async fn heard(client: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    timeout(PATIENCE, client.read_to_end(&mut heard)).await.expect("the server closes").expect("no reset");
    String::from_utf8(heard).unwrap()
}

/// Waits until another client of the address is served.
async fn until_served(port: &Port) {
    let served =
        async { while !heard(&mut port.client(&[ASK, b"GET"].concat()).await).await.contains("200 OK") {} };
    timeout(PATIENCE, served).await.expect("a client is served in time");
}

#[tokio::test]
async fn whoever_says_nothing_or_half_a_head_is_cut_off() {
    let port = Port::open(Duration::from_millis(100), options()).await;
    for (said, answered) in [(&b""[..], false), (&ASK[..7], false), (&ASK[..25], false), (ASK, true)] {
        let mut client = port.client(said).await;
        assert_eq!(heard(&mut client).await.ends_with("hello"), answered, "{said:?}");
    }
    port.end().await;
}

#[tokio::test]
async fn whoever_pipelines_and_does_not_read_loses_the_connection_and_its_place() {
    let reading = Reading { within: Duration::from_millis(200), bytes_per_second: 1_000_000_000 };
    let options = Options { per_address: 3, reading, ..options() };
    let port = Port::open(Duration::from_millis(100), options).await;
    let large = b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut deaf = vec![];
    for _ in 0..3 {
        deaf.push(port.client(&large.repeat(100)).await);
    }
    // It reads, and far too slowly: the sleep is the client's pace, nothing waits for it.
    let trickles = async {
        while deaf[0].read_u8().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = until_served(&port) => {}
        () = trickles => until_served(&port).await,
    }
    port.end().await;
}

#[tokio::test]
async fn beyond_the_bounds_a_client_is_told_so_before_it_is_read() {
    for (options, status) in [
        (Options { connections: 2, ..options() }, "503 Service Unavailable"),
        (Options { per_address: 2, ..options() }, "429 Too Many Requests"),
    ] {
        let port = Port::open(READ_WITHIN, options).await;
        let mut here = vec![];
        for _ in 0..2 {
            let mut client = port.client(ASK).await;
            assert_ne!(client.read_u8().await.unwrap(), 0, "it is served");
            here.push(client);
        }
        for said in [&b""[..], ASK, &vec![b'x'; 60_000]] {
            let refusal = heard(&mut port.client(said).await).await;
            assert!(refusal.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{refusal}");
            let (head, body) = refusal.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("\r\nretry-after: 5\r\n") && head.contains("application/problem+json"));
            assert_eq!(head.split_once("content-length: ").unwrap().1, body.len().to_string());
        }
        drop(here);
        port.end().await;
    }
}

#[tokio::test]
async fn a_connection_is_closed_after_its_last_request() {
    let port = Port::open(READ_WITHIN, Options { requests_per_connection: 3, ..options() }).await;
    let answers = heard(&mut port.client(&ASK.repeat(5)).await).await;
    assert_eq!(answers.matches("200 OK").count(), 3);
    assert_eq!(answers.matches("connection: close").count(), 1);
    port.end().await;
}

#[tokio::test]
async fn a_drain_ends_in_time_though_answers_are_not_read_and_heads_do_not_end() {
    let port =
        Port::open(READ_WITHIN, Options { drain_within: Duration::from_millis(300), ..options() }).await;
    let large = b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut deaf = port.client(&large.repeat(10)).await;
    deaf.read_u8().await.unwrap();
    let _half = port.client(&ASK[..10]).await;
    let begun = Instant::now();
    port.end().await;
    assert!(begun.elapsed() < Options::default().reading.within, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_request_has_the_address_of_its_client_and_that_of_its_connection() {
    for (trusted, told) in [("", "127.0.0.1 127.0.0.1"), ("127.0.0.0/8", "198.51.100.9 127.0.0.1")] {
        let proxies = TrustedProxies::parse(trusted).unwrap();
        let serving = Serving { connections: options(), proxies, tls: None };
        let port = Port::serving(READ_WITHIN, serving).await;
        let ask =
            b"GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: 198.51.100.9\r\n\r\n";
        let heard = heard(&mut port.client(ask).await).await;
        assert!(heard.ends_with(&format!("\r\n{told}")), "{trusted}: {heard}");
        port.end().await;
    }
}
