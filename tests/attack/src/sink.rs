//! A server that takes whatever comes and answers with next to nothing, on one core.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::WebSocket;
use axum::response::Response;
use axum::routing::get;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// The sink in a process of its own, which ends with this.
pub struct Sink {
    pub address: SocketAddr,
    _child: Child,
}

impl Sink {
    pub async fn start() -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]).arg(program).arg("sink").stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("taskset of util-linux is needed")?;
        let output = child.stdout.take().context("a pipe")?;
        let line = BufReader::new(output).lines().next_line().await?.context("the sink says where it is")?;
        Ok(Self { address: line.parse()?, _child: child })
    }
}

/// Serves until the process is ended; says first where.
pub async fn serve() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let router = Router::new().route("/graphql", get(socket).post(answer));
    axum::serve(listener, router).await?;
    Ok(())
}

async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.protocols(["graphql-transport-ws"]).on_upgrade(swallow)
}

async fn answer() -> &'static str {
    "{}"
}

async fn swallow(mut socket: WebSocket) {
    while let Some(Ok(_)) = socket.recv().await {}
}
