//! Push subscriptions: one for each address, twenty an account; what is not used goes.

use expect_test::expect;
use musclemap_domain::Accounts;
use schemas::push::{
    FcmToken, PushChannel, PushDevice, PushSubscriptions, RegisterPush, RemovePush, WebPush,
};
use schemas::verdict::Outcome;

use crate::harness::Harness;
use crate::names::asked;
use crate::render::Table;

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// A browser's channel with keys of one letter.
pub fn web(number: usize, key: &str) -> PushChannel {
    let endpoint = format!("https://push.example/{number}");
    PushChannel::WebPush(WebPush { endpoint, p256dh: key.repeat(87), auth: key.repeat(22) })
}

fn token(token: &str) -> PushChannel {
    PushChannel::Fcm(FcmToken { token: token.to_owned() })
}

fn register(channel: PushChannel) -> RegisterPush {
    RegisterPush { channel, device: PushDevice::Mobile }
}

fn remove(channel: &PushChannel) -> RemovePush {
    RemovePush::one(channel.address())
}

/// `web https://push.example/1 A at 1000 Mobile`.
pub fn words(row: &PushSubscriptions) -> String {
    let each = row.all.iter().map(|one| {
        let channel = match &one.channel {
            PushChannel::WebPush(web) => format!("web {} {}", web.endpoint, &web.auth[..1]),
            PushChannel::Fcm(fcm) => format!("app {}", fcm.token),
        };
        format!("{channel} of {:?} at {}", one.device, one.used_at)
    });
    format!("push: {}", each.collect::<Vec<_>>().join(", "))
}

#[test]
fn an_address_has_one_subscription_and_a_repeat_is_noted_once_a_day() {
    let (mut table, mut ann) = (Table::default(), Harness::ann(0));
    table.case("a browser", &ann.asks(1_000, register(web(1, "A")).into()));
    table.answer("again", &ann.asks(2_000, register(web(1, "A")).into()));
    table.case("an app", &ann.asks(3_000, register(token("t")).into()));
    table.case("other keys", &ann.asks(4_000, register(web(1, "B")).into()));
    let desktop = RegisterPush { device: PushDevice::Desktop, ..register(web(1, "B")) };
    table.case("another device", &ann.asks(5_000, desktop.into()));
    table.case("the next day", &ann.asks(3_000 + DAY, register(token("t")).into()));
    table.case("removed", &ann.asks(4_000 + DAY, remove(&web(1, "A")).into()));
    table.answer("removed again", &ann.asks(5_000 + DAY, remove(&web(1, "A")).into()));
    table.case("all removed", &ann.asks(6_000 + DAY, RemovePush::all().into()));
    table.answer("all removed again", &ann.asks(7_000 + DAY, RemovePush::all().into()));
    table.outcome("the first, repeated", ann.repeats(1, asked(), register(web(1, "A")).into()).as_ref());
    table.outcome("the removal, repeated", ann.repeats(7, asked(), remove(&web(1, "A")).into()).as_ref());
    table.is(expect![[r#"
        a browser
          done
          row push: web https://push.example/1 A of Mobile at 1000
        again: nothing to do
        an app
          done
          row push: web https://push.example/1 A of Mobile at 1000, app t of Mobile at 3000
        other keys
          done
          row push: app t of Mobile at 3000, web https://push.example/1 B of Mobile at 4000
        another device
          done
          row push: app t of Mobile at 3000, web https://push.example/1 B of Desktop at 5000
        the next day
          done
          row push: web https://push.example/1 B of Desktop at 5000, app t of Mobile at 86403000
        removed
          done
          row push: app t of Mobile at 86403000
        removed again: nothing to do
        all removed
          done
          row push: 
        all removed again: nothing to do
        the first, repeated: UNAVAILABLE retryAfterMs=1000 (decided before an interruption)
        the removal, repeated: done
    "#]]);
}

#[test]
fn an_account_has_twenty_subscriptions_and_unused_ones_make_room() {
    let mut ann = Harness::ann(0);
    for number in 0..20 {
        ann.asks(number as i64, register(web(number, "A")).into());
    }
    let one_more = || register(web(20, "A"));
    let refused = ann.asks(1_000, one_more().into());
    assert_eq!(refused.refused_with(), "LIMIT_REACHED");
    let Outcome::Refused(refused) = refused.verdict() else { panic!("refused") };
    assert_eq!(refused.refusal.limit.as_deref(), Some("push_subscriptions"));
    // A known address needs no room.
    ann.asks(2_000, register(web(0, "B")).into());
    ann.asks(3_000, remove(&web(1, "A")).into());
    ann.asks(4_000, one_more().into());
    let count = |ann: &Harness<Accounts>| ann.row::<PushSubscriptions>(&()).unwrap().all.len();
    assert_eq!(count(&ann), 20);
    // Ninety days after their last use all but the two newest are gone.
    ann.asks(90 * DAY + 1_500, register(token("t")).into());
    assert_eq!(count(&ann), 3);
}

#[test]
fn the_form_of_addresses_and_keys_is_checked() {
    let mut ann: Harness<Accounts> = Harness::ann(0);
    let with = |endpoint: &str, p256dh: usize, auth: usize| {
        let endpoint = endpoint.to_owned();
        PushChannel::WebPush(WebPush { endpoint, p256dh: "A".repeat(p256dh), auth: "A".repeat(auth) })
    };
    let longest = format!("https://{}", "x".repeat(1_016));
    for (channel, is_taken) in [
        (with("https://push.example/x", 87, 22), true),
        (with(&longest, 87, 22), true),
        (with(&format!("{longest}x"), 87, 22), false),
        (with("http://push.example/x", 87, 22), false),
        (with("https://push.example/ x", 87, 22), false),
        (with("https://push.example/ü", 87, 22), false),
        (with("https://push.example/x", 86, 22), false),
        (with("https://push.example/x", 88, 22), false),
        (with("https://push.example/x", 87, 21), false),
        (with("https://push.example/x", 87, 24), false),
        (web(1, "+"), false),
        (web(1, "="), false),
        (token("t"), true),
        (token(&"t".repeat(1_024)), true),
        (token(&"t".repeat(1_025)), false),
        (token(""), false),
        (token("a b"), false),
        (token("a\n"), false),
    ] {
        let decided = ann.asks(1_000, register(channel).into());
        match decided.verdict() {
            Outcome::Done(_) => assert!(is_taken),
            _ => assert_eq!((decided.refused_with(), is_taken), ("BAD_USER_INPUT", false)),
        }
    }
}
