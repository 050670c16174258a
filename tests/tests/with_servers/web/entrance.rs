//! One address for a distributed system, as a proxy before it gives: handshakes of sockets go to a fan-out
//! node, everything else to an ingest, connection by connection.

use std::net::{Ipv4Addr, SocketAddr};

use musclemap_tests::System;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// The most bytes of the head of a request.
const MAX_HEAD: usize = 16 * 1024;

pub struct Entrance {
    address: SocketAddr,
    /// Ends with this.
    _serving: JoinSet<()>,
}

impl Entrance {
    pub async fn open(system: &System) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let node = system.processes[system.of_role("fanout")[0]].listen;
        let ingest = system.ingests()[0];
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(pass(client, node, ingest));
                // Those that have ended are forgotten.
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, _serving: serving }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Connects a client to what its first request asks for, until either ends.
async fn pass(mut client: TcpStream, node: SocketAddr, ingest: SocketAddr) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_HEAD {
        match client.read_buf(&mut head).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let is_handshake = String::from_utf8_lossy(&head).to_lowercase().contains("\r\nupgrade: websocket");
    let Ok(mut server) = TcpStream::connect(if is_handshake { node } else { ingest }).await else { return };
    if server.write_all(&head).await.is_ok() {
        // However it ends, both ends see it.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
