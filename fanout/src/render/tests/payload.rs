//! The types of a payload, from the rendering schema, and ways down to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};

use crate::subscription::tests::ports::rendering_schema;

pub struct Field {
    pub name: String,
    /// Name of its type, without list and null.
    on: String,
}

/// A way from a root field down to a type, as a query takes it.
pub struct Path {
    pub on: String,
    down: Vec<String>,
}

pub struct Shape {
    objects: BTreeMap<String, Vec<Field>>,
    unions: BTreeMap<String, Vec<String>>,
}

impl Path {
    /// A query for one field of the type, and for nothing below it.
    fn query(&self, field: &Field, is_leaf: bool) -> String {
        let below = if is_leaf { "" } else { " { __typename }" };
        let inner = format!("probe: {}{below}", field.name);
        let inner = self.down.iter().rev().fold(inner, |inner, step| format!("{step} {{ {inner} }}"));
        format!("subscription {{ {inner} }}")
    }

    fn step(&self, step: String, on: &str) -> Self {
        let down = self.down.iter().cloned().chain([step]).collect();
        Self { on: on.to_owned(), down }
    }
}

impl Shape {
    pub fn published() -> Self {
        let (mut objects, mut unions) = (BTreeMap::new(), BTreeMap::new());
        for definition in parse_schema(rendering_schema(&Arc::default()).sdl()).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    let fields = object.fields.into_iter().map(|field| Field {
                        name: field.node.name.node.to_string(),
                        on: named(&field.node.ty.node),
                    });
                    objects.insert(name, fields.collect());
                }
                TypeKind::Union(union) => {
                    let members = union.members.iter().map(|member| member.node.to_string());
                    unions.insert(name, members.collect());
                }
                _ => {}
            }
        }
        Self { objects, unions }
    }

    /// The payload of each root field.
    pub fn roots(&self) -> Vec<Path> {
        let start = Path { on: "Subscription".to_owned(), down: vec![] };
        let root = |field: &Field| {
            let arguments = match field.name.as_str() {
                "messageReceived" | "messageUpdated" | "messageDelivered" | "messageRead"
                | "typingIndicator" | "reactionAdded" | "reactionRemoved" | "messagePinned" => {
                    r#"(conversationId: "00000000000000000000000000000001")"#
                }
                "userPresence" => r#"(userIds: ["bob"])"#,
                _ => "",
            };
            start.step(field.name.clone() + arguments, &field.on)
        };
        self.fields("Subscription").map(root).collect()
    }

    pub fn fields(&self, on: &str) -> impl Iterator<Item = &Field> {
        self.objects.get(on).into_iter().flatten()
    }

    pub fn query(&self, path: &Path, field: &Field) -> String {
        path.query(field, !self.objects.contains_key(&field.on) && !self.unions.contains_key(&field.on))
    }

    pub fn below(&self, path: &Path, field: &Field) -> Path {
        path.step(field.name.clone(), &field.on)
    }

    /// Each object type that the type may be.
    pub fn members(&self, path: Path) -> Vec<Path> {
        match self.unions.get(&path.on) {
            Some(members) => members.iter().map(|on| path.step(format!("... on {on}"), on)).collect(),
            None if self.objects.contains_key(&path.on) => vec![path],
            None => vec![],
        }
    }

    /// What is reached only through fields like these, and all that is below it.
    pub fn only_below<T>(
        &self,
        listed: &BTreeMap<String, T>,
        mut through: BTreeMap<String, String>,
    ) -> BTreeMap<String, String> {
        let mut only = BTreeMap::new();
        while let Some((on, field)) = through.pop_first() {
            if !listed.contains_key(&on) && self.objects.contains_key(&on) && !only.contains_key(&on) {
                through.extend(self.fields(&on).map(|below| (below.on.clone(), field.clone())));
                only.insert(on, field);
            }
        }
        only
    }
}

fn named(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => named(inner),
    }
}
