//! Presence by its times, and against a model that keeps every heartbeat.

use musclemap_domain::presence::{ACTIVE_MS, ALIVE_MS, Presence, Reached, Status};
use proptest::prelude::*;

fn reached(device: &str, node: Option<&str>) -> Reached {
    Reached { device: device.to_owned(), node: node.map(str::to_owned) }
}

#[test]
fn a_device_is_there_for_a_minute_and_away_after_five_without_activity() {
    let (phone, mut presence) = (reached("phone", None), Presence::default());
    assert_eq!(
        (presence.status(0), presence.last_seen, presence.changes_at(0)),
        (Status::Offline, None, None)
    );
    presence.beat(&phone, true, 0);
    for (now, status) in [(0, Status::Online), (ALIVE_MS - 1, Status::Online), (ALIVE_MS, Status::Offline)] {
        assert_eq!(presence.status(now), status, "{now}");
    }
    for beat in 1..=10 {
        presence.beat(&phone, false, beat * 30_000);
    }
    assert_eq!(presence.status(ACTIVE_MS - 1), Status::Online);
    assert_eq!(presence.status(ACTIVE_MS), Status::Away);
    assert_eq!(presence.changes_at(ACTIVE_MS - 1), Some(ACTIVE_MS));
    assert_eq!(presence.changes_at(ACTIVE_MS), Some(10 * 30_000 + ALIVE_MS));
    presence.beat(&phone, true, 310_000);
    assert_eq!((presence.status(310_000), presence.last_seen), (Status::Online, Some(310_000)));
}

#[test]
fn a_user_is_the_best_of_their_devices() {
    let mut presence = Presence::default();
    presence.beat(&reached("desk", None), true, 0);
    for beat in 1..=20 {
        presence.beat(&reached("desk", None), false, beat * 30_000);
    }
    assert_eq!(presence.status(600_000), Status::Away);
    presence.beat(&reached("phone", Some("node")), true, 600_000);
    assert_eq!(presence.status(600_000), Status::Online);
    presence.leave(&reached("phone", Some("node")), 600_001, 600_001);
    assert_eq!(presence.status(600_001), Status::Away);
}

#[test]
fn a_device_that_leaves_a_node_stays_where_its_other_sockets_are() {
    let (one, two) = (reached("phone", Some("one")), reached("phone", Some("two")));
    let mut presence = Presence::default();
    for reached in [&one, &two, &reached("phone", None), &reached("desk", None)] {
        presence.beat(reached, true, 0);
    }
    presence.leave(&reached("desk", Some("one")), 1, 1);
    presence.leave(&one, 2, 2);
    assert_eq!(presence.status(2), Status::Online, "on the other node");
    presence.leave(&two, 3, 3);
    assert_eq!((presence.status(3), presence.last_seen), (Status::Offline, Some(3)));
    presence.leave(&two, 9, 9);
    assert_eq!(presence.last_seen, Some(3), "who is not there does not leave");
}

#[test]
fn a_device_that_came_back_before_it_was_seen_to_leave_stays() {
    let (here, mut presence) = (reached("phone", Some("one")), Presence::default());
    presence.beat(&here, true, 0);
    presence.beat(&here, false, 20);
    presence.leave(&here, 10, 30);
    assert_eq!(presence.status(30), Status::Online);
    presence.leave(&here, 20, 40);
    assert_eq!((presence.status(40), presence.last_seen), (Status::Offline, Some(40)));
    presence.beat(&here, true, 50);
    presence.beat(&reached("phone", None), true, 70);
    presence.leave(&here, 60, 80);
    assert_eq!(presence.status(80), Status::Online, "by a request");
}

#[test]
fn of_too_many_devices_the_newest_are_kept() {
    let mut presence = Presence::default();
    for device in 0..1_000 {
        presence.beat(&reached(&device.to_string(), None), true, device);
    }
    let size = format!("{presence:?}").len();
    assert!(size < 10_000, "{size}");
    assert_eq!(presence.status(999 + ALIVE_MS - 1), Status::Online);
}

/// A word of a device, and how long after the last.
#[derive(Debug, Clone)]
enum Word {
    Beat(usize, bool),
    Leave(usize),
}

fn words() -> impl Strategy<Value = Vec<(i64, Word)>> {
    let word = prop_oneof![
        4 => (0..4usize, any::<bool>()).prop_map(|(device, active)| Word::Beat(device, active)),
        1 => (0..4usize).prop_map(Word::Leave),
    ];
    prop::collection::vec((0..120_000i64, word), 0..40)
}

/// The status by every word that was said: of each device the beats since it left last or was gone.
fn naive(said: &[(i64, Word)], now: i64) -> Status {
    let of_device = |device: usize| {
        let (mut beat_at, mut active_at) = (None::<i64>, 0);
        for (at, word) in said {
            match word {
                Word::Beat(of, active) if *of == device => {
                    let is_new = beat_at.is_none_or(|beat_at| *at >= beat_at + ALIVE_MS);
                    if is_new || *active {
                        active_at = *at;
                    }
                    beat_at = Some(*at);
                }
                Word::Leave(of) if *of == device => beat_at = None,
                Word::Beat(..) | Word::Leave(_) => {}
            }
        }
        match beat_at {
            Some(beat_at) if now < beat_at + ALIVE_MS => {
                if now < active_at + ACTIVE_MS {
                    Status::Online
                } else {
                    Status::Away
                }
            }
            _ => Status::Offline,
        }
    };
    (0..4).map(of_device).min().unwrap_or(Status::Offline)
}

proptest! {
    #[test]
    fn agrees_with_every_word_that_was_said(said in words(), later in 0..400_000i64) {
        let (mut presence, mut now, mut history) = (Presence::default(), 0, vec![]);
        for (after, word) in said {
            now += after;
            match &word {
                Word::Beat(device, active) => {
                    presence.beat(&reached(&device.to_string(), Some("node")), *active, now);
                }
                Word::Leave(device) => {
                    presence.leave(&reached(&device.to_string(), Some("node")), now, now);
                }
            }
            history.push((now, word));
            prop_assert_eq!(presence.status(now), naive(&history, now));
        }
        // Between two changes that it announces, it does not change.
        let end = now + later;
        while let Some(at) = presence.changes_at(now).filter(|at| *at <= end) {
            prop_assert_eq!(presence.status(at - 1), presence.status(now));
            now = at;
            prop_assert_eq!(presence.status(now), naive(&history, now));
        }
        prop_assert_eq!(presence.status(end), naive(&history, end));
    }
}
