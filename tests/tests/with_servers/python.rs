//! The tools in Python that tests run: a virtual environment with what `tests/foreign/requirements.txt`
//! names, kept in the user's cache; and one for web pushes, in `tests/foreign/push`.
//!
//! Invariant: the environment has exactly what the requirements say; when they change it is made anew.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kept;

pub const FOREIGN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/foreign");

/// Where the environment's programs are. The first call takes some seconds, and asks the package index.
pub fn programs() -> PathBuf {
    environment("foreign", &Path::new(FOREIGN).join("requirements.txt"))
}

/// Where the programs are that open web pushes.
pub fn programs_for_pushes() -> PathBuf {
    environment("foreign-push", &Path::new(FOREIGN).join("push/requirements.txt"))
}

fn environment(name: &str, requirements: &Path) -> PathBuf {
    kept::folder(name, requirements, |environment| make(environment, requirements)).join("bin")
}

fn make(environment: &Path, requirements: &Path) {
    let there = Command::new("python3").arg("--version").output().is_ok_and(|said| said.status.success());
    assert!(there, "there is no python3: apt-get install python3 python3-venv");
    let there =
        Command::new("python3").args(["-c", "import ensurepip, venv"]).output().expect("python3 runs");
    assert!(there.status.success(), "python3 has no venv: apt-get install python3-venv");
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment));
    run(Command::new(environment.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(requirements));
}

/// What a program says, if it ends with success.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    let name: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    assert!(output.status.success(), "{name:?}: {}\n{said}{complained}", output.status);
    said.into_owned()
}
