//! Organizing: stars, labels and drafts, a few of each, so that requests meet.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::organizing::{Draft, LabelUse, Labels, OrganizeConversation, Organized, SaveDraft};
use schemas::{AccountRequest, ConversationId};

use super::Simulated;
use crate::check::Rest;
use crate::clients::Clients;
use crate::world::State;

const LABELS: [&str; 3] = ["crew", "friends", "gym"];

impl Simulated for OrganizeConversation {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let labels: Vec<String> =
            LABELS.iter().filter(|_| state.chance(0.5)).map(|label| (*label).to_owned()).collect();
        let request = OrganizeConversation {
            conversation,
            head: state.random.random_range(0..10),
            archived: state.chance(0.3).then(|| state.chance(0.5)),
            starred: state.chance(0.5).then(|| state.chance(0.5)),
            muted_until: state.chance(0.3).then(|| i64::from(state.random.random_range(0..2_000_000))),
            level: None,
            labels: state.chance(0.5).then_some(labels),
        };
        clients.own(state, &user, request);
    }

    /// Of each setting the last request in the log stands; labels are counted by conversation.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let mut wanted: BTreeMap<ConversationId, Organized> = BTreeMap::new();
            for request in rest.asked(user) {
                if let AccountRequest::OrganizeConversation(asked) = request {
                    let kept = wanted.entry(asked.conversation).or_default();
                    kept.starred = asked.starred.unwrap_or(kept.starred);
                    kept.muted_until = asked.muted_until.unwrap_or(kept.muted_until);
                    kept.labels = asked.labels.unwrap_or(std::mem::take(&mut kept.labels));
                }
            }
            for (id, wanted) in &wanted {
                let stored = account.stored.get::<Organized>(id).cloned().unwrap_or_default();
                let said = |kept: &Organized| (kept.starred, kept.muted_until, kept.labels.clone());
                if said(&stored) != said(wanted) {
                    return Err(format!("{user} keeps {id} as {stored:?}, not {wanted:?}"));
                }
            }
            let uses = LABELS.iter().map(|label| {
                let has = wanted.values().filter(|kept| kept.labels.iter().any(|one| one == label));
                LabelUse { label: (*label).to_owned(), conversations: has.count() as i32 }
            });
            let uses: Vec<LabelUse> = uses.filter(|used| used.conversations > 0).collect();
            let stored = account.stored.get::<Labels>(&()).cloned().unwrap_or_default();
            if stored.used != uses {
                return Err(format!("labels of {user}: {stored:?}, not {uses:?}"));
            }
        }
        Ok(())
    }
}

impl Simulated for SaveDraft {
    const WEIGHT: u32 = 2;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, conversation) = (clients.user(state), clients.conversation(state));
        let content = if state.chance(0.3) { String::new() } else { clients.text(state) };
        clients.own(state, &user, SaveDraft { conversation, content });
    }

    /// The last one in the log stands.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let drafts = rest.asked(user).into_iter().filter_map(|request| match request {
                AccountRequest::SaveDraft(draft) => Some((draft.conversation, draft.content)),
                _ => None,
            });
            for (id, content) in drafts.collect::<BTreeMap<ConversationId, String>>() {
                let stored = account.stored.get::<Draft>(&id).map_or("", |draft| &draft.content);
                if stored != content {
                    return Err(format!("the draft of {user} in {id} is {stored:?}, not {content:?}"));
                }
            }
        }
        Ok(())
    }
}
