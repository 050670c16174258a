//! Answers that are too large, too slow, or no HTTP.

use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use musclemap_egress::{Egress, Refusal, Room, Settings};
use tokio::net::TcpListener;

use crate::site::{PATIENCE, Reply, answer, ok};
use crate::world::{PUBLIC, World};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Zeros of 50 MiB, by brotli, in hexadecimal.
const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe8fffff7ff04f00c4611180eefd1fffffffe09f0088c30200ddfb3ffeffffc13f011087\
    0500baf77ffcffff837f02200e0b0074effff8ffff07ff04401c1600e8deffe5ffff07fe0980382c00d0bdff00";

fn brotli_bomb() -> Vec<u8> {
    let pairs = BROTLI_BOMB.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn head(status_and_headers: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status_and_headers}\r\n\r\n").as_bytes(), body].concat()
}

#[tokio::test]
async fn bombs_are_refused_at_the_bound() {
    let bombs = [
        ("/gzip", "gzip", gzip(&vec![0; 50 * MIB])),
        ("/br", "br", brotli_bomb()),
        ("/twice", "gzip, gzip", gzip(&gzip(&vec![0; 50 * MIB]))),
        ("/just-right", "gzip", gzip(&vec![0; MIB])),
        ("/damaged", "gzip", b"not gzip".to_vec()),
        ("/unknown", "zstd", b"unknown".to_vec()),
    ];
    assert!(bombs.iter().all(|(.., bytes)| bytes.len() < 100 * KIB));
    let world = World::of(move |asked| {
        let (_, encoding, bytes) = bombs.iter().find(|(path, ..)| *path == asked.path()).unwrap();
        let encoding = *encoding;
        answer("200 OK", &[("content-encoding", encoding)], bytes)
    })
    .await;
    let egress = world.egress();
    for (path, expected) in [
        ("/gzip", Err(Refusal::DecodedBytes)),
        ("/br", Err(Refusal::DecodedBytes)),
        ("/twice", Err(Refusal::Encoding)),
        ("/just-right", Ok(MIB)),
        ("/damaged", Err(Refusal::Encoding)),
        ("/unknown", Err(Refusal::Encoding)),
    ] {
        let got = egress.get(&world.url("site.test", path), "*/*").await;
        assert_eq!(got.map(|answer| answer.body.len()), expected, "{path}");
    }
}

#[tokio::test]
async fn a_body_has_a_bound_whether_its_length_is_declared_or_not() {
    let chunk = |bytes: usize| [format!("{bytes:x}\r\n").as_bytes(), &vec![b'a'; bytes], b"\r\n"].concat();
    let chunked = move |chunks: &[usize]| {
        let body: Vec<u8> = chunks.iter().flat_map(|bytes| chunk(*bytes)).collect();
        head("200 OK\r\ntransfer-encoding: chunked", &[&body[..], b"0\r\n\r\n"].concat())
    };
    let world = World::of(move |asked| match asked.path() {
        "/exact" => ok(&vec![b'a'; MIB]),
        "/declared" => Reply::Unfinished(head("200 OK\r\ncontent-length: 999999999999", b"")),
        "/one-more" => ok(&vec![b'a'; MIB + 1]),
        "/chunked" => Reply::Bytes(chunked(&[MIB / 2, MIB / 2])),
        "/chunked-more" => Reply::Bytes(chunked(&[MIB / 2, MIB / 2, 1])),
        "/until-the-end" => Reply::Bytes(head("200 OK", &vec![b'a'; MIB])),
        "/without-end" => Reply::Bytes(head("200 OK", &vec![b'a'; 3 * MIB])),
        _ => answer("204 No Content", &[("content-encoding", "gzip")], b""),
    })
    .await;
    let egress = world.egress();
    for (path, expected) in [
        ("/exact", Ok(MIB)),
        ("/declared", Err(Refusal::WireBytes)),
        ("/one-more", Err(Refusal::WireBytes)),
        ("/chunked", Ok(MIB)),
        ("/chunked-more", Err(Refusal::WireBytes)),
        ("/until-the-end", Ok(MIB)),
        ("/without-end", Err(Refusal::WireBytes)),
        ("/empty", Ok(0)),
    ] {
        let got = egress.get(&world.url("site.test", path), "*/*").await;
        assert_eq!(got.map(|answer| answer.body.len()), expected, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_http_or_ends_early_is_broken() {
    let world = World::of(|asked| {
        Reply::Bytes(match asked.path() {
            "/nothing" => Vec::new(),
            "/ssh" => b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec(),
            "/old" => b"<html>of HTTP/0.9</html>\r\n\r\n".to_vec(),
            "/half-a-head" => b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(),
            "/early" => head("200 OK\r\ncontent-length: 10", b"early"),
            "/half-a-chunk" => head("200 OK\r\ntransfer-encoding: chunked", b"a\r\nearly"),
            "/lines" => head(&format!("200 OK{}", "\r\na: b".repeat(200)), b""),
            "/line" => head(&format!("200 OK\r\na: {}", "b".repeat(200 * KIB)), b""),
            _ => unreachable!(),
        })
    })
    .await;
    let egress = world.egress();
    for path in ["/nothing", "/ssh", "/old", "/half-a-head", "/early", "/half-a-chunk", "/lines", "/line"] {
        assert_eq!(egress.get(&world.url("site.test", path), "*/*").await, Err(Refusal::Broken), "{path}");
    }
}

#[tokio::test]
async fn the_deadline_is_for_the_whole_and_frees_the_place() {
    let world = World::of(|asked| match asked.path() {
        "/silent" => Reply::Unfinished(Vec::new()),
        "/head" => Reply::Unfinished(b"HTTP/1.1 200 OK\r\n".to_vec()),
        "/body" => Reply::Unfinished(head("200 OK\r\ncontent-length: 10", b"early")),
        "/slow-head" => Reply::Slowly(b"HTTP/1.1 200 OK\r\na: ".to_vec()),
        "/slow-body" => Reply::Slowly(head("200 OK", b"")),
        "/redirects" => Reply::Slowly(head("302 Found\r\nlocation: /slow-body\r\ncontent-length: 0", b"")),
        _ => ok(b"site"),
    })
    .await;
    // Accepts by its backlog alone: no TLS ever begins.
    let _mute = TcpListener::bind(format!("{}:{}", PUBLIC[1], world.port())).await.unwrap();
    let room = Room { in_all: 1, per_host: 1, waiting: 0 };
    let within = Duration::from_secs(1);
    let egress = Egress::new(Settings { within, room, ..world.settings() }).unwrap();
    let secure = format!("https://secure.test:{}/", world.port());
    let paths = ["/silent", "/head", "/body", "/slow-head", "/slow-body", "/redirects"];
    for url in paths.map(|path| world.url("site.test", path)).into_iter().chain([secure]) {
        let begun = Instant::now();
        assert_eq!(egress.get(&url, "*/*").await, Err(Refusal::Deadline), "{url}");
        assert!(begun.elapsed() >= within && begun.elapsed() < PATIENCE);
    }
    // With one place and nobody who may wait, this has an answer only if every place came back.
    let got = egress.get(&world.url("site.test", "/"), "*/*").await;
    assert!(matches!(&got, Ok(answer) if answer.body == "site"), "{got:?}");
}
