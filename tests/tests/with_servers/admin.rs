//! The admin API as it describes itself: `schemathesis`, from PyPI, makes requests out of the description, good ones
//! and bad ones, and holds each answer to it.

use std::process::Command;

use musclemap_tests::System;
use musclemap_tests::acts::admin;

use crate::python;

/// Requests for each operation in each phase.
const REQUESTS: &str = "100";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_of_the_admin_api_contradicts_its_description() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::standalone(&folder.path().join("data"), None).await;
    let admin = admin(&system).await;
    let mut command = Command::new(python::programs().join("schemathesis"));
    command
        .current_dir(folder.path())
        .args(["--no-color", "run", "--seed", "1", "--generation-database", "none"])
        .args(["--max-examples", REQUESTS, "--header", &format!("Authorization: Bearer {}", admin.token)])
        .arg(system.admin_url("/openapi.json"))
        .env("PYTHONUTF8", "1");
    let said = tokio::task::block_in_place(|| python::run(&mut command));
    assert!(said.contains("8 selected") || said.contains("8 / 8"), "every operation is tested: {said}");
}
