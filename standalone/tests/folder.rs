//! What only a system in one folder can meet.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tests::System;

/// The operators' tool on a folder, which opens it and ends.
fn operate(data: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone"));
    command.arg("--data-dir").arg(data).args(["dlq", "list"]).output().expect("it runs")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder and everything in it.
fn everything(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
        match entry.file_type().expect("a type").is_dir() {
            true => found.extend(everything(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

#[tokio::test]
async fn a_folder_is_used_by_one_process_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _server = System::standalone(&data, None).await;
    let second = operate(&data);
    assert!(!second.status.success());
    let said = complaint(&second);
    assert!(said.contains("in use") || said.contains("lock"), "{said}");
}

#[tokio::test]
async fn what_is_in_the_folder_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = System::standalone(&data, None).await;
    assert!(everything(&data).len() > 5);
    for path in everything(&data) {
        // A table may have gone meanwhile.
        let Ok(metadata) = path.metadata() else { continue };
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{}", path.display());
    }
    // Keys that others may have read are not used.
    assert!(server.end().await);
    fs::set_permissions(data.join("secrets"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone"));
    command.arg("--data-dir").arg(&data).args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    let refused = command.output().unwrap();
    assert!(!refused.status.success());
    assert!(complaint(&refused).contains("chmod 600"), "{}", complaint(&refused));
}

#[tokio::test]
async fn a_damaged_folder_is_refused_with_an_exit_code_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(System::standalone(&data, None).await.end().await);
    assert!(operate(&data).status.success());
    for journal in everything(&data).iter().filter(|path| path.extension().is_some_and(|end| end == "jnl")) {
        fs::OpenOptions::new().write(true).open(journal).unwrap().set_len(0).unwrap();
    }
    let refused = operate(&data);
    assert_eq!(refused.status.code(), Some(65));
    let said = complaint(&refused);
    assert!(said.contains("damaged") && said.contains("backup"), "{said}");
}

#[test]
fn log_in_without_a_password_is_refused_where_others_connect() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone"));
    command.arg("--data-dir").arg(folder.path()).args(["--dev-login", "--listen", "0.0.0.0:0"]);
    let refused = command.output().unwrap();
    assert!(!refused.status.success());
    assert!(complaint(&refused).contains("loopback"), "{}", complaint(&refused));
}
