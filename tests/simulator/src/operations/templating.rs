//! Templates: few texts and shortcuts, ids as ingest makes them, and sends that name one.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::operations::{DeleteTemplate, SaveTemplate};
use schemas::rows::{Template, Templates};
use schemas::templating::WrittenTemplate;
use schemas::{AccountRequest, TemplateId, UserId};

use super::Simulated;
use crate::check::{self, Rest};
use crate::clients::{Clients, MOST_TEMPLATES, client_id};
use crate::tables::QUORUMS;
use crate::world::State;

/// Some template that a user has or had, as ingest lists them.
pub fn some(state: &mut State, user: &UserId) -> Option<TemplateId> {
    let quorum = QUORUMS[state.random.random_range(0..QUORUMS.len())];
    let account = check::account(state, user, quorum).ok()?;
    let ids: Vec<TemplateId> = account.all::<Template>().map(|(id, _)| id).collect();
    let nth = state.random.random_range(0..ids.len().max(1));
    ids.into_iter().nth(nth)
}

fn written(state: &mut State) -> WrittenTemplate {
    let shortcut = [None, Some("/a"), Some("/b")][state.random.random_range(0..3)];
    let content = ["one {name}", "two", "three", "four"][state.random.random_range(0..4)];
    WrittenTemplate {
        name: "name".to_owned(),
        content: content.to_owned(),
        shortcut: shortcut.map(str::to_owned),
        category: None,
    }
}

/// The templates of a user by the requests in the order of the log.
fn expected(rest: &Rest<'_>, user: &UserId) -> BTreeMap<TemplateId, WrittenTemplate> {
    let mut all: BTreeMap<TemplateId, WrittenTemplate> = BTreeMap::new();
    for request in rest.asked(user) {
        match request {
            AccountRequest::SaveTemplate(SaveTemplate { template, is_new, written }) => {
                let stands = all.contains_key(&template);
                let is_equal = |(id, other): (&TemplateId, &WrittenTemplate)| {
                    *other == written && (is_new || *id == template)
                };
                let is_taken = |(id, other): (&TemplateId, &WrittenTemplate)| {
                    written.shortcut.is_some() && other.shortcut == written.shortcut && *id != template
                };
                let is_refused = is_new == stands
                    || all.iter().any(is_equal)
                    || all.iter().any(is_taken)
                    || (is_new && all.len() >= MOST_TEMPLATES);
                if !is_refused {
                    all.insert(template, written);
                }
            }
            AccountRequest::DeleteTemplate(DeleteTemplate { template }) => {
                all.remove(&template);
            }
            _ => {}
        }
    }
    all
}

impl Simulated for SaveTemplate {
    const WEIGHT: u32 = 3;

    fn ask(clients: &mut Clients, state: &mut State) {
        let (user, written) = (clients.user(state), written(state));
        let known = if state.chance(0.4) { some(state, &user) } else { None };
        let is_new = known.is_none();
        let template = known.unwrap_or_else(|| client_id(state).uuid().into());
        let save = Self { template, is_new, written };
        for _ in 0..state.random.random_range(1..3) {
            clients.own(state, &user, save.clone());
        }
    }

    /// A template counts the messages of its user that were sent with it.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let rows = account.stored.all::<Template>();
            let standing: BTreeMap<TemplateId, Template> =
                rows.filter(|(_, row)| row.written.is_some()).map(|(id, row)| (id, row.clone())).collect();
            let stored: BTreeMap<TemplateId, WrittenTemplate> = standing
                .iter()
                .filter_map(|(id, row)| Some((id.clone(), (**row.written.as_ref()?).clone())))
                .collect();
            let wanted = expected(rest, user);
            if stored != wanted {
                return Err(format!("templates of {user} are {stored:?}, not {wanted:?}"));
            }
            let named = rest.named_templates(user);
            for (id, row) in standing {
                let sent = rest
                    .sent_by(user)
                    .filter(|(client, charge)| named.get(&(*charge, client.clone())) == Some(&id));
                let sent = sent.count();
                if usize::try_from(row.uses) != Ok(sent) {
                    return Err(format!("{id} of {user} was sent {sent} times: {row:?}"));
                }
            }
        }
        Ok(())
    }
}

impl Simulated for DeleteTemplate {
    const WEIGHT: u32 = 1;

    fn ask(clients: &mut Clients, state: &mut State) {
        let user = clients.user(state);
        if let Some(template) = some(state, &user) {
            clients.own(state, &user, Self { template });
        }
    }

    /// The row of all templates has those that stand, and no other.
    fn holds(rest: &Rest<'_>) -> Result<(), String> {
        for (user, account) in &rest.accounts {
            let all = account.stored.get::<Templates>(&()).cloned().unwrap_or_default().all;
            let mut marked: Vec<(TemplateId, Option<String>)> =
                all.into_iter().map(|mark| (mark.template, mark.shortcut)).collect();
            marked.sort();
            let wanted: Vec<(TemplateId, Option<String>)> =
                expected(rest, user).into_iter().map(|(id, written)| (id, written.shortcut)).collect();
            if marked != wanted {
                return Err(format!("the row of the templates of {user} has {marked:?}, not {wanted:?}"));
            }
        }
        Ok(())
    }
}
