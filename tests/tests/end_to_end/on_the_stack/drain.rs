//! Processes are told to end while they serve: sockets are sent elsewhere and miss nothing, what is
//! asked is answered.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use futures::future::{join, join_all};
use musclemap_tests::process::{Process, Start};
use musclemap_tests::system::Stack;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Duration, timeout};
use uuid::Uuid;

const LISTENERS: usize = 12;
const SENDS: usize = 20;
/// How long a write takes at most while a server reads.
const BLOCKED_AFTER: Duration = Duration::from_millis(500);

/// The processes that serve what a role does.
fn serving(system: &System, role: &str) -> Vec<usize> {
    match system.stack {
        Stack::Standalone => vec![0],
        Stack::Distributed => system.of_role(role),
    }
}

/// SIGTERM to processes that something keeps from their end, until each has begun to drain.
async fn tell_to_end(system: &System, places: &[usize]) {
    join_all(places.iter().map(|at| system.processes[*at].signal("TERM"))).await;
    join_all(places.iter().map(|at| system.processes[*at].wait_until_draining())).await;
}

/// Waits until the processes have ended, each with success, and starts them again.
async fn end_and_restart(system: &mut System, places: &[usize]) {
    for at in places {
        let process = &mut system.processes[*at];
        assert!(process.wait().await, "{} ends with success", process.program());
        process.respawn();
        process.wait_until_ready().await;
    }
}

fn id(answer: &Value) -> String {
    answer["data"]["sendMessage"]["id"].as_str().unwrap_or_else(|| panic!("no message: {answer}")).to_owned()
}

/// A listener's messages by their numbers, and the cursor after them.
#[derive(Default)]
struct Heard {
    seqs: Vec<i64>,
    cursor: Option<String>,
}

impl Heard {
    fn add(&mut self, frame: &Value) {
        self.seqs.extend(frame["event"]["message"]["seq"].as_i64());
        // A notice has no cursor.
        self.cursor = frame["cursor"].as_str().map(str::to_owned).or(self.cursor.take());
    }

    /// Listens until the socket is closed, which must be for a restart.
    async fn until_closed(mut self, mut socket: Socket) -> Self {
        loop {
            match socket.hear().await {
                Ok(said) if said["type"] == "next" => self.add(&said["payload"]["data"]["inbox"]),
                Ok(_) => {}
                Err(code) => {
                    assert_eq!((code, socket.reason.contains("resume")), (1012, true), "{}", socket.reason);
                    return self;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_are_closed_with_a_hint_and_who_comes_back_misses_nothing() {
    let mut system = System::start().await;
    let ann = Client::login(&system, "ann").await;
    let names: Vec<String> = (0..LISTENERS).map(|number| format!("listener-{number}")).collect();
    let listeners = join_all(names.iter().map(|name| Client::login(&system, name))).await;
    let chat = ann.create("GROUP", &listeners.iter().collect::<Vec<_>>()).await;
    let open = async |client: &Client| {
        let mut socket = Socket::connect(&system, client).await;
        let mut heard = Heard::default();
        socket.inbox(None).await.iter().for_each(|frame| heard.add(frame));
        (heard, socket)
    };
    let opened = join_all(listeners.iter().map(open)).await;
    let listening = join_all(opened.into_iter().map(|(heard, socket)| heard.until_closed(socket)));

    let nodes = serving(&system, "fanout");
    let sends = async {
        for number in 0..3 {
            ann.send(&chat, &format!("before the drain, {number}")).await;
        }
        tell_to_end(&system, &nodes).await;
        for number in 0..3 {
            // Where the same process takes requests it takes no new ones now.
            if let Ok(answer) = ann.try_send(&chat, Uuid::new_v4(), &format!("in it, {number}")).await {
                assert!(answer.get("errors").is_none(), "{answer}");
            }
        }
    };
    let (heard, ()) = join(listening, sends).await;
    end_and_restart(&mut system, &nodes).await;
    for number in 0..3 {
        ann.send(&chat, &format!("after it, {number}")).await;
    }

    let all: Vec<i64> = (1..=ann.history(&chat).await.len() as i64).collect();
    for (client, mut heard) in listeners.iter().zip(heard) {
        let mut socket = Socket::connect(&system, client).await;
        let cursor = heard.cursor.take();
        assert!(cursor.is_some());
        socket.inbox(cursor.as_deref()).await.iter().for_each(|frame| heard.add(frame));
        assert_eq!(heard.seqs, all, "missed or doubled");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_when_a_process_is_told_to_end_is_answered() {
    let mut system = System::start().await;
    let (ann, bob) = (Client::login(&system, "ann").await, Client::login(&system, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;
    let ingests = serving(&system, "ingest");
    let turns = ingests.iter().map(|at| system.processes[*at].listen).cycle().take(SENDS);
    let held = join_all(turns.map(|listen| HeldSend::begin(listen, &ann, &chat))).await;

    // Those that hold the drain up, and those that are anywhere when it begins.
    let ids: Vec<Uuid> = (0..SENDS).map(|_| Uuid::new_v4()).collect();
    let texts: Vec<String> = ids.iter().map(|id| format!("on its way at the end: {id}")).collect();
    let free = join_all(ids.iter().zip(&texts).map(|(id, text)| bob.try_send(&chat, *id, text)));
    let (free, ()) = join(free, tell_to_end(&system, &ingests)).await;
    let answers = join_all(held.into_iter().map(HeldSend::finish)).await;
    let mut told: BTreeSet<String> = answers.iter().map(id).collect();
    assert_eq!(told.len(), SENDS);
    // Without an answer only who was not heard.
    told.extend(free.iter().filter_map(|answer| answer.as_ref().ok()).map(id));

    end_and_restart(&mut system, &ingests).await;
    let stored = ann.history(&chat).await;
    let stored: BTreeSet<String> = stored.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, stored);
}

/// What is sent again and again and not read: answers to it fill what the kernel keeps of a connection.
async fn deafly(address: SocketAddr, request: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let mut stream = socket.connect(address).await.expect("a connection");
    let requests = format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").repeat(100);
    // The server takes no more once its answers are not read.
    while let Ok(sent) = timeout(BLOCKED_AFTER, stream.write_all(requests.as_bytes())).await {
        sent.expect("an open connection");
    }
    stream
}

#[tokio::test]
async fn a_drain_ends_with_success_whatever_clients_do() {
    let mut system = System::start().await;
    let ann = Client::login(&system, "ann").await;
    let (ingest, node) = (serving(&system, "ingest")[0], serving(&system, "fanout")[0]);
    let (clients, operators) = (system.processes[ingest].listen, system.processes[ingest].admin);
    let _unread = join_all((0..3).map(|_| deafly(clients, "GET /nowhere"))).await;
    let _unread_by_operators = join_all((0..3).map(|_| deafly(operators, "GET /metrics"))).await;
    // Neither reads nor answers the server's close.
    let mut socket = Socket::try_connect(&system.socket_urls()[0], &ann).await.expect("a socket");
    socket.subscribe("1", "subscription { inbox { cursor } }", Value::Null).await;
    let places: BTreeSet<usize> = [ingest, node].into();
    for at in places {
        assert!(system.processes[at].end().await, "{} ends with success", system.processes[at].program());
    }
}

#[tokio::test]
async fn told_a_second_time_a_process_ends_at_once() {
    let mut system = System::start().await;
    let (ann, bob) = (Client::login(&system, "ann").await, Client::login(&system, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;
    let ingest = serving(&system, "ingest")[0];
    let _held = HeldSend::begin(system.processes[ingest].listen, &ann, &chat).await;
    tell_to_end(&system, &[ingest]).await;
    assert!(!system.processes[ingest].end().await, "what is on its way is given up");
}

#[tokio::test]
async fn told_before_it_has_started_a_process_ends() {
    let folder = tempfile::tempdir().unwrap();
    let start = |program, arguments, variables| Start {
        program,
        arguments,
        variables,
        log: folder.path().join("log"),
    };
    let mut process = Process::spawn(match Stack::chosen() {
        Stack::Standalone => {
            let data = folder.path().join("data").display().to_string();
            start("standalone", vec!["--data-dir".to_owned(), data], vec![])
        }
        Stack::Distributed => {
            let nowhere = ("MM_KAFKA__BOOTSTRAP".to_owned(), "127.0.0.1:1".to_owned());
            start("accounts", vec![], vec![nowhere])
        }
    });
    process.wait_until_bound().await;
    assert!(process.end().await);
}

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A send of which the server has heard everything but its body, and waits for that.
struct HeldSend {
    stream: TcpStream,
    body: String,
}

impl HeldSend {
    async fn begin(ingest: SocketAddr, client: &Client, conversation: &str) -> Self {
        let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
        let id = Uuid::new_v4();
        let content = format!("held until the end: {id}");
        let input = json!({ "conversationId": conversation, "clientMessageId": id, "content": content });
        let body = json!({ "query": query, "variables": { "input": input } }).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {ingest}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            client.token,
            body.len()
        );
        let mut stream = TcpStream::connect(ingest).await.expect("a connection");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut asked = [0; CONTINUE.len()];
        stream.read_exact(&mut asked).await.expect("an answer");
        assert_eq!(asked, CONTINUE);
        Self { stream, body }
    }

    /// The answer; the server closes the connection after it.
    async fn finish(mut self) -> Value {
        self.stream.write_all(self.body.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.expect("an answer");
        let (_, json) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(json).expect("JSON")
    }
}
