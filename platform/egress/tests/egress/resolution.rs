//! Name servers that lie, change their minds, or do not answer.

use std::time::Duration;

use musclemap_egress::{Egress, Refusal, Settings};

use crate::names::{Kind, Reply, address, addresses, alias};
use crate::site::ok;
use crate::world::{INSIDE, PUBLIC, World, ip};

#[tokio::test]
async fn a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked() {
    // Public when it is first asked for, inside from then on.
    let world = World::start(
        |_| ok(b"site"),
        |question| {
            let is = if question.before == 0 { PUBLIC[0] } else { INSIDE };
            (question.name == "rebinding.test").then(|| addresses(question, &[ip(is)]))
        },
    )
    .await;
    let (egress, url) = (world.egress(), world.url("rebinding.test", "/"));
    assert_eq!(egress.get(&url, "*/*").await.unwrap().body, "site");
    assert_eq!(world.names.asked("rebinding.test", Kind::V4), 1);
    for _ in 0..3 {
        assert_eq!(egress.get(&url, "*/*").await, Err(Refusal::NotPublic));
    }
    assert_eq!(world.canary.connections().await, 0);

    let unguarded = world.without_guard();
    assert_eq!(unguarded.get(&url, "*/*").await.unwrap().body, "canary", "the control");
}

/// Names with public and internal addresses.
const MIXED: [(&str, &[&str]); 7] = [
    ("last.test", &[PUBLIC[0], INSIDE]),
    ("first.test", &[INSIDE, PUBLIC[0]]),
    ("middle.test", &[PUBLIC[0], PUBLIC[1], "10.0.0.1", PUBLIC[0]]),
    ("other-family.test", &[PUBLIC[0], "::1"]),
    ("mapped.test", &[PUBLIC[0], "::ffff:127.0.0.2"]),
    ("translated.test", &[PUBLIC[0], "64:ff9b::7f00:1"]),
    ("zero.test", &["0.0.0.0", PUBLIC[0]]),
];

#[tokio::test]
async fn one_internal_address_among_public_ones_refuses_the_name() {
    let world = World::start(
        |_| ok(b"site"),
        |question| {
            let of = MIXED.iter().find(|(name, _)| *name == question.name)?.1;
            Some(addresses(question, &of.iter().map(|one| ip(one)).collect::<Vec<_>>()))
        },
    )
    .await;
    let egress = world.egress();
    for (name, _) in MIXED {
        let got = egress.get(&world.url(name, "/"), "*/*").await;
        assert_eq!(got, Err(Refusal::NotPublic), "{name}");
    }
    assert_eq!(world.site.connections().await, 0);
    assert_eq!(world.canary.connections().await, 0);
    assert_eq!(egress.get(&world.url("site.test", "/"), "*/*").await.unwrap().body, "site");
}

#[tokio::test]
async fn a_chain_of_aliases_is_judged_by_where_it_ends() {
    let world = World::start(
        |_| ok(b"site"),
        |question| {
            let (asked, is_v4) = (question.name, question.kind == Kind::V4);
            let mut records = match asked {
                "to-site.test" => vec![alias(asked, "b.test"), alias("b.test", "c.test")],
                "to-inside.test" => vec![alias(asked, "site.test"), alias("site.test", "b.test")],
                "in-steps.test" => vec![alias(asked, "inside.test")],
                "to-localhost.test" => vec![alias(asked, "localhost")],
                "to-nothing.test" => vec![alias(asked, "nothing.test")],
                "circle.test" => vec![alias(asked, "elcric.test")],
                "elcric.test" => vec![alias(asked, "circle.test")],
                "localhost" => return Some(addresses(question, &[ip(INSIDE)])),
                _ => return None,
            };
            match asked {
                "to-site.test" if is_v4 => records.push(address("c.test", ip(PUBLIC[0]))),
                "to-inside.test" if is_v4 => records.push(address("b.test", ip(INSIDE))),
                _ => {}
            }
            Some(Reply::Records(records))
        },
    )
    .await;
    let egress = world.egress();
    let got = async |name: &str| egress.get(&world.url(name, "/"), "*/*").await;
    assert_eq!(got("to-site.test").await.unwrap().body, "site");
    for name in ["to-inside.test", "in-steps.test", "to-localhost.test"] {
        assert_eq!(got(name).await, Err(Refusal::NotPublic), "{name}");
    }
    for name in ["to-nothing.test", "circle.test"] {
        let refusal = got(name).await.unwrap_err();
        assert!(matches!(refusal, Refusal::NoAddress | Refusal::Resolution), "{name}: {refusal}");
    }
    assert_eq!(world.canary.connections().await, 0);
}

#[tokio::test]
async fn what_name_servers_fail_at_has_a_type_and_a_deadline() {
    let world = World::start(
        |_| ok(b"site"),
        |question| match question.name {
            "empty.test" => Some(Reply::Records(Vec::new())),
            "failing.test" => Some(Reply::Failure),
            "silent.test" => Some(Reply::Silence),
            _ => None,
        },
    )
    .await;
    let egress = world.egress();
    for (name, refusal) in [
        ("nothing.test", Refusal::NoAddress),
        ("empty.test", Refusal::NoAddress),
        ("failing.test", Refusal::Resolution),
    ] {
        assert_eq!(egress.get(&world.url(name, "/"), "*/*").await, Err(refusal), "{name}");
    }
    let brief = Settings { within: Duration::from_millis(300), ..world.settings() };
    let brief = Egress::new(brief).unwrap();
    assert_eq!(brief.get(&world.url("silent.test", "/"), "*/*").await, Err(Refusal::Deadline));
    assert!(world.names.asked("silent.test", Kind::V4) > 0);
}
