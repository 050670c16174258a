//! Meters an answer while it is made: counts its bytes, and lets others have their turn.
//!
//! Invariants: an execution whose answer is too large stops at the value that is too much, and its caller drops
//! it; an execution yields after some hundred values, so that none holds a thread for long.

use std::sync::Arc;

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
};
use async_graphql::{QueryPathSegment, Response, ServerError, ServerResult, Value};
use tokio::task::coop::consume_budget;

use crate::admission::Cost;
use crate::limits::Execution;

/// Bytes of an error beside its message and its path.
const ERROR_BYTES: usize = 160;
/// Bytes of a step of its path.
const STEP_BYTES: usize = 16;

/// Meters each execution that has an [`Execution`] in its request's data, and puts the [`Cost`] in these data
/// into `extensions.cost` of the answer.
pub struct Metering;

impl ExtensionFactory for Metering {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Metering {
    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        let response = next.run(ctx, operation_name).await;
        match ctx.data_opt::<Cost>() {
            Some(cost) => response.extension("cost", cost.fields.into()),
            None => response,
        }
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        consume_budget().await;
        let key = match info.path_node.segment {
            QueryPathSegment::Name(key) => written(key) + 1,
            QueryPathSegment::Index(_) => 0,
        };
        let resolved = next.run(ctx, info).await;
        let execution = ctx.data_opt::<Arc<Execution>>();
        if execution.is_none_or(|execution| execution.add(key + 1 + size(&resolved))) {
            return resolved;
        }
        // The caller of the execution drops it.
        std::future::pending().await
    }
}

/// Bytes of a value without those within it, which are resolved by themselves.
fn size(resolved: &ServerResult<Option<Value>>) -> usize {
    match resolved {
        Ok(None | Some(Value::Null)) => 4,
        Ok(Some(Value::Boolean(_))) => 5,
        Ok(Some(Value::Number(number))) => number.to_string().len(),
        Ok(Some(Value::String(text))) => written(text),
        Ok(Some(Value::Enum(name))) => written(name),
        Ok(Some(Value::List(_) | Value::Object(_))) => 2,
        Ok(Some(Value::Binary(bytes))) => bytes.len() * 4,
        Err(ServerError { message, path, .. }) => written(message) + path.len() * STEP_BYTES + ERROR_BYTES,
    }
}

/// Bytes of a text in JSON.
fn written(text: &str) -> usize {
    let each = text.bytes().map(|byte| match byte {
        b'"' | b'\\' => 2,
        0..=0x1f => 6,
        _ => 1,
    });
    each.sum::<usize>() + 2
}
