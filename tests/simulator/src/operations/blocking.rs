//! Blocks and their ends, in DIRECT conversations that are opened and in such that are not.

use std::collections::BTreeSet;

use schemas::UserId;
use schemas::blocking::{Blocks, PairBlocks};
use schemas::operations::{NoteBlock, SetBlock};
use schemas::tables::views::BlocksRow;
use schemas::tables::{BLOCKS, Value};

use super::Simulated;
use crate::check::{Rest, Story};
use crate::clients::{Clients, ids};
use crate::world::State;

impl Simulated for SetBlock {
    const WEIGHT: u32 = 4;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, other) = (clients.user(state), clients.user(state));
        let blocked = state.chance(0.5);
        let conversation = ids().direct(&user, &other);
        clients.direct(state, &conversation, SetBlock { user, other, blocked });
    }

    /// Rows and both views are the newest intervals of the events.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        rest.stories()
            .try_for_each(|story| blocks(rest, story).map_err(|wrong| format!("{}: {wrong}", story.id)))
    }
}

impl Simulated for NoteBlock {
    const WEIGHT: u32 = 0;

    /// A conversation asks for it.
    fn ask(_: &mut Clients, _: &mut State) {}

    /// An account has told last of each block that stands, and of no other.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let own = rest.stories().filter_map(|story| {
                let stands = story.history.blocks.get(user).is_some_and(Blocks::stands);
                stands.then(|| rest.direct_with(&story.id, user)).flatten()
            });
            let standing: BTreeSet<UserId> = own.map(|(_, other)| other.clone()).collect();
            if account.blocks != standing {
                return Err(format!(
                    "{user} was told to block {:?}, and blocks {standing:?}",
                    account.blocks
                ));
            }
        }
        Ok(())
    }
}

fn blocks(rest: &Rest<'_>, story: &Story) -> Result<(), String> {
    let stored: Vec<_> = story.stored.all::<Blocks>().map(|(user, blocks)| (user, blocks.clone())).collect();
    let told: Vec<_> = story.history.blocks.clone().into_iter().collect();
    if stored != told {
        return Err(format!("blocks {stored:?}, events {told:?}"));
    }
    let of = |user| story.history.blocks.get(user).cloned().unwrap_or_default();
    let asked = |user| story.history.people.get(user).is_some_and(|person| person.request.is_some());
    for (user, other) in story.history.blocks.keys().flat_map(|user| rest.direct_with(&story.id, user)) {
        let expected = PairBlocks {
            by_user: of(user),
            by_other: of(other),
            user_awaits: asked(other),
            other_awaits: asked(user),
        };
        for (user, other, expected) in [(user, other, expected.clone()), (other, user, expected.mirrored())] {
            let partition = (BLOCKS.name, BlocksRow::partition(user));
            let rows =
                rest.state.replicas.get(rest.quorum(), &partition, &[vec![Value::text(other.as_str())]]);
            let row = rows.first().ok_or_else(|| format!("{user} has no view of {other}"))?;
            let view = BlocksRow::from_row(user, &row.key, &row.columns).map_err(|e| e.to_string())?;
            if view.blocks != expected {
                return Err(format!("{user} sees {:?}, not {expected:?}", view.blocks));
            }
        }
    }
    Ok(())
}
