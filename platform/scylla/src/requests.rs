//! What is asked of the cluster, statement by statement.
//!
//! Invariant: a request is one statement, or one batch in one partition; its values are bound in the
//! order in which [`crate::cql`] names them.

use platform::ports::{Page, PutRow, Row};
use schemas::position::Version;
use schemas::tables::{Table, Value};
use scylla::response::PagingState;
use scylla::response::query_result::QueryResult;
use scylla::statement::batch::{Batch, BatchStatement, BatchType};
use std::ops::ControlFlow;

use crate::calls::Request;
use crate::cql::Texts;
use crate::error::Failure;
use crate::flights::{Asked, Gate};
use crate::metrics::Operation;
use crate::session::Connection;
use crate::values::{Marker, Selected};

/// Rows of one partition, at least one, each with its seconds to live; sent again, those begin anew.
pub(crate) struct Put<'a> {
    pub(crate) table: &'static Table,
    pub(crate) texts: &'a Texts,
    pub(crate) partition: &'a [Value],
    pub(crate) rows: &'a [(PutRow, i32)],
}

impl Put<'_> {
    fn markers<'a>(&'a self, (row, seconds): &'a (PutRow, i32)) -> Vec<Marker<'a>> {
        let values = self.partition.iter().chain(&row.key).chain(&row.columns).map(Marker::Value);
        values.chain([Marker::Version(row.version.0), Marker::Count(*seconds)]).collect()
    }
}

impl Request for Put<'_> {
    type Answer = ();

    fn table(&self) -> &'static str {
        self.table.name
    }

    fn operation(&self) -> Operation {
        Operation::Put
    }

    async fn send(&self, connection: &Connection) -> Result<(), Failure> {
        let insert = connection.prepared(&self.texts.insert).await?;
        let session = &connection.session;
        if let [row] = self.rows {
            session.execute_unpaged(&insert, self.markers(row)).await?;
            return Ok(());
        }
        let statements = vec![BatchStatement::PreparedStatement(insert); self.rows.len()];
        let mut batch = Batch::new_with_statements(BatchType::Unlogged, statements);
        batch.set_is_idempotent(true);
        let values: Vec<_> = self.rows.iter().map(|row| self.markers(row)).collect();
        session.batch(&batch, values).await?;
        Ok(())
    }
}

/// Rows of one partition, by key or by range.
pub(crate) struct Read {
    pub(crate) table: &'static Table,
    /// Of the statement.
    pub(crate) text: String,
    pub(crate) partition: Vec<Value>,
    pub(crate) asked: Asked,
    pub(crate) gate: Gate,
}

impl Request for Read {
    type Answer = Page;

    fn table(&self) -> &'static str {
        self.table.name
    }

    fn operation(&self) -> Operation {
        self.asked.operation()
    }

    fn leaves(&self) {
        self.gate.close();
    }

    async fn send(&self, connection: &Connection) -> Result<Page, Failure> {
        let mut markers: Vec<Marker<'_>> = self.partition.iter().map(Marker::Value).collect();
        match &self.asked {
            Asked::Keys(keys) => {
                if !self.table.clustering.is_empty() {
                    markers.push(Marker::Keys(keys));
                }
                let select = connection.prepared(&self.text).await?;
                // Whole, however large: pages of it would be of several moments.
                let result = connection.session.execute_unpaged(&select, markers).await?;
                Ok(Page { rows: self.rows(result)?, next: None })
            }
            Asked::Slice { slice, limit } => {
                let bounds = [&slice.lower, &slice.upper].into_iter().flatten();
                markers.extend(bounds.flat_map(|bound| &bound.values).map(Marker::Value));
                // One row more than the page holds says whether more may come.
                let rows = i32::try_from(*limit).unwrap_or(i32::MAX).saturating_add(1);
                markers.push(Marker::Count(rows));
                self.page(connection, &markers, *limit).await
            }
        }
    }
}

impl Read {
    /// What the cluster answers at once, which may be less than asked for: it cuts answers by size.
    async fn page(
        &self,
        connection: &Connection,
        markers: &[Marker<'_>],
        limit: usize,
    ) -> Result<Page, Failure> {
        let select = connection.prepared(&self.text).await?;
        let mut state = PagingState::start();
        loop {
            let (result, more) = connection.session.execute_single_page(&select, markers, state).await?;
            let mut rows = self.rows(result)?;
            let cut = more.into_paging_control_flow();
            if rows.len() > limit || (cut.is_continue() && !rows.is_empty()) {
                rows.truncate(limit);
                let next = rows.last().map(|row| row.key.clone());
                return Ok(Page { rows, next });
            }
            match cut {
                ControlFlow::Break(()) => return Ok(Page { rows, next: None }),
                // Nothing but what was deleted stood there.
                ControlFlow::Continue(next) => state = next,
            }
        }
    }

    fn rows(&self, result: QueryResult) -> Result<Vec<Row>, Failure> {
        let result = result.into_rows_result().map_err(Failure::malformed)?;
        let rows = result.rows::<Selected>().map_err(Failure::malformed)?;
        rows.map(|row| self.row(row.map_err(Failure::malformed)?.0)).collect()
    }

    fn row(&self, mut values: Vec<Value>) -> Result<Row, Failure> {
        let Some(Value::BigInt(version)) = values.pop() else {
            return Err(Failure::malformed(format!("{}: a row without version", self.table.name)));
        };
        let columns = values.split_off(self.table.clustering.len().min(values.len()));
        Ok(Row { key: values, columns, version: Version(version) })
    }
}
