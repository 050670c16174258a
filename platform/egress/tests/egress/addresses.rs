//! No way of writing an internal address leads to it.

use std::net::Ipv6Addr;
use std::time::Duration;

use musclemap_egress::{Egress, Refusal, Settings};

use crate::encodings::{hosts, resolved};
use crate::names::{Kind, Names};
use crate::site::{Site, ok};

const ZONE: &str = "encoded.test";

async fn names() -> Names {
    Names::start(|question| resolved(question, ZONE)).await
}

/// On every address of this machine, loopback of both families among them.
async fn canary() -> Site {
    Site::start("[::]:0", |_| ok(b"canary")).await
}

fn settings(canary: &Site, names: &Names) -> Settings {
    Settings {
        ports: vec![canary.port()],
        name_servers: vec![names.address],
        within: Duration::from_secs(20),
        ..Settings::default()
    }
}

#[tokio::test]
async fn no_encoding_of_an_internal_address_reaches_the_canary() {
    let (canary, names) = (canary().await, names().await);
    let egress = Egress::new(settings(&canary, &names)).unwrap();
    let hosts = hosts(ZONE);
    assert!(hosts.len() >= 1_300, "only {} encodings", hosts.len());
    let (mut malformed, mut not_public) = (Vec::new(), 0);
    for host in &hosts {
        match egress.get(&format!("http://{host}:{}/", canary.port()), "*/*").await {
            Err(Refusal::NotPublic) => not_public += 1,
            Err(Refusal::Malformed) => malformed.push(host),
            other => panic!("{host}: {other:?}"),
        }
    }
    assert!(malformed.len() < 100, "not even URLs: {malformed:?}");
    assert!(not_public >= 1_300, "only {not_public} are refused for their address; no URLs: {malformed:?}");
    assert!(names.asked(&format!("x{:032x}.{ZONE}", u128::from(Ipv6Addr::LOCALHOST)), Kind::V6) > 0);
    assert_eq!(canary.connections().await, 0);
}

/// The control: what is refused above does reach a service on loopback without the guard.
#[tokio::test]
async fn without_the_guard_encodings_of_loopback_reach_the_canary() {
    let (canary, names) = (canary().await, names().await);
    let loopback = ["127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128", "::ffff:127.0.0.0/104"];
    let also_public = loopback.map(|network| network.parse().unwrap()).to_vec();
    let egress = Egress::new(Settings { also_public, ..settings(&canary, &names) }).unwrap();
    let mut reached = 0;
    for host in hosts(ZONE) {
        match egress.get(&format!("http://{host}:{}/", canary.port()), "*/*").await {
            Ok(answer) if answer.body == "canary" => reached += 1,
            Ok(answer) => panic!("{host}: {answer:?}"),
            Err(Refusal::NotPublic | Refusal::Malformed) => {}
            Err(refusal) => panic!("{host}: {refusal}"),
        }
    }
    assert!(reached >= 150, "only {reached} encodings reach the canary");
    assert!(canary.connections().await >= reached);
}

#[tokio::test]
async fn each_refusal_of_a_url_has_its_type() {
    let (canary, names) = (canary().await, names().await);
    let egress = Egress::new(settings(&canary, &names)).unwrap();
    let port = canary.port();
    for (url, refusal) in [
        ("localhost".to_owned(), Refusal::Malformed),
        (format!("ftp://127.0.0.1:{port}/"), Refusal::Scheme),
        (format!("http://user:secret@127.0.0.1:{port}/"), Refusal::Credentials),
        ("http://127.0.0.1/".to_owned(), Refusal::Port),
        (format!("http://site.test@127.0.0.1:{port}/"), Refusal::Credentials),
        (format!("http://nothing.test:{port}/"), Refusal::NoAddress),
        (format!("http://127.0.0.1:{port}/"), Refusal::NotPublic),
        (format!("https://127.0.0.1:{port}/"), Refusal::NotPublic),
        (format!("http:127.0.0.1:{port}/"), Refusal::NotPublic),
        (format!("http:\\\\127.0.0.1:{port}\\"), Refusal::NotPublic),
        (format!(" http://127.0.0.1:{port}/ "), Refusal::NotPublic),
    ] {
        assert_eq!(egress.get(&url, "*/*").await, Err(refusal), "{url}");
    }
    assert_eq!(canary.connections().await, 0);
}
