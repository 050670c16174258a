//! Templates of the user, and how often sends have named each.
//!
//! Invariants: no two templates have one shortcut, and none is equal to another; a use is counted in the decision
//! that charges its send, and taken back with the charge. The rules over texts do not apply here, as the user alone
//! reads a template: they apply to the message that is sent.

use fold::{Decision, Purpose};
use schemas::TemplateId;
use schemas::code::{ErrorCode, Refusal};
use schemas::control::Limits;
use schemas::rows::{RowKey, Template, Templates};
use schemas::templating::{DeleteTemplate, SaveTemplate, TemplateMark, TemplatesChanged, WrittenTemplate};
use schemas::verdict::Outcome;

use super::{Account, Accounts};
use crate::effect::Effect;
use crate::operation::{Context, NoEffect, Operation, Past, holds};
use crate::text;

/// Unicode scalar values of a name.
const NAME_CHARACTERS: i32 = 100;
/// Unicode scalar values of a category.
const CATEGORY_CHARACTERS: i32 = 50;
/// Unicode scalar values of a shortcut, its slash included.
const SHORTCUT_CHARACTERS: i32 = 32;

impl Operation<Accounts> for SaveTemplate {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        keys(&self.template, purpose)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let limits = &context.policy.limits;
        check(&self.written, limits)?;
        let mark = mark(self);
        let mut all = kept(context.owner).to_vec();
        if stands(self, &mark, &all) {
            return Err(NoEffect::Nothing);
        }
        let place = all.iter().position(|other| other.template == self.template);
        let is_taken = |other: &TemplateMark| {
            mark.shortcut.is_some() && other.shortcut == mark.shortcut && other.template != mark.template
        };
        match (place, self.is_new) {
            (Some(_), true) => {
                let detail = "this id was used for another template";
                return Err(Refusal::new(ErrorCode::IdempotencyConflict, detail).into());
            }
            (None, false) => return Err(Refusal::not_found().into()),
            (Some(_), false) | (None, true) if all.iter().any(is_taken) => {
                let detail = "another template has this shortcut";
                return Err(Refusal::new(ErrorCode::Conflict, detail).into());
            }
            (None, true) if all.len() >= usize::try_from(limits.templates).unwrap_or(0) => {
                return Err(Refusal::limit_reached("templates", "too many templates").into());
            }
            (Some(place), false) => all[place] = mark,
            (None, true) => all.push(mark),
        }
        let before = context.row::<Template>(&self.template).filter(|row| row.written.is_some());
        let (uses, created_at) = before.map_or((0, context.at), |row| (row.uses, row.created_at));
        let written = Some(Box::new(self.written.clone()));
        let mut effect = context.effect();
        effect.row(&(), Templates { all });
        effect.row(&self.template, Template { written, uses, created_at });
        effect.account_event(context.id, changed(&self.template, false));
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(stands(self, &mark(self), kept(past.owner)))
    }
}

impl Operation<Accounts> for DeleteTemplate {
    fn needs(&self, purpose: Purpose) -> Vec<RowKey> {
        keys(&self.template, purpose)
    }

    fn decide(&self, context: &Context<'_, Accounts>) -> Result<Decision<Accounts>, NoEffect> {
        let mut all = kept(context.owner).to_vec();
        let count = all.len();
        all.retain(|other| other.template != self.template);
        if all.len() == count {
            // A removed one is remembered for a while, so that a repeat is answered alike.
            let was_there = context.row::<Template>(&self.template).is_some();
            return Err(if was_there { NoEffect::Nothing } else { Refusal::not_found().into() });
        }
        let created_at = context.row::<Template>(&self.template).map_or(context.at, |row| row.created_at);
        let mut effect = context.effect();
        effect.row(&(), Templates { all });
        effect.row(&self.template, Template { written: None, uses: 0, created_at });
        effect.account_event(context.id, changed(&self.template, true));
        Ok(effect.done())
    }

    fn repeat(&self, past: &Past<'_, Accounts>) -> Option<Outcome> {
        holds(kept(past.owner).iter().all(|other| other.template != self.template))
    }
}

/// The rows of a template that is saved or deleted.
fn keys(template: &TemplateId, purpose: Purpose) -> Vec<RowKey> {
    let all = RowKey::of::<Templates>(&());
    match purpose {
        Purpose::Decide => vec![all, RowKey::of::<Template>(template)],
        Purpose::Repeat => vec![all],
    }
}

fn kept(account: &Account) -> &[TemplateMark] {
    account.get::<Templates>(&()).map_or(&[], |row| &row.all)
}

/// Whether what is asked for holds: the template is written so, or an equal one stands for a new one.
fn stands(asked: &SaveTemplate, mark: &TemplateMark, all: &[TemplateMark]) -> bool {
    all.iter().any(|other| other.hash == mark.hash && (asked.is_new || other.template == asked.template))
}

fn mark(asked: &SaveTemplate) -> TemplateMark {
    let WrittenTemplate { name, content, shortcut, category } = &asked.written;
    let or_none = |part: &Option<String>| part.as_deref().unwrap_or_default().to_owned();
    let said = format!("{name}\0{}\0{}\0{content}", or_none(shortcut), or_none(category));
    TemplateMark {
        template: asked.template.clone(),
        shortcut: shortcut.clone(),
        hash: text::hash(said.as_bytes()),
    }
}

fn changed(template: &TemplateId, removed: bool) -> TemplatesChanged {
    TemplatesChanged { template: template.clone(), removed }
}

/// The key of the row of the template that a send names, if it names one.
pub fn row(template: Option<&TemplateId>) -> Option<RowKey> {
    template.map(RowKey::of::<Template>)
}

/// NOT_FOUND for a template that the account does not have.
pub fn check_named(context: &Context<'_, Accounts>, template: Option<&TemplateId>) -> Result<(), Refusal> {
    let Some(template) = template else { return Ok(()) };
    let row = context.row::<Template>(template).filter(|row| row.written.is_some());
    row.map(|_| ()).ok_or_else(Refusal::not_found)
}

/// Counts a send more or less that names a template; a removed one stays as it is.
pub fn count(
    context: &Context<'_, Accounts>,
    effect: &mut Effect<Accounts>,
    template: Option<&TemplateId>,
    by: i32,
) {
    let Some(template) = template else { return };
    if let Some(row) = context.row::<Template>(template).filter(|row| row.written.is_some()) {
        effect.row(template, Template { uses: row.uses.saturating_add(by).max(0), ..row.clone() });
    }
}

/// Refuses what no template may have.
pub fn check(written: &WrittenTemplate, limits: &Limits) -> Result<(), Refusal> {
    let WrittenTemplate { name, content, shortcut, category } = written;
    check_line("name", name, NAME_CHARACTERS)?;
    text::check("content", content, limits.message_characters)?;
    category.as_deref().map_or(Ok(()), |line| check_line("category", line, CATEGORY_CHARACTERS))?;
    if shortcut.as_deref().is_none_or(is_shortcut) {
        return Ok(());
    }
    Err(Refusal::bad_input(
        "shortcut",
        "a shortcut is a slash and 1 to 31 characters without a space or slash",
    ))
}

fn check_line(field: &str, line: &str, most: i32) -> Result<(), Refusal> {
    text::check(field, line, most)?;
    if line.contains(['\n', '\t']) {
        return Err(Refusal::bad_input(field, "the text has a line break or a tab"));
    }
    Ok(())
}

/// Case folded, so that a shortcut has one form.
fn is_shortcut(shortcut: &str) -> bool {
    let Some(name) = shortcut.strip_prefix('/') else { return false };
    let is_named = |c: char| !c.is_whitespace() && !c.is_control() && !text::is_ignorable(c) && c != '/';
    !name.is_empty()
        && name.chars().all(is_named)
        && text::length(shortcut) <= SHORTCUT_CHARACTERS
        && text::fold(shortcut) == shortcut
}
