//! Limits of a process as clients meet them: attempts, executions whose answers are not read.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Response, Value};
use axum::Router;
use axum::body::Body;
use futures::{FutureExt, StreamExt, stream};
use graphql::Executor;
use graphql::limits::{Execution, Options, Peer};
use musclemap_ingest::http::connections;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::server::{Raw, Server};
use crate::sockets::Sockets;

const PATIENCE: Duration = Duration::from_secs(20);
/// More than the kernel takes from a connection that nobody reads.
const LARGE: usize = 16 * 1024 * 1024;

/// Status, limit, and whether the answer tells the wait and ends its connection, of a query from an address.
async fn ask(server: &Server, query: &str, from: &str) -> (u16, String, bool) {
    let token = &server.token;
    let body = serde_json::json!({ "query": query }).to_string();
    let mut request = axum::http::Request::post("/graphql")
        .header("content-type", "application/json")
        .header("accept", "application/graphql-response+json")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body))
        .expect("a request and its answer");
    request.extensions_mut().insert(Peer(from.parse().expect("a request and its answer")));
    let Ok(response) = server.router.clone().oneshot(request).await;
    let (status, headers) = (response.status().as_u16(), response.headers());
    let waits = headers.contains_key("retry-after");
    assert_eq!(headers.get("connection").is_some_and(|value| value == "close"), status == 429);
    let body =
        axum::body::to_bytes(response.into_body(), 1024 * 1024).await.expect("a request and its answer");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("a request and its answer");
    let extensions = &body["errors"][0]["extensions"];
    let waits = waits && extensions["retryAfterMs"].is_i64() && extensions["windowSeconds"] == 60;
    (status, extensions["limit"].as_str().unwrap_or("none").to_owned(), waits)
}

/// The attack: thousands of look-ups and refused mutations a second.
#[tokio::test]
async fn attempts_are_counted_by_root_field_before_anything_is_done() {
    let options = Options { attempts_per_user: 10, attempts_per_address: 25, ..Options::default() };
    let user = "a: user(id: \"nobody\") { id }";
    let block = "a: blockUser(userId: \"nobody\") b: unblockUser(userId: \"nobody\")";
    let many = |count: usize| (0..count).map(|at| format!("a{at}: __typename ")).collect::<String>();
    for (name, query) in [
        ("a look-up", format!("{{ {user} }}")),
        ("a mutation", format!("mutation {{ {block} }}")),
        ("aliases", format!("{{ {} }}", many(10))),
        ("no document", "{".to_owned()),
    ] {
        let server = Server::limited(options).await;
        let roots = if query.contains("a9") { 10 } else { 1 + usize::from(query.contains("b:")) };
        for _ in 0..10 / roots {
            assert_eq!(ask(&server, &query, "10.0.0.1").await.1, "none", "{name}");
        }
        let limited = (429, "attempts_per_user".to_owned(), true);
        assert_eq!(ask(&server, &query, "10.0.0.1").await, limited, "{name}");
        assert_eq!(ask(&server, &query, "10.0.0.2").await, limited, "{name}: from elsewhere");
    }
    let server = Server::limited(options).await;
    let too_many = format!("mutation {{ {} }}", many(11));
    assert_eq!(ask(&server, &too_many, "10.0.0.1").await.1, "attempts_per_user", "more than fit at once");
}

#[tokio::test]
async fn tokens_that_are_not_valid_count_for_their_address() {
    let options = Options { attempts_per_address: 5, ..Options::default() };
    let mut server = Server::limited(options).await;
    server.token = "x.y.z".to_owned();
    for _ in 0..5 {
        assert_eq!(ask(&server, "{ me { id } }", "10.0.0.1").await.0, 401);
    }
    let limited = (429, "attempts_per_address".to_owned(), true);
    assert_eq!(ask(&server, "{ me { id } }", "10.0.0.1").await, limited);
    assert_eq!(ask(&server, "{ me { id } }", "10.0.0.2").await.0, 401);
}

#[tokio::test]
async fn a_socket_and_requests_count_together() {
    let options = Options { attempts_per_user: 6, ..Options::default() };
    let sockets = Sockets::of(Server::limited(options).await, true, false).await;
    let query = Raw::query("{ a: __typename b: __typename }");
    let mut socket = sockets.connect().await;
    assert_eq!(socket.ask(&query).await.0, "ok");
    assert_eq!(ask(&sockets.server, "{ a: __typename b: __typename }", "10.0.0.1").await.1, "none");
    let subscription = "subscription { inbox { cursor event { __typename } } }";
    assert!(socket.first(subscription).await["payload"]["data"]["inbox"]["cursor"].is_string());
    assert_eq!(socket.ask(&query).await.0, "RATE_LIMITED", "one of two fits");
    let refused = socket.first(subscription).await;
    assert_eq!(refused["payload"][0]["extensions"]["limit"], "attempts_per_user", "{refused}");
    sockets.stop().await;
}

/// Gives large answers, which count as what they are.
fn large() -> Executor {
    Arc::new(|request| {
        let execution = request.data.get(&std::any::TypeId::of::<Arc<Execution>>());
        let execution = execution.and_then(|execution| execution.downcast_ref::<Arc<Execution>>()).cloned();
        execution.expect("an execution").add(LARGE);
        stream::once(async { Response::new(Value::String("x".repeat(LARGE))) }).boxed()
    })
}

async fn serve(router: Router) -> (SocketAddr, JoinSet<()>, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (address, stop) = (listener.local_addr().expect("an address"), CancellationToken::new());
    let served = connections::serve(listener, router, connections::Serving::default(), stop.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(served.map(|Ok(())| ()));
    (address, tasks, stop)
}

/// The beginning of the answer, of which no more is read.
async fn begin(address: SocketAddr, token: &str) -> (TcpStream, String) {
    let mut client = TcpStream::connect(address).await.expect("a connection");
    let body = r#"{"query":"{ __typename }"}"#;
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         accept: application/graphql-response+json\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).await.expect("it is sent");
    let mut begun = [0; 12];
    timeout(PATIENCE, client.read_exact(&mut begun)).await.expect("an answer").expect("a status");
    (client, String::from_utf8_lossy(&begun).into_owned())
}

/// The attack: connections that ask for large answers and read none.
#[tokio::test]
async fn answers_that_nobody_reads_are_bounded() {
    for options in [
        Options { executions_per_user: 3, unsent_bytes_per_user: 9 * LARGE, ..Options::default() },
        Options { unsent_bytes_per_user: 3 * LARGE, ..Options::default() },
    ] {
        let options = Options { answer_bytes: 2 * LARGE, ..options };
        let server = Server::answering(options, large()).await;
        let (address, tasks, stop) = serve(server.router.clone()).await;
        let mut unread = vec![];
        for _ in 0..3 {
            let (client, status) = begin(address, &server.token).await;
            assert_eq!(status, "HTTP/1.1 200");
            unread.push(client);
        }
        for _ in 0..3 {
            assert_eq!(begin(address, &server.token).await.1, "HTTP/1.1 429");
        }
        drop(unread.pop());
        let again = async {
            while begin(address, &server.token).await.1 != "HTTP/1.1 200" {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, again).await.expect("room again");
        drop(unread);
        stop.cancel();
        timeout(PATIENCE, tasks.join_all()).await.expect("an end");
    }
}
