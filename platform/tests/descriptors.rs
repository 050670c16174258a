//! A process that runs out of descriptors refuses clients, and goes on. Alone in its process, whose limit it
//! changes.

use std::fs::File;
use std::net::TcpStream;
use std::time::Duration;

use musclemap_platform::connections::{Arrival, Listener, Options};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const DESCRIPTORS: u64 = 100;

/// Whether the server has closed a client's connection, or has sent it something.
async fn is_closed(client: TcpStream) -> bool {
    client.set_nonblocking(true).expect("a socket");
    let mut client = tokio::net::TcpStream::from_std(client).expect("a runtime");
    timeout(PATIENCE, client.read_u8()).await.expect("served or closed in time").is_err()
}

#[tokio::test]
async fn without_descriptors_clients_are_refused_and_nothing_ends() {
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = port.local_addr().unwrap();
    let mut listener = Listener::new(port, &Options { port: "test", ..Options::default() });
    let mut server = JoinSet::new();
    server.spawn(async move {
        loop {
            let Arrival::Accepted(connection) = listener.accept().await else { panic!("there is room") };
            let (stream, ..) = connection.into_parts();
            assert_eq!(stream.try_write(b"x").unwrap(), 1);
        }
    });
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(DESCRIPTORS), ..before }).unwrap();
    let mut taken = vec![];
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    for _ in 0..3 {
        // What the client itself needs; the connection on the server's side finds none.
        taken.pop();
        let client = TcpStream::connect(address).unwrap();
        assert!(is_closed(client).await, "refused");
        taken.push(File::open("/dev/null").unwrap());
    }
    drop(taken);
    assert!(!is_closed(TcpStream::connect(address).unwrap()).await, "served");
    setrlimit(Resource::Nofile, before).unwrap();
    assert!(server.try_join_next().is_none(), "nothing has ended");
}
