//! The cost of an operation: one for each field, multiplied by the sizes of the lists around it.
//!
//! Invariant: a page counts as large as its arguments allow, any other list as documented here, so the cost
//! is known before the execution. The operation has been weighed, so the time goes with its fields.

use std::collections::HashSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition};
use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, Value as Constant, Variables};
use async_graphql_value::Value;

use super::roots;
use crate::paging::MAX_PAGE;

/// Arguments that say how many items a list has; a page has at most [`MAX_PAGE`].
pub(super) const SIZES: [&str; 3] = ["first", "last", "limit"];
/// Lists that no argument sizes: what they hold in a page of messages, on average. A single message may have
/// more; the bytes of an answer bound it.
pub(super) const LISTS: [(&str, &str, usize); 24] = [
    ("Message", "mentions", 10),
    ("Message", "attachments", 2),
    ("Attachment", "waveform", 64),
    ("Message", "reactions", 5),
    ("Message", "linkPreviews", 1),
    ("Message", "translations", 1),
    ("Poll", "options", 4),
    ("StickerPack", "stickers", 10),
    ("Query", "myStickerPacks", 10),
    ("Conversation", "pinnedMessages", 5),
    ("Query", "getPinnedMessages", 10),
    ("Mutation", "forwardMessage", 10),
    ("SystemEvent", "targets", 10),
    ("Conversation", "labels", 5),
    ("Query", "conversationLabels", 100),
    ("Query", "featureFlags", 30),
    ("Query", "getMessageTemplates", 50),
    ("Query", "getScheduledMessages", 100),
    ("Query", "messageVersions", 10),
    ("Query", "rateLimits", 10),
    ("Query", "getSmartReplies", 3),
    ("Query", "smartReplies", 3),
    ("Query", "presence", 100),
    ("MessageSearchResult", "highlights", 3),
];

/// What an operation comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    pub fields: usize,
    /// Fields of the root, each alias of one by itself.
    pub roots: usize,
}

/// The cost of an operation with its coerced variables.
pub fn of(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &OperationDefinition,
    variables: &Variables,
) -> Cost {
    let set = &operation.selection_set.node;
    let root = schema.root_operation(kind(operation.ty)).map_or("", |name| name.as_str());
    let fields = Costs { schema, document, variables }.set(set, root, None);
    let roots = roots::fields(&document.fragments, set);
    let roots: HashSet<&Name> = roots.iter().map(|field| &field.node.response_key().node).collect();
    Cost { fields, roots: roots.len() }
}

fn kind(kind: OperationType) -> apollo_compiler::ast::OperationType {
    match kind {
        OperationType::Query => apollo_compiler::ast::OperationType::Query,
        OperationType::Mutation => apollo_compiler::ast::OperationType::Mutation,
        OperationType::Subscription => apollo_compiler::ast::OperationType::Subscription,
    }
}

#[derive(Clone, Copy)]
struct Costs<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
}

impl Costs<'_> {
    /// The cost of a selection on one object; `page` is the size of the lists directly in a connection.
    fn set(self, set: &SelectionSet, parent: &str, page: Option<usize>) -> usize {
        let each = set.items.iter().map(|item| match &item.node {
            Selection::Field(field) => self.field(&field.node, parent, page),
            Selection::InlineFragment(fragment) => {
                let on = fragment.node.type_condition.as_ref();
                let on = on.map_or(parent, |condition| condition.node.on.node.as_str());
                self.set(&fragment.node.selection_set.node, on, page)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(0, |fragment| {
                    let on = fragment.node.type_condition.node.on.node.as_str();
                    self.set(&fragment.node.selection_set.node, on, page)
                })
            }
        });
        each.fold(0, usize::saturating_add)
    }

    fn field(self, field: &Field, parent: &str, page: Option<usize>) -> usize {
        let name = field.name.node.as_str();
        // What has no definition is a question about the schema, which is admitted by its own limits.
        let Ok(definition) = self.schema.type_field(parent, name) else { return 1 };
        let sized = self.size(field, definition);
        let (times, page) = match (definition.ty.is_list(), sized.or(page)) {
            (true, Some(size)) => (size, None),
            (true, None) => (documented(parent, name), None),
            (false, _) => (1, sized),
        };
        let inner = self.set(&field.selection_set.node, definition.ty.inner_named_type(), page);
        inner.saturating_mul(times).saturating_add(1)
    }

    /// The size of a page, if arguments of the field say it.
    fn size(self, field: &Field, definition: &FieldDefinition) -> Option<usize> {
        let sizes = || definition.arguments.iter().filter(|argument| SIZES.contains(&argument.name.as_str()));
        let given =
            |argument: &InputValueDefinition| self.number(&field.get_argument(argument.name.as_str())?.node);
        let default = |argument: &InputValueDefinition| argument.default_value.as_ref()?.to_i32();
        sizes().next()?;
        let size = sizes().find_map(|each| given(each)).or_else(|| sizes().find_map(|each| default(each)));
        // The field refuses a larger page.
        Some(size.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE).unsigned_abs() as usize)
    }

    fn number(self, value: &Value) -> Option<i32> {
        let number = match value {
            Value::Number(number) => number,
            Value::Variable(name) => match self.variables.get(name)? {
                Constant::Number(number) => number,
                _ => return None,
            },
            _ => return None,
        };
        Some(number.as_i64()?.clamp(1, MAX_PAGE.into()) as i32)
    }
}

fn documented(parent: &str, field: &str) -> usize {
    let found = LISTS.iter().find(|(of, name, _)| (*of, *name) == (parent, field));
    found.map_or(MAX_PAGE.unsigned_abs() as usize, |(_, _, size)| *size)
}
