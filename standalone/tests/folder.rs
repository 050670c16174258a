//! What only a system in one folder can meet.

use std::process::Command;

use tests::System;

#[tokio::test]
async fn a_folder_is_used_by_one_process_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _server = System::standalone(&data, None).await;
    let mut second = Command::new(env!("CARGO_BIN_EXE_standalone"));
    let second = second.arg("--data-dir").arg(&data).args(["dlq", "list"]).output().unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("in use") || said.contains("lock"), "{said}");
}
