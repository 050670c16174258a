//! ARCHITECTURE.md has a row for each close code of sockets; what else it has to name is checked by
//! `tests/tidy`, which links no socket.

use fanout::protocol::CloseCode;

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

#[test]
fn the_architecture_names_every_close_code() {
    let codes = CloseCode::ALL.map(CloseCode::code).into_iter();
    let unnamed: Vec<u16> = codes.filter(|code| !ARCHITECTURE.contains(&format!("\n| {code} |"))).collect();
    assert_eq!(unnamed, Vec::<u16>::new());
}
