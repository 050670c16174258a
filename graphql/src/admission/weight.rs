//! How heavy a document is with its fragments put in.
//!
//! Invariant: each fragment is weighed once, so the time goes with the text; sums saturate, so what
//! would be 2^30 fields is just too many. A fragment that is not there, not used, or within itself is
//! refused here, so that nothing after this meets one.

use std::collections::HashMap;

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};
use async_graphql_value::Value as Literal;

use super::{MAX_LEVELS, Unfit};

/// What a selection comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weight {
    /// Fields in one another.
    pub depth: usize,
    /// Selections in one another.
    pub levels: usize,
    pub complexity: usize,
    /// Fields that ask for the schema.
    pub questions: usize,
    pub aliases: usize,
    pub directives: usize,
    pub values: usize,
}

impl Weight {
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            complexity: self.complexity.saturating_add(other.complexity),
            questions: self.questions.saturating_add(other.questions),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            values: self.values.saturating_add(other.values),
        }
    }
}

/// The weight of all operations of a document together.
pub fn of(document: &ExecutableDocument, variables: &Variables) -> Result<Weight, Unfit> {
    let mut scales = Scales { document, variables: sizes(document, variables), fragments: HashMap::new() };
    let mut whole = Weight::default();
    for (_, operation) in document.operations.iter() {
        let definitions = operation.node.variable_definitions.iter();
        let own = definitions.map(|definition| scales.directives(&definition.node.directives));
        let own = own.fold(scales.directives(&operation.node.directives), Weight::beside);
        whole = whole.beside(own).beside(scales.set(&operation.node.selection_set.node, 0)?);
    }
    if scales.fragments.len() < document.fragments.len() {
        return Err(Unfit::Malformed("a fragment is not used"));
    }
    Ok(whole)
}

struct Scales<'a> {
    document: &'a ExecutableDocument,
    /// How large each variable is, as it is given or by default.
    variables: HashMap<&'a Name, usize>,
    /// What each fragment weighs; nothing yet while it is being weighed.
    fragments: HashMap<&'a Name, Option<Weight>>,
}

impl<'a> Scales<'a> {
    fn set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Weight, Unfit> {
        if level > MAX_LEVELS {
            return Err(Unfit::TOO_DEEP);
        }
        let mut whole = Weight::default();
        for item in &set.items {
            let inner = match &item.node {
                Selection::Field(field) => {
                    let inner = self.set(&field.node.selection_set.node, level + 1)?;
                    Weight {
                        depth: inner.depth + 1,
                        complexity: inner.complexity.saturating_add(1),
                        questions: inner.questions.saturating_add(usize::from(is_question(&field.node))),
                        aliases: inner.aliases.saturating_add(usize::from(field.node.alias.is_some())),
                        values: inner.values.saturating_add(self.arguments(&field.node.arguments)),
                        ..inner
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.set(&fragment.node.selection_set.node, level + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, level + 1)?
                }
            };
            let inner = inner.beside(self.directives(item.node.directives()));
            whole = whole.beside(Weight { levels: inner.levels + 1, ..inner });
        }
        Ok(whole)
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Weight, Unfit> {
        match self.fragments.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(Unfit::Malformed("a fragment is spread within itself")),
            None => {}
        }
        let fragment =
            self.document.fragments.get(name).ok_or(Unfit::Malformed("a fragment is not defined"))?;
        self.fragments.insert(name, None);
        let inner = self.set(&fragment.node.selection_set.node, level)?;
        let weight = inner.beside(self.directives(&fragment.node.directives));
        self.fragments.insert(name, Some(weight));
        Ok(weight)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Weight {
        let values = directives.iter().map(|directive| self.arguments(&directive.node.arguments)).sum();
        Weight { directives: directives.len(), values, ..Weight::default() }
    }

    fn arguments(&self, arguments: &[(Positioned<Name>, Positioned<Literal>)]) -> usize {
        arguments.iter().map(|(_, value)| self.literal(&value.node)).sum()
    }

    fn literal(&self, literal: &Literal) -> usize {
        match literal {
            Literal::Variable(name) => self.variables.get(name).copied().unwrap_or(1),
            Literal::String(text) => 1 + text.len(),
            Literal::List(items) => 1 + items.iter().map(|item| self.literal(item)).sum::<usize>(),
            Literal::Object(fields) => {
                1 + fields.values().map(|field| 1 + self.literal(field)).sum::<usize>()
            }
            _ => 1,
        }
    }
}

fn is_question(field: &Field) -> bool {
    matches!(field.name.node.as_str(), "__schema" | "__type")
}

fn sizes<'a>(document: &'a ExecutableDocument, variables: &'a Variables) -> HashMap<&'a Name, usize> {
    let mut sizes: HashMap<&Name, usize> =
        variables.iter().map(|(name, value)| (name, size(value))).collect();
    let definitions =
        document.operations.iter().flat_map(|(_, operation)| &operation.node.variable_definitions);
    for definition in definitions {
        let default = definition.node.default_value.as_ref().map_or(1, |value| size(&value.node));
        let known = sizes.entry(&definition.node.name.node).or_default();
        *known = default.max(*known);
    }
    sizes
}

fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len(),
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(|field| 1 + size(field)).sum::<usize>(),
        _ => 1,
    }
}
