//! The schema of the API, and the executor through which a node runs it.
//!
//! Invariants: mutations merge in two levels, at most eight groups of at most eight, as deeper nesting
//! overflows the compiler; sockets serve the mutations of [`ON_SOCKETS`] and no other.

use std::any::TypeId;
use std::future::ready;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{MergedObject, Request, Response, Schema, ServerError, ValidationMode};
use futures::{FutureExt, StreamExt};
use graphql::admission::{named_operations, root_fields};
use graphql::error::server_error;
use graphql::live::Mode;
use graphql::metering::Metering;
use graphql::{Executor, Introspection, Query, Reads, Rights, Search, SmartReplies, Subscription};
use schemas::{ErrorCode, Refusal};

use crate::Ingest;
use crate::features::FeatureGates;
use crate::operations::blocking::Blocking;
use crate::operations::creating::Creating;
use crate::operations::deleting::Deleting;
use crate::operations::editing::Editing;
use crate::operations::forwarding::Forwarding;
use crate::operations::membership::Membership;
use crate::operations::message_requests::MessageRequests;
use crate::operations::notifications::Notifications;
use crate::operations::organizing::Organizing;
use crate::operations::pinning::Pinning;
use crate::operations::polling::Polling;
use crate::operations::preferences::Preferences;
use crate::operations::presence::Heartbeats;
use crate::operations::privacy::Privacy;
use crate::operations::push::Push;
use crate::operations::reacting::Reacting;
use crate::operations::receipts::Receipts;
use crate::operations::reporting::Reporting;
use crate::operations::scheduling::Scheduling;
use crate::operations::sending::Sending;
use crate::operations::settings::Settings;
use crate::operations::stickers::Stickers;
use crate::operations::templating::Templating;
use crate::operations::translating::Translating;
use crate::operations::typing::TypingStatus;
use crate::operations::uploading::Uploading;
use crate::operations::voice::Voice;

pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// The mutations that sockets serve: brief and frequent ones. Others go over HTTP.
pub const ON_SOCKETS: &[&str] = &["acknowledgeDelivery", "markRead", "setTypingStatus", "heartbeat"];

#[derive(MergedObject, Default)]
pub struct Mutation(Messages, Conversations, People, Files, Later);

#[derive(MergedObject, Default)]
pub struct Messages(Sending, Editing, Deleting, Receipts, Reacting, Pinning, Forwarding, Polling, Reporting);

#[derive(MergedObject, Default)]
pub struct Conversations(Creating, Membership, MessageRequests, Settings, Organizing);

#[derive(MergedObject, Default)]
pub struct People(Blocking, Preferences, Privacy, Notifications, Push, TypingStatus, Heartbeats, Templating);

#[derive(MergedObject, Default)]
pub struct Files(Uploading, Voice, Stickers);

#[derive(MergedObject, Default)]
pub struct Later(Scheduling, Translating);

/// The schema over what can be read and asked for. It runs what [`graphql::Admission`] has admitted, which
/// is valid.
pub fn schema(
    reads: Arc<Reads>,
    search: Arc<Search>,
    smart_replies: Arc<SmartReplies>,
    ingest: Arc<Ingest>,
) -> ApiSchema {
    Schema::build(Query, Mutation::default(), Subscription)
        .validation_mode(ValidationMode::Fast)
        .disable_suggestions()
        .extension(FeatureGates)
        .extension(Metering)
        .data(reads)
        .data(search)
        .data(ingest.gifs().clone())
        .data(smart_replies)
        .data(ingest)
        .finish()
}

/// The schema as text, as it is published.
pub fn sdl() -> String {
    Schema::build(Query, Mutation::default(), Subscription).finish().sdl()
}

/// Runs requests, each with rights of its own. A request with [`Mode`] in its data comes from a socket; one
/// with [`Introspection`] reads the schema, and nothing else.
pub fn executor(schema: ApiSchema) -> Executor {
    Arc::new(move |mut request| {
        if request.data.contains_key(&TypeId::of::<Mode>())
            && let Err(refused) = check_on_socket(&mut request)
        {
            return ready(Response::from_errors(vec![refused])).into_stream().boxed();
        }
        let request = if request.data.contains_key(&TypeId::of::<Introspection>()) {
            request.only_introspection()
        } else {
            request.disable_introspection()
        };
        schema.execute_stream(request.data(Rights::default()))
    })
}

/// Refuses an operation with a mutation that sockets do not serve.
fn check_on_socket(request: &mut Request) -> Result<(), ServerError> {
    let wanted = request.operation_name.clone();
    let document = request.parsed_query()?;
    for operation in named_operations(document, wanted.as_deref()) {
        if operation.ty == OperationType::Mutation {
            let fields = root_fields(&document.fragments, &operation.selection_set.node);
            let mut names = fields.iter().map(|field| field.node.name.node.as_str());
            if !names.all(|name| name == "__typename" || ON_SOCKETS.contains(&name)) {
                let refusal = Refusal::new(ErrorCode::Forbidden, "not served on sockets: use HTTP");
                return Err(server_error(refusal));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
