//! The audits of GraphQL over HTTP: `tests/foreign/http`, on the npm package graphql-http, asks a running
//! system all that the specification says a server must, should and may do.

use std::path::Path;

use musclemap_tests::System;
use serde_json::{Value, json};

use crate::{npm, python};

/// How many audits the package has; a new version with more is to be looked at.
const AUDITS: usize = 61;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_audit_of_graphql_over_http_passes() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::standalone(&folder.path().join("data"), None).await;
    let api = system.url("/graphql");
    let scripts = Path::new(python::FOREIGN).join("http");
    let said = tokio::task::block_in_place(|| npm::script(&scripts, "audit.mjs", &[("MM_API", &api)]));
    let saw: Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(saw, json!({ "passed": AUDITS, "failed": [] }));
}
