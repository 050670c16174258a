//! Which part of the API which end-to-end test has seen, on each stack.
//!
//! Invariant: a part counts as seen only by what a system has answered, or by an input that it answered
//! without an error. Every part of the served schema and every error code is listed: with a test for each stack, or
//! with the reason why none can see it.

mod exchange;
mod parts;
mod unseen;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use apollo_compiler::Schema;
use clap::Parser;

use exchange::Exchange;
use parts::Part;

#[derive(Parser)]
#[command(version, about = "Which part of the API which end-to-end test has seen")]
struct Command {
    /// What the tests have noted: the folder that MM_SEEN named.
    notes: PathBuf,
    /// The served schema.
    #[arg(long, value_name = "FILE", default_value = "schemas/api.graphql")]
    schema: PathBuf,
    /// Where the table is written, in Markdown.
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
}

/// For each stack the first test, in the order of names.
type Seen = BTreeMap<Part, BTreeMap<String, String>>;

fn main() -> Result<()> {
    let command = Command::parse();
    let text =
        std::fs::read_to_string(&command.schema).with_context(|| command.schema.display().to_string())?;
    let schema = Schema::parse(text, "api.graphql").map_err(|errors| anyhow::anyhow!("{errors}"))?;
    let all = parts::of(&schema);
    let exchanges = exchange::read(&command.notes)?;
    let (seen, stacks) = look(&schema, &exchanges);
    std::fs::write(&command.table, table(&all, &seen, &stacks))?;
    ensure!(!stacks.is_empty(), "no test has noted anything in {}", command.notes.display());
    let (missing, needless) = (missing(&all, &seen, &stacks), needless(&all, &seen, &stacks));
    let excused = all.iter().filter(|part| unseen::reason(&part.to_string()).is_some()).count();
    println!(
        "{} parts of the API seen on {} stacks, {excused} not to be seen",
        all.len() - excused,
        stacks.len()
    );
    ensure!(missing.is_empty(), "no test has seen:\n{}", missing.join("\n"));
    ensure!(
        needless.is_empty(),
        "seen or not served, so not to be listed as unseen:\n{}",
        needless.join("\n")
    );
    Ok(())
}

fn look(schema: &Schema, exchanges: &[Exchange]) -> (Seen, BTreeSet<String>) {
    let (mut seen, mut stacks) = (Seen::new(), BTreeSet::new());
    for exchange in exchanges {
        stacks.insert(exchange.stack.clone());
        for part in walk::seen(schema, exchange) {
            let tests = seen.entry(part).or_default();
            let first = tests.entry(exchange.stack.clone()).or_insert_with(|| exchange.test.clone());
            if exchange.test < *first {
                first.clone_from(&exchange.test);
            }
        }
    }
    (seen, stacks)
}

fn test_of<'a>(seen: &'a Seen, part: &Part, stack: &str) -> Option<&'a str> {
    seen.get(part)?.get(stack).map(String::as_str)
}

/// Parts that a test should have seen and none has, with the stack.
fn missing(all: &BTreeSet<Part>, seen: &Seen, stacks: &BTreeSet<String>) -> Vec<String> {
    let absent = |part: &Part, stack: &str| {
        test_of(seen, part, stack).is_none() && unseen::reason(&part.to_string()).is_none()
    };
    let of = |stack: &String| {
        all.iter()
            .filter(|part| absent(part, stack))
            .map(|part| format!("{part} ({stack})"))
            .collect::<Vec<_>>()
    };
    stacks.iter().flat_map(of).collect()
}

/// Parts that are listed as unseen, and were seen on every stack or are none of the schema's.
fn needless(all: &BTreeSet<Part>, seen: &Seen, stacks: &BTreeSet<String>) -> Vec<&'static str> {
    let is_needed = |name: &str| {
        let part = all.iter().find(|part| part.to_string() == name);
        part.is_some_and(|part| stacks.iter().any(|stack| test_of(seen, part, stack).is_none()))
    };
    unseen::UNSEEN.iter().map(|(name, _)| *name).filter(|name| !is_needed(name)).collect()
}

fn table(all: &BTreeSet<Part>, seen: &Seen, stacks: &BTreeSet<String>) -> String {
    let mut text = String::from("# Parts of the API, and the tests that have seen them\n\n| part |");
    for stack in stacks {
        let _ = write!(text, " {stack} |");
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(stacks.len()));
    for part in all {
        let _ = write!(text, "\n| `{part}` |");
        for stack in stacks {
            let shown = test_of(seen, part, stack).or_else(|| unseen::reason(&part.to_string()));
            let _ = write!(text, " {} |", shown.unwrap_or("not seen"));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(document: &str, variables: &str, answer: &str) -> Exchange {
        let json = |text: &str| serde_json::from_str(text).unwrap();
        let (stack, test) = ("standalone".to_owned(), "a_test".to_owned());
        Exchange {
            stack,
            test,
            document: document.to_owned(),
            variables: json(variables),
            answer: json(answer),
        }
    }

    fn parts(document: &str, variables: &str, answer: &str) -> Vec<String> {
        let schema = Schema::parse(
            "type Query { it(kind: Kind, input: In): U } enum Kind { A B } input In { a: Int b: Kind }
             union U = X | Y type X { name: String kinds: [Kind!] } type Y { name: String }",
            "test",
        );
        walk::seen(&schema.unwrap(), &exchange(document, variables, answer))
            .iter()
            .map(Part::to_string)
            .collect()
    }

    #[test]
    fn an_answer_shows_its_fields_members_and_values() {
        let document = "query($i: In) { it(kind: A, input: $i) { __typename ...Named ... on X { kinds } } }
                        fragment Named on X { name }";
        let answer = r#"{"data":{"it":{"__typename":"X","name":"n","kinds":["B"]}}}"#;
        assert_eq!(
            parts(document, r#"{"i":{"b":"B"}}"#, answer),
            [
                "In.b",
                "Kind.A",
                "Kind.B",
                "Query.it",
                "Query.it(input)",
                "Query.it(kind)",
                "U = X",
                "X.kinds",
                "X.name"
            ]
        );
    }

    #[test]
    fn what_is_null_or_of_another_type_is_not_seen() {
        let document = "{ it { ... on X { name } ... on Y { name } } }";
        assert_eq!(parts(document, "{}", r#"{"data":{"it":null}}"#), ["Query.it"]);
    }

    #[test]
    fn an_error_shows_its_code_and_no_input() {
        let answer = r#"{"data":{"it":null},"errors":[{"message":"no","extensions":{"code":"NOT_FOUND"}}]}"#;
        assert_eq!(parts("{ it(kind: A) { __typename } }", "{}", answer), ["NOT_FOUND"]);
    }

    #[test]
    fn a_part_is_seen_on_every_stack_or_listed_with_a_reason_and_never_both() {
        let schema =
            Schema::parse("type Query { it: PresenceStatus } enum PresenceStatus { AWAY ONLINE }", "test");
        let schema = schema.unwrap();
        let all = parts::of(&schema);
        let answered = |status: &str| exchange("{ it }", "{}", &format!(r#"{{"data":{{"it":"{status}"}}}}"#));
        let (seen, stacks) = look(&schema, &[answered("ONLINE")]);
        assert!(!missing(&all, &seen, &stacks).iter().any(|part| part.starts_with("PresenceStatus")));
        assert!(!needless(&all, &seen, &stacks).contains(&"PresenceStatus.AWAY"));
        let (seen, stacks) = look(&schema, &[answered("AWAY")]);
        assert!(missing(&all, &seen, &stacks).contains(&"PresenceStatus.ONLINE (standalone)".to_owned()));
        assert!(needless(&all, &seen, &stacks).contains(&"PresenceStatus.AWAY"));
    }

    #[test]
    fn the_served_schema_has_parts_of_each_kind() {
        let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/api.graphql"))
            .unwrap();
        let all: Vec<String> =
            parts::of(&Schema::parse(text, "api").unwrap()).iter().map(Part::to_string).collect();
        for part in [
            "Query.messages",
            "Query.messages(first)",
            "MessageStatus.READ",
            "SendMessageInput.content",
            "NOT_FOUND",
        ] {
            assert!(all.iter().any(|known| known == part), "{part}");
        }
    }
}
