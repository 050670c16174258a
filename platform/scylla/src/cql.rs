//! The texts of statements, generated from the definitions of tables.
//!
//! Invariant: names are quoted and tables are named with their keyspace; what a row is made of
//! stands in the same order in every text: partition, clustering, columns.

use schemas::tables::{Column, ColumnType, Table};

use crate::slice::Slice;

/// A column of every table that no row is without: its write time is the row's version.
///
/// The other columns may all be Null, and the time of a key cannot be asked for.
pub(crate) const WRITTEN: &str = "row_written";

/// Statements of a table that do not depend on what is asked.
#[derive(Debug)]
pub(crate) struct Texts {
    pub(crate) insert: String,
    pub(crate) get: String,
    /// Up to the partition.
    select: String,
}

impl Texts {
    pub(crate) fn of(keyspace: &str, table: &Table) -> Self {
        let name = qualified(keyspace, table);
        let keys = || table.partition.iter().chain(table.clustering);
        let markers = keys().chain(table.columns).map(|_| "?, ").collect::<String>();
        let insert = format!(
            "INSERT INTO {name} ({}, \"{WRITTEN}\") VALUES ({markers}true) USING TIMESTAMP ? AND TTL ?",
            names(keys().chain(table.columns)),
        );
        let read: String = table
            .clustering
            .iter()
            .chain(table.columns)
            .map(|column| format!("\"{}\", ", column.name))
            .collect();
        let partition: Vec<String> =
            table.partition.iter().map(|column| format!("\"{}\" = ?", column.name)).collect();
        let select =
            format!("SELECT {read}WRITETIME(\"{WRITTEN}\") FROM {name} WHERE {}", partition.join(" AND "));
        let get = match table.clustering {
            [] => select.clone(),
            [column] => format!("{select} AND \"{}\" IN ?", column.name),
            columns => format!("{select} AND ({}) IN ?", names(columns)),
        };
        Self { insert, get, select }
    }

    pub(crate) fn range(&self, table: &Table, slice: &Slice) -> String {
        let mut text = self.select.clone();
        for (bound, inclusive, exclusive) in [(&slice.lower, ">=", ">"), (&slice.upper, "<=", "<")] {
            let Some(bound) = bound else { continue };
            let length = bound.values.len();
            let comparison = if bound.inclusive { inclusive } else { exclusive };
            let columns = names(table.clustering.iter().take(length));
            text.push_str(&format!(" AND ({columns}) {comparison} ({})", vec!["?"; length].join(", ")));
        }
        if slice.descending && !table.clustering.is_empty() {
            let order: Vec<String> =
                table.clustering.iter().map(|column| format!("\"{}\" DESC", column.name)).collect();
            text.push_str(&format!(" ORDER BY {}", order.join(", ")));
        }
        text + " LIMIT ?"
    }
}

/// Every copy in every datacenter, `replication` of them in each.
pub(crate) fn create_keyspace(keyspace: &str, replication: u32) -> String {
    format!(
        "CREATE KEYSPACE IF NOT EXISTS \"{keyspace}\" WITH replication = \
         {{'class': 'NetworkTopologyStrategy', 'replication_factor': {replication}}}"
    )
}

pub(crate) fn create_table(keyspace: &str, table: &Table) -> String {
    let columns: String = table
        .partition
        .iter()
        .chain(table.clustering)
        .chain(table.columns)
        .map(|column| format!("\"{}\" {}, ", column.name, type_name(column.kind)))
        .collect();
    let clustering: String = table.clustering.iter().map(|column| format!(", \"{}\"", column.name)).collect();
    format!(
        "CREATE TABLE IF NOT EXISTS {} ({columns}\"{WRITTEN}\" boolean, PRIMARY KEY (({}){clustering})) \
         WITH comment = '{}'",
        qualified(keyspace, table),
        names(table.partition),
        table.purpose.replace('\'', "''"),
    )
}

/// As the cluster calls it.
pub(crate) fn type_name(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Text => "text",
        ColumnType::Blob => "blob",
        ColumnType::Int => "int",
        ColumnType::BigInt => "bigint",
        ColumnType::Boolean => "boolean",
        ColumnType::Timestamp => "timestamp",
    }
}

fn qualified(keyspace: &str, table: &Table) -> String {
    format!("\"{keyspace}\".\"{}\"", table.name)
}

fn names<'a>(columns: impl IntoIterator<Item = &'a Column>) -> String {
    let names: Vec<String> = columns.into_iter().map(|column| format!("\"{}\"", column.name)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use platform::ports::Range;
    use schemas::tables::{ALL, MESSAGES, USERS, Value};

    use super::*;

    #[test]
    fn texts_of_a_table_with_clustering() {
        let texts = Texts::of("ks", &MESSAGES);
        let columns = MESSAGES.partition.len() + MESSAGES.clustering.len() + MESSAGES.columns.len();
        let values = format!("\"row_written\") VALUES ({}true)", "?, ".repeat(columns));
        assert!(texts.insert.ends_with(&format!("{values} USING TIMESTAMP ? AND TTL ?")), "{}", texts.insert);
        let partition = "WHERE \"conversation_id\" = ? AND \"bucket\" = ?";
        assert!(texts.get.ends_with(&format!("{partition} AND (\"seq\", \"kind\") IN ?")), "{}", texts.get);
        let range = Range {
            to: vec![Value::BigInt(5)],
            after: Some(vec![Value::BigInt(1), Value::text("a")]),
            limit: 1,
            ..Range::default()
        };
        let slice = Slice::of(&range).expect("a slice");
        let text = texts.range(&MESSAGES, &slice);
        let bounds = "AND (\"seq\", \"kind\") > (?, ?) AND (\"seq\") <= (?) LIMIT ?";
        assert!(text.ends_with(&format!("{partition} {bounds}")), "{text}");
        let slice = Slice::of(&Range { descending: true, after: None, ..range }).expect("a slice");
        let text = texts.range(&MESSAGES, &slice);
        let bounds = "AND (\"seq\") <= (?) ORDER BY \"seq\" DESC, \"kind\" DESC LIMIT ?";
        assert!(text.ends_with(&format!("{partition} {bounds}")), "{text}");
    }

    #[test]
    fn texts_of_a_table_without_clustering() {
        let texts = Texts::of("ks", &USERS);
        assert_eq!(
            texts.get,
            "SELECT \"username\", \"display_name\", \"avatar_url\", WRITETIME(\"row_written\") \
             FROM \"ks\".\"users\" WHERE \"user_id\" = ?"
        );
        let create = create_table("ks", &USERS);
        assert!(create.contains("PRIMARY KEY ((\"user_id\")))"), "{create}");
    }

    #[test]
    fn no_table_has_the_column_that_every_table_gets() {
        for table in ALL {
            let columns = table.partition.iter().chain(table.clustering).chain(table.columns);
            assert!(columns.into_iter().all(|column| column.name != WRITTEN), "{}", table.name);
        }
    }
}
