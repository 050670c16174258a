//! What a site learns, and what nobody does.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex};

use hyper::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderValue};
use musclemap_egress::{Refusal, metrics};
use tracing::Level;

use crate::site::{Asked, Reply, Site, answer, ok};
use crate::world::World;

/// Keeps what a site was asked.
fn keeping(kept: &Arc<Mutex<Vec<Asked>>>) -> impl Fn(&Asked) -> Reply + Send + Sync + 'static + use<> {
    let kept = kept.clone();
    move |asked| {
        let (head, body) = (asked.head.clone(), asked.body.clone());
        kept.lock().unwrap().push(Asked { head, body });
        match asked.path() {
            "/first?q=1" => answer("302 Found", &[("location", "/second"), ("set-cookie", "a=b")], b""),
            _ => answer("200 OK", &[("set-cookie", "a=b"), ("x-kept", "c")], b"site"),
        }
    }
}

#[tokio::test]
async fn a_get_carries_no_cookie_no_credential_and_no_address_it_came_from() {
    let kept = Arc::default();
    let world = World::of(keeping(&kept)).await;
    let egress = world.egress();
    let got = egress.get(&world.url("site.test", "/first?q=1#part"), "text/html").await.unwrap();
    assert!(got.headers.get("set-cookie").is_none() && got.headers.get("x-kept").is_some());
    let kept = kept.lock().unwrap();
    assert_eq!(kept.iter().map(Asked::path).collect::<Vec<_>>(), ["/first?q=1", "/second"]);
    for asked in kept.iter() {
        let lines = asked.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut names: Vec<&str> = lines.map(|(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "connection", "host", "user-agent"]);
        assert_eq!(asked.header("host"), Some(format!("site.test:{}", world.port()).as_str()));
        assert_eq!(asked.header("accept"), Some("text/html"));
    }
}

#[tokio::test]
async fn a_post_carries_what_its_caller_gives_and_no_cookie() {
    let kept = Arc::default();
    let world = World::of(keeping(&kept)).await;
    let headers = [(AUTHORIZATION, "vapid t=a"), (COOKIE, "a=b")];
    let headers = HeaderMap::from_iter(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    let egress = world.egress();
    let answer = egress.post(&world.url("site.test", "/push"), headers, "pushed".into()).await.unwrap();
    assert_eq!(answer.status.as_u16(), 200);
    let kept = kept.lock().unwrap();
    assert_eq!(
        (kept[0].body.as_slice(), kept[0].header("authorization")),
        (&b"pushed"[..], Some("vapid t=a"))
    );
    assert!(kept[0].head.starts_with("POST /push HTTP/1.1\r\n") && kept[0].header("cookie").is_none());
}

/// Set in the process that has a proxy in its environment.
const PROXIED: &str = "MM_TEST_PROXIED";

#[tokio::test]
async fn a_proxy_of_the_environment_is_not_used() {
    let world = World::of(|_| ok(b"site")).await;
    let got = world.egress().get(&world.url("site.test", "/"), "*/*").await;
    assert_eq!(got.unwrap().body, "site");
    if std::env::var_os(PROXIED).is_some() {
        return;
    }
    let proxy = Site::start("127.0.0.1:0", |_| ok(b"proxied")).await;
    let mut same = Command::new(std::env::current_exe().unwrap());
    same.args(["--exact", "requests::a_proxy_of_the_environment_is_not_used"]);
    same.env(PROXIED, "1");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        same.env(name, format!("http://{}", proxy.address));
    }
    let output = tokio::task::spawn_blocking(move || same.output().unwrap()).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.connections().await, 0);
}

/// Where log lines are kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_of_a_url_is_logged_or_shown() {
    let lines = Lines::default();
    let writer = lines.clone();
    // At this level a deployment logs; the library that resolves names tells them below it.
    let subscriber =
        tracing_subscriber::fmt().with_max_level(Level::INFO).with_writer(move || writer.clone());
    let logging = tracing::subscriber::set_default(subscriber.finish());
    let world = World::of(|_| ok(b"canary-of-the-body")).await;
    let egress = world.egress();
    let mut shown = String::new();
    for url in [
        world.url("site.test", "/canary-of-the-path?canary-of-the-query"),
        world.url("canary-of-the-name.test", "/"),
        world.url("inside.test", "/canary-of-the-path"),
        "http://canary-of-the-user:canary-of-the-password@site.test/".to_owned(),
        "http://canary of no URL/".to_owned(),
        format!("https://secure.test:{}/canary-of-the-path", world.port()),
    ] {
        let got = egress.get(&url, "*/*").await;
        shown += &format!("{got:?} {}\n", got.as_ref().map_or_else(Refusal::to_string, |_| String::new()));
    }
    drop(logging);
    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("inside networks that users' addresses may reach"), "the writer works: {logged}");
    for text in [logged, shown] {
        assert!(!text.contains("canary") && !text.contains("site.test"), "{text}");
    }
}

#[tokio::test]
async fn each_result_is_counted() {
    let world = World::of(|_| ok(b"site")).await;
    let egress = world.egress();
    for (host, refusal) in [("site.test", None), ("inside.test", Some(Refusal::NotPublic))] {
        let before = metrics::counted(refusal);
        assert_eq!(egress.get(&world.url(host, "/"), "*/*").await.err(), refusal);
        assert!(metrics::counted(refusal) > before, "{host}");
    }
}
