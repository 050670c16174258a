//! How the cluster keeps a table, against how it is defined.
//!
//! Invariant: every column is compared, with its type, its place in the key and its order.

use std::collections::{BTreeMap, BTreeSet};

use schemas::tables::{Column, Table};

use crate::cql::{WRITTEN, type_name};
use crate::error::Failure;
use crate::session::Connection;

/// A column that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    pub column: String,
    /// Kind, place in its key, order and type; nothing if there should be no such column.
    pub wanted: Option<String>,
    pub found: Option<String>,
}

/// Columns of a table by name, each in words.
type Columns = BTreeMap<String, String>;

/// What the cluster has of these tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Findings {
    pub(crate) missing: Vec<&'static str>,
    pub(crate) differences: Vec<Difference>,
}

pub(crate) async fn inspect(
    connection: &Connection,
    keyspace: &str,
    tables: &[&'static Table],
) -> Result<Findings, Failure> {
    const SELECT: &str = "SELECT table_name, column_name, kind, position, clustering_order, type \
                          FROM system_schema.columns WHERE keyspace_name = ?";
    let select = connection.prepared(SELECT).await?;
    let result = connection.session.execute_unpaged(&select, (keyspace,)).await?;
    let result = result.into_rows_result().map_err(Failure::malformed)?;
    let rows = result.rows::<(String, String, String, i32, String, String)>().map_err(Failure::malformed)?;
    let mut found: BTreeMap<String, Columns> = BTreeMap::new();
    for row in rows {
        let (table, column, kind, position, order, kind_of_value) = row.map_err(Failure::malformed)?;
        let words = words(&kind, position, &order, &kind_of_value);
        found.entry(table).or_default().insert(column, words);
    }
    Ok(compare(tables, &found))
}

fn compare(tables: &[&'static Table], found: &BTreeMap<String, Columns>) -> Findings {
    let mut findings = Findings::default();
    for table in tables {
        let Some(found) = found.get(table.name) else {
            findings.missing.push(table.name);
            continue;
        };
        let wanted = wanted(table);
        let names: BTreeSet<&String> = wanted.keys().chain(found.keys()).collect();
        for column in names.into_iter().filter(|name| wanted.get(*name) != found.get(*name)) {
            findings.differences.push(Difference {
                table: table.name,
                column: column.clone(),
                wanted: wanted.get(column).cloned(),
                found: found.get(column).cloned(),
            });
        }
    }
    findings
}

fn wanted(table: &Table) -> Columns {
    let key = |columns: &'static [Column], kind: &'static str, order: &'static str| {
        (0..).zip(columns).map(move |(position, column)| {
            (column.name.to_owned(), words(kind, position, order, type_name(column.kind)))
        })
    };
    let regular = table
        .columns
        .iter()
        .map(|column| (column.name, type_name(column.kind)))
        .chain([(WRITTEN, "boolean")]);
    key(table.partition, "partition_key", "none")
        .chain(key(table.clustering, "clustering", "asc"))
        .chain(regular.map(|(name, kind)| (name.to_owned(), words("regular", -1, "none", kind))))
        .collect()
}

fn words(kind: &str, position: i32, order: &str, kind_of_value: &str) -> String {
    match kind {
        "partition_key" => format!("{kind} {position} {kind_of_value}"),
        "clustering" => format!("{kind} {position} {order} {kind_of_value}"),
        _ => format!("{kind} {kind_of_value}"),
    }
}

#[cfg(test)]
mod tests {
    use schemas::tables::{ACCOUNTS, USERS};

    use super::*;

    #[test]
    fn every_kind_of_difference_is_found() {
        let mut accounts = wanted(&ACCOUNTS);
        let mut found: BTreeMap<String, Columns> = [("accounts".to_owned(), accounts.clone())].into();
        assert_eq!(compare(&[&ACCOUNTS], &found), Findings::default());
        accounts.insert("kind".into(), "clustering 0 desc int".into());
        accounts.remove("body");
        accounts.insert("extra".into(), "regular text".into());
        found.insert("accounts".into(), accounts);
        let findings = compare(&[&ACCOUNTS, &USERS], &found);
        assert_eq!(findings.missing, ["users"]);
        let shown: Vec<_> = findings
            .differences
            .iter()
            .map(|d| (d.column.as_str(), d.wanted.as_deref(), d.found.as_deref()))
            .collect();
        assert_eq!(
            shown,
            [
                ("body", Some("regular blob"), None),
                ("extra", None, Some("regular text")),
                ("kind", Some("clustering 0 asc int"), Some("clustering 0 desc int")),
            ]
        );
    }
}
