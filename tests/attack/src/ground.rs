//! What attackers know: where to aim, and accounts of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use tests::{Client, System};
use tokio::net::{TcpSocket, TcpStream};

/// Accounts of attackers, each at an address of its own.
pub const ACCOUNTS: usize = 8;
/// The last byte of the first attacker's address; neighbours are at 127.0.0.1.
const FIRST_ADDRESS: u8 = 10;

/// One who attacks.
#[derive(Debug, Clone)]
pub struct Account {
    pub user: String,
    pub token: String,
    /// A group that the account owns, with the next account in it.
    pub group: String,
    pub address: Ipv4Addr,
}

#[derive(Debug, Clone)]
pub struct Ground {
    pub http: SocketAddr,
    pub sockets: SocketAddr,
    pub accounts: Arc<[Account]>,
}

impl Ground {
    pub async fn of_system(system: &System) -> Result<Self> {
        let mut clients = Vec::new();
        for number in 0..ACCOUNTS {
            clients.push(Client::login(system, &format!("mallory{number}")).await);
        }
        let mut accounts = Vec::new();
        for (number, client) in clients.iter().enumerate() {
            let group = client.create("GROUP", &[&clients[(number + 1) % ACCOUNTS]]).await;
            let last = FIRST_ADDRESS + u8::try_from(number)?;
            let address = Ipv4Addr::new(127, 0, 0, last);
            accounts.push(Account { user: client.user.clone(), token: client.token.clone(), group, address });
        }
        let url = system.socket_urls().swap_remove(0);
        let sockets =
            url.strip_prefix("ws://").and_then(|rest| rest.split('/').next()).context("a socket's url")?;
        let http = *system.ingests().first().context("an ingest")?;
        Ok(Self { http, sockets: sockets.parse()?, accounts: accounts.into() })
    }

    /// The account of a worker.
    pub fn account(&self, worker: usize) -> &Account {
        &self.accounts[worker % self.accounts.len()]
    }

    /// Another account than a worker's.
    pub fn other(&self, worker: usize) -> &Account {
        self.account(worker + 1)
    }
}

/// A connection from an account's address.
pub async fn connect(account: &Account, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((account.address, 0).into())?;
    Ok(socket.connect(to).await?)
}
