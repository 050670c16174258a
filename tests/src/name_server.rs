//! A name server of the test's own (RFC 1035, over UDP): every name is this machine's, by IPv4 alone.

use std::net::SocketAddr;

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// Bytes of the head of a message.
const HEAD: usize = 12;
/// The record of an answer: the name of the question, type A, class IN, not to be kept, 127.0.0.1.
const HERE: [u8; 16] = [0xc0, HEAD as u8, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1];

pub async fn serve(serving: &mut JoinSet<()>) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
    let address = socket.local_addr().expect("an address");
    serving.spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
            if let Some(answer) = answer(&buffer[..length]) {
                // A client that has gone asks for nothing.
                let _ = socket.send_to(&answer, client).await;
            }
        }
    });
    address
}

/// The answer to the one question of a message.
fn answer(asked: &[u8]) -> Option<Vec<u8>> {
    let mut at = HEAD;
    while *asked.get(at)? != 0 {
        at += usize::from(asked[at]) + 1;
    }
    let kind = asked.get(at + 1..at + 3)?;
    let is_ipv4 = kind == [0, 1];
    let mut answer = asked[..2].to_vec();
    // A response, to a question that desired recursion, of a server that has it.
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(is_ipv4), 0, 0, 0, 0]);
    answer.extend(asked.get(HEAD..at + 5)?);
    if is_ipv4 {
        answer.extend(HERE);
    }
    Some(answer)
}
