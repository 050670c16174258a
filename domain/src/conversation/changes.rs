//! Changes that one user makes in one conversation: counted, limited, and reported by few system messages.
//!
//! Invariant: a change is counted with its effect, so the limit is exact for commands at the same time.

use schemas::UserId;
use schemas::changes::{Changes, Noted};
use schemas::code::Refusal;
use schemas::control::Limit;
use schemas::people::Profile;

use super::Here;
use crate::window;

/// System messages about one person whom one user adds and removes within a minute; further changes of that
/// person have none. Four are two mistakes that are mended at once.
const MAX_NOTES: usize = 4;
const NOTES_SECONDS: i64 = 60;

/// Refuses a change beyond the limit.
pub fn check(context: &Here<'_>, user: &UserId, name: &str, limit: &Limit) -> Result<(), Refusal> {
    let times = of(context, user).times;
    window::check(times.iter().copied(), context.at, limit).map_err(|full| full.refusal(name, limit))
}

/// The changes of a user with the one that is decided, noted for these people.
pub fn counted(context: &Here<'_>, user: &UserId, limit: &Limit, noted: &[Profile]) -> Changes {
    let Changes { times, noted: before } = of(context, user);
    let noted = noted.iter().map(|person| Noted { user: person.user.clone(), at: context.at });
    let recent = before.into_iter().filter(|note| is_recent(context, note));
    Changes { times: window::with(&times, context.at, limit), noted: recent.chain(noted).collect() }
}

/// Of the people whom a user changes, those for whom a system message is due.
pub fn to_note(context: &Here<'_>, user: &UserId, people: Vec<Profile>) -> Vec<Profile> {
    let noted = of(context, user).noted;
    let recent = |person: &Profile| {
        noted.iter().filter(|note| note.user == person.user && is_recent(context, note)).count()
    };
    people.into_iter().filter(|person| recent(person) < MAX_NOTES).collect()
}

fn of(context: &Here<'_>, user: &UserId) -> Changes {
    context.row::<Changes>(user).cloned().unwrap_or_default()
}

fn is_recent(context: &Here<'_>, note: &Noted) -> bool {
    window::counts(note.at, context.at, NOTES_SECONDS)
}
