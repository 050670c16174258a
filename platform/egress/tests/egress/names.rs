//! A name server of the test's own, which says what it is told to: DNS over UDP (RFC 1035), as far as it is
//! needed. Nothing that it says may be kept.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// Bytes of the head of a message.
const HEAD: usize = 12;
const INTERNET: u16 = 1;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    V4,
    V6,
}

pub struct Question<'a> {
    /// In lower case, without its last dot.
    pub name: &'a str,
    pub kind: Kind,
    /// How often this was asked before.
    pub before: usize,
}

#[derive(Debug, Clone)]
pub enum Reply {
    Records(Vec<Record>),
    NoName,
    Failure,
    Silence,
}

#[derive(Debug, Clone)]
pub struct Record {
    pub name: String,
    pub data: Data,
}

#[derive(Debug, Clone)]
pub enum Data {
    Address(IpAddr),
    Alias(String),
}

pub fn address(name: &str, address: IpAddr) -> Record {
    Record { name: name.to_owned(), data: Data::Address(address) }
}

pub fn alias(name: &str, of: &str) -> Record {
    Record { name: name.to_owned(), data: Data::Alias(of.to_owned()) }
}

/// The addresses of the kind that is asked for.
pub fn addresses(question: &Question, of: &[IpAddr]) -> Reply {
    let is_asked = |one: &&IpAddr| one.is_ipv4() == (question.kind == Kind::V4);
    Reply::Records(of.iter().filter(is_asked).map(|one| address(question.name, *one)).collect())
}

/// A name server, until it is dropped.
pub struct Names {
    pub address: SocketAddr,
    asked: Arc<Mutex<HashMap<(String, Kind), usize>>>,
    _serving: JoinSet<()>,
}

impl Names {
    pub async fn start(reply: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::<Mutex<HashMap<_, _>>>::default();
        let (counts, mut serving) = (asked.clone(), JoinSet::new());
        serving.spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let Some((name, kind, end)) = parsed(&buffer[..length]) else { continue };
                let before = {
                    let mut counts = counts.lock().unwrap();
                    let count: &mut usize = counts.entry((name.clone(), kind)).or_default();
                    *count += 1;
                    *count - 1
                };
                if let Some(message) = encoded(&buffer[..end], reply(&Question { name: &name, kind, before }))
                {
                    socket.send_to(&message, client).await.unwrap();
                }
            }
        });
        Self { address, asked, _serving: serving }
    }

    /// How often a name was asked for.
    pub fn asked(&self, name: &str, kind: Kind) -> usize {
        self.asked.lock().unwrap().get(&(name.to_owned(), kind)).copied().unwrap_or(0)
    }
}

/// The name and kind of a question, and where it ends.
fn parsed(message: &[u8]) -> Option<(String, Kind, usize)> {
    let (mut labels, mut at) = (Vec::new(), HEAD);
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = match message.get(at..at + 2)? {
        [0, 1] => Kind::V4,
        [0, 28] => Kind::V6,
        _ => return None,
    };
    Some((labels.join("."), kind, at + 4))
}

/// The answer to a message that ends with its question.
fn encoded(asked: &[u8], reply: Reply) -> Option<Vec<u8>> {
    let (code, records) = match reply {
        Reply::Records(records) => (0, records),
        Reply::Failure => (2, Vec::new()),
        Reply::NoName => (3, Vec::new()),
        Reply::Silence => return None,
    };
    let mut message = asked[..2].to_vec();
    // A response, to a question that desired recursion, of a server that has it.
    message.extend([0x81, 0x80 | code]);
    for count in [1, u16::try_from(records.len()).unwrap(), 0, 0] {
        message.extend(count.to_be_bytes());
    }
    message.extend(&asked[HEAD..]);
    for record in records {
        message.extend(name(&record.name));
        let (kind, data): (u16, Vec<u8>) = match record.data {
            Data::Address(IpAddr::V4(address)) => (1, address.octets().into()),
            Data::Address(IpAddr::V6(address)) => (28, address.octets().into()),
            Data::Alias(of) => (5, name(&of)),
        };
        message.extend([kind.to_be_bytes(), INTERNET.to_be_bytes()].concat());
        message.extend(0_u32.to_be_bytes());
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(data);
    }
    Some(message)
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.trim_end_matches('.').split('.');
    let mut bytes: Vec<u8> =
        labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    bytes.push(0);
    bytes
}
