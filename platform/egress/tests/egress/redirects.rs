//! Redirects: each is checked as the first URL was.

use musclemap_egress::{Egress, Refusal, Settings};

use crate::site::{Asked, Reply, Site, answer, ok, redirect};
use crate::world::{PUBLIC, World};

/// Answers `/to?X` with a redirect to X, and `/down?n` with one to `/down?n-1` until 0.
fn answering(asked: &Asked) -> Reply {
    let (path, query) = asked.path().split_once('?').unwrap_or((asked.path(), ""));
    match (path, query.parse::<u32>()) {
        ("/to", _) => redirect(query),
        ("/down", Ok(0)) => ok(b"down"),
        ("/down", Ok(left)) => redirect(&format!("/down?{}", left - 1)),
        ("/status", Ok(status)) => answer(&format!("{status} Status"), &[("location", "/down?0")], b"here"),
        _ => ok(b"site"),
    }
}

#[tokio::test]
async fn redirects_to_inside_are_refused_and_the_canary_sees_none() {
    let world = World::of(answering).await;
    let (egress, port) = (world.egress(), world.port());
    let inside = [
        format!("http://127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://0:{port}/"),
        format!("http://[::1]:{port}/"),
        format!("http://[::ffff:7f00:1]:{port}/"),
        format!("http://inside.test:{port}/"),
        format!("http://INSIDE.test.:{port}/"),
        format!("https://inside.test:{port}/"),
        format!("http:\\\\127.0.0.1:{port}\\"),
        format!("http://169.254.169.254:{port}/latest/meta-data/"),
        format!("http://site.test:{port}/to?http://127.0.0.1:{port}/"),
    ];
    for location in &inside {
        let got = egress.get(&world.url("site.test", &format!("/to?{location}")), "*/*").await;
        assert_eq!(got, Err(Refusal::NotPublic), "{location}");
    }
    for (location, refusal) in [
        ("http://127.0.0.1:22/".to_owned(), Refusal::Port),
        (format!("http://u:p@127.0.0.1:{port}/"), Refusal::Credentials),
        ("file:///etc/passwd".to_owned(), Refusal::Scheme),
        ("gopher://127.0.0.1/".to_owned(), Refusal::Scheme),
        ("http://[".to_owned(), Refusal::Malformed),
    ] {
        let got = egress.get(&world.url("site.test", &format!("/to?{location}")), "*/*").await;
        assert_eq!(got, Err(refusal), "{location}");
    }
    assert_eq!(world.canary.connections().await, 0);

    let unguarded = world.without_guard();
    for location in inside.iter().filter(|location| location.starts_with("http://127.0.0.1")) {
        let got = unguarded.get(&world.url("site.test", &format!("/to?{location}")), "*/*").await;
        assert_eq!(got.unwrap().body, "canary", "the control: {location}");
    }
}

#[tokio::test]
async fn as_many_redirects_are_followed_as_are_set() {
    let world = World::of(answering).await;
    for most in [0, 1, 3] {
        let egress = Egress::new(Settings { most_redirects: most, ..world.settings() }).unwrap();
        let down =
            async |from: usize| egress.get(&world.url("site.test", &format!("/down?{from}")), "*/*").await;
        let answer = down(most).await.unwrap();
        assert_eq!((answer.body.as_ref(), answer.url.path()), (&b"down"[..], "/down"));
        assert_eq!(down(most + 1).await, Err(Refusal::Redirects));
        assert_eq!(down(1_000).await, Err(Refusal::Redirects));
    }
}

#[tokio::test]
async fn five_statuses_lead_elsewhere_and_others_are_answers() {
    let world = World::of(answering).await;
    let egress = world.egress();
    for status in [200, 201, 300, 301, 302, 303, 305, 306, 307, 308, 404, 500] {
        let got = egress.get(&world.url("site.test", &format!("/status?{status}")), "*/*").await.unwrap();
        let leads = matches!(status, 301 | 302 | 303 | 307 | 308);
        assert_eq!(got.body, if leads { "down" } else { "here" }, "{status}");
        assert_eq!(got.status.as_u16(), if leads { 200 } else { status }, "{status}");
    }
}

#[tokio::test]
async fn a_post_follows_no_redirect() {
    let world = World::of(answering).await;
    let (egress, inside) = (world.egress(), world.url("127.0.0.1", "/"));
    let url = world.url("site.test", &format!("/to?{inside}"));
    let answer = egress.post(&url, Default::default(), "pushed".into()).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(world.canary.connections().await, 0);
}

#[tokio::test]
async fn https_leads_to_https_alone() {
    let world = World::of(answering).await;
    let port = world.port();
    let _secure = Site::with_tls(&format!("{}:{port}", PUBLIC[1]), answering).await;
    let egress = world.egress();
    let get = async |url: String| egress.get(&url, "*/*").await.map(|answer| answer.body);
    let [plain, secure] = [format!("http://site.test:{port}"), format!("https://secure.test:{port}")];
    assert_eq!(get(format!("{secure}/")).await.unwrap(), "site");
    assert_eq!(get(format!("{plain}/to?{secure}/down?0")).await.unwrap(), "down");
    assert_eq!(get(format!("{secure}/to?{secure}/down?0")).await.unwrap(), "down");
    assert_eq!(get(format!("{secure}/to?{plain}/down?0")).await, Err(Refusal::Downgrade));
    assert_eq!(get(format!("https://other.test:{port}/")).await, Err(Refusal::Tls), "of another name");
    let strict = Egress::new(Settings { authorities: Vec::new(), ..world.settings() }).unwrap();
    let got = strict.get(&format!("{secure}/"), "*/*").await;
    assert_eq!(got, Err(Refusal::Tls), "of an unknown authority");
}
