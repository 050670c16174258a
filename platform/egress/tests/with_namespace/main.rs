//! The shipped rules, unchanged, where every address is within reach: a network namespace in which each
//! address, public or not, is this machine's.
//!
//! The test runs itself there as a process, for which it needs `unshare`, `ip` and user namespaces.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

#[path = "../egress/encodings.rs"]
mod encodings;
#[path = "../egress/names.rs"]
#[expect(dead_code, reason = "the other target uses all of it")]
mod names;
#[path = "../egress/site.rs"]
#[expect(dead_code, reason = "the other target uses all of it")]
mod site;

use std::env;
use std::net::IpAddr;
use std::process::Command;

use musclemap_egress::{Egress, Refusal, Settings};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use encodings::{hosts, resolved};
use names::{Names, addresses};
use site::{Asked, Reply, Site, ok, redirect};

const ZONE: &str = "encoded.test";
const PUBLIC: [&str; 2] = ["93.184.216.34", "2606:2800:220:1::34"];

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap()
}

/// Set in the process that is in the namespace.
const WITHIN: &str = "MM_TEST_NAMESPACE";
const THIS: &str = "under_the_shipped_rules_sites_are_reached_and_nothing_inside_is";
/// Loopback is up, and takes in what is sent to any address.
const ALL_IS_HERE: &str = "ip link set lo up && ip route add local default dev lo && \
                           ip -6 route add local default dev lo && exec \"$0\" --exact \"$1\"";

#[tokio::test]
async fn under_the_shipped_rules_sites_are_reached_and_nothing_inside_is() {
    if env::var_os(WITHIN).is_some() {
        return within().await;
    }
    let mut same = Command::new("unshare");
    same.args(["--user", "--map-root-user", "--net", "sh", "-c", ALL_IS_HERE]);
    same.arg(env::current_exe().unwrap()).arg(THIS).env(WITHIN, "1");
    let output = tokio::task::spawn_blocking(move || same.output().expect("unshare")).await.unwrap();
    let said =
        [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn answering(asked: &Asked) -> Reply {
    match asked.path().strip_prefix("/to?") {
        Some(location) => redirect(location),
        None => ok(b"here"),
    }
}

async fn within() {
    let site = Site::start("[::]:80", answering).await;
    let _secure = Site::with_tls("[::]:443", answering).await;
    let names = Names::start(|question| match question.name {
        "site.test" | "secure.test" => addresses(question, &PUBLIC.map(ip)),
        "inside.test" => addresses(question, &[ip("10.0.0.1")]),
        _ => resolved(question, ZONE),
    })
    .await;
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/ca.pem");
    let settings = Settings {
        name_servers: vec![names.address],
        authorities: vec![CertificateDer::from_pem_file(authority).unwrap()],
        ..Settings::default()
    };
    let egress = Egress::new(settings.clone()).unwrap();

    let sites = [
        "http://site.test/".to_owned(),
        format!("http://{}/", PUBLIC[0]),
        format!("http://[{}]/", PUBLIC[1]),
        "https://secure.test/".to_owned(),
        "http://site.test/to?https://secure.test/".to_owned(),
    ];
    for url in &sites {
        assert_eq!(egress.get(url, "*/*").await.unwrap().body, "here", "{url}");
    }
    let of_sites = sites.iter().filter(|url| url.starts_with("http:")).count();
    assert_eq!(site.connections().await, of_sites);

    let hosts = hosts(ZONE);
    for host in &hosts {
        for url in [format!("http://{host}/"), format!("https://{host}/")] {
            let refusal = egress.get(&url, "*/*").await.expect_err(&url);
            assert!(matches!(refusal, Refusal::NotPublic | Refusal::Malformed), "{url}: {refusal}");
        }
    }
    for location in
        ["http://10.0.0.1/", "//169.254.169.254/latest/", "http://[fd00:ec2::254]/", "http://inside.test/"]
    {
        let got = egress.get(&format!("http://site.test/to?{location}"), "*/*").await;
        assert_eq!(got, Err(Refusal::NotPublic), "{location}");
    }
    assert_eq!(site.connections().await, of_sites + 4, "only the site that redirects was asked");

    // The control: without the guard nearly all of these are reached.
    let all = ["0.0.0.0/0", "::/0"].map(|network| network.parse().unwrap());
    let unguarded = Egress::new(Settings { also_public: all.to_vec(), ..settings }).unwrap();
    let (mut reached, mut not_reached) = (0, Vec::new());
    for host in &hosts {
        match unguarded.get(&format!("http://{host}/"), "*/*").await {
            Ok(answer) => reached += usize::from(answer.body == "here"),
            Err(refusal) => not_reached.push((host, refusal)),
        }
    }
    assert!(reached >= 1_300, "only {reached} of {}; not {not_reached:?}", hosts.len());
}
