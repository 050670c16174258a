//! Conservation: whatever the interleaving, every charge ends in exactly one message, one opening,
//! or one refund, and the money says the same.

use proptest::prelude::*;
use schemas::charging::Charge;
use schemas::credits::LedgerKind;
use schemas::position::{LogTime, Offset};
use schemas::rows::{ClientRequest, LedgerEntry};
use schemas::{ClientId, UserId};

use super::world::{Move, World};
use super::{cases, gap, pass};

fn moves() -> impl Strategy<Value = Vec<(LogTime, Move)>> {
    let one = || 0..2usize;
    let send = (one(), one(), 0..5u8, 0..2u8, prop::bool::weighted(0.2));
    let any_move = prop_oneof![
        6 => send.prop_map(|(by, to, id, text, lost)| Move::Send { by, to, id, text, lost }),
        3 => (one(), 5..8u8, any::<bool>()).prop_map(|(by, id, comment)| Move::Forward { by, id, comment }),
        2 => (one(), one(), 0..5u8).prop_map(|(by, to, id)| Move::Create { by, to, id }),
        2 => (one(), one(), 3..10u8).prop_map(|(by, to, id)| Move::Poll { by, to, id }),
        1 => prop_oneof![Just(0), Just(100)].prop_map(Move::Price),
        6 => (one(), prop::bool::weighted(0.1)).prop_map(|(to, poison)| Move::Deliver { to, poison }),
        4 => one().prop_map(|to| Move::Return { to }),
    ];
    prop::collection::vec((gap(), any_move), 1..80)
}

/// Who was charged, at which offset, for which request: what tells one charge from another.
fn named(charges: &[Charge]) -> Vec<(&UserId, Offset, Option<&ClientId>)> {
    let mut names: Vec<_> =
        charges.iter().map(|charge| (&charge.user, charge.position, charge.client_id.as_ref())).collect();
    names.sort_unstable();
    names
}

fn played(moves: Vec<(LogTime, Move)>) -> World {
    let (mut world, mut now) = (World::new(), 10_000);
    for (after, next) in moves {
        world.now = pass(&mut now, after);
        world.play(next);
    }
    world.rest();
    world
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn every_charge_ends_in_one_effect_or_one_refund(moves in moves()) {
        let world = played(moves);
        let ended = [world.spent.as_slice(), world.returned.as_slice()].concat();
        prop_assert_eq!(named(&ended), named(&world.charged));
        let messages: i64 = world.conversations.iter().map(|seat| seat.state.head).sum();
        let opened = world.conversations.iter().filter(|seat| seat.state.opened.is_some()).count();
        prop_assert_eq!(messages as usize + opened, world.spent.len());
    }

    #[test]
    fn what_is_gone_from_a_balance_is_the_price_of_what_is_there(moves in moves()) {
        let world = played(moves);
        for account in &world.accounts {
            let own = |charge: &&Charge| charge.user == account.id;
            let spent: i64 = world.spent.iter().filter(own).map(|charge| charge.price_milli).sum();
            prop_assert_eq!(account.state.balance_milli, 1_500 - spent);
            let refunds = account.all::<LedgerEntry>().filter(|(_, entry)| entry.kind == LedgerKind::Refund);
            let paid_back = world.returned.iter().filter(own).filter(|charge| charge.price_milli > 0);
            prop_assert_eq!(refunds.count(), paid_back.count());
        }
    }

    /// Only what stands is remembered: a client that asks again is sent to it.
    #[test]
    fn a_client_id_is_remembered_exactly_while_its_newest_charge_stands(moves in moves()) {
        let world = played(moves);
        for charge in &world.charged {
            let account = world.accounts.iter().find(|account| account.id == charge.user).unwrap();
            let id = charge.client_id.as_ref().expect("of sends and creations");
            let request = account.row::<ClientRequest>(id).expect("it was remembered once");
            let stands = named(&world.spent).contains(&(&charge.user, charge.position, Some(id)));
            prop_assert!(request.position != charge.position || request.live == stands);
        }
    }
}
