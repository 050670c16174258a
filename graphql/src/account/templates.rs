//! Templates of the viewer.

use async_graphql::{Context, ID, InputObject, SimpleObject};
use domain::text;
use schemas::TemplateId;
use schemas::templating::{Template, WrittenTemplate};

use crate::scalars::DateTime;
use crate::{Result, access};

/// A text that the viewer keeps to send it again, as it was written. A client fills its variables `{name}` and
/// `{date}`.
#[derive(SimpleObject)]
pub struct MessageTemplate {
    id: ID,
    name: String,
    content: String,
    /// a slash and letters, in lower case
    shortcut: Option<String>,
    category: Option<String>,
    /// Messages that were sent with its id.
    use_count: i32,
    created_at: DateTime,
}

impl MessageTemplate {
    /// A template that stands.
    pub fn of(id: &TemplateId, row: Template) -> Option<Self> {
        let WrittenTemplate { name, content, shortcut, category } = *row.written?;
        let (id, use_count, created_at) = (id.as_str().into(), row.uses, DateTime(row.created_at));
        Some(Self { id, name, content, shortcut, category, use_count, created_at })
    }
}

/// With the id of a template it is written anew, and what is absent goes. Without one it is made; an equal one is
/// answered instead.
#[derive(InputObject)]
pub struct MessageTemplateInput {
    pub id: Option<ID>,
    /// up to 100 characters
    pub name: String,
    /// as long as a message may be
    pub content: String,
    /// A slash and up to 31 characters without a space, in any case. CONFLICT if another template has it.
    pub shortcut: Option<String>,
    /// up to 50 characters
    pub category: Option<String>,
}

impl MessageTemplateInput {
    /// What is written, in the form in which it is kept. A shortcut or category without a visible character is none.
    pub fn written(&self) -> WrittenTemplate {
        let line = |text: &String| text::normalise(text).trim().to_owned();
        let or_none = |text: &Option<String>| text.as_ref().map(line).filter(|line| !text::is_blank(line));
        WrittenTemplate {
            name: line(&self.name),
            content: text::normalise(&self.content),
            shortcut: or_none(&self.shortcut).map(|shortcut| text::fold(&shortcut)),
            category: or_none(&self.category),
        }
    }
}

/// Those of a category, or all, in the order in which they were made.
pub async fn templates(ctx: &Context<'_>, category: Option<&str>) -> Result<Vec<MessageTemplate>> {
    let wanted = category.map(|category| text::normalise(category).trim().to_owned());
    let all = access(ctx)?.templates().await?.into_iter();
    let of_category = |row: &Template| {
        let written = row.written.as_ref();
        wanted.is_none() || written.is_some_and(|written| written.category == wanted)
    };
    Ok(all
        .filter(|(_, row)| of_category(row))
        .filter_map(|(id, row)| MessageTemplate::of(&id, row))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_has_one_form() {
        let input = |shortcut: &str, category: &str| MessageTemplateInput {
            id: None,
            name: " Warm\u{2010}up ".to_owned(),
            content: " e\u{301}\r\n".to_owned(),
            shortcut: Some(shortcut.to_owned()),
            category: Some(category.to_owned()),
        };
        let written = input(" /Stra\u{df}e ", " Gym ").written();
        assert_eq!((written.name.as_str(), written.content.as_str()), ("Warm\u{2010}up", " \u{e9}\n"));
        assert_eq!(written.shortcut.as_deref(), Some("/strasse"));
        assert_eq!(written.category.as_deref(), Some("Gym"));
        let without = input(" ", "\u{200b}").written();
        assert_eq!((without.shortcut, without.category), (None, None));
    }
}
