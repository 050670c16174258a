//! The packages from npm that tests run: what a `package-lock.json` below `tests/foreign` names, kept in the
//! user's cache.
//!
//! Invariant: the packages are exactly those that the lock file names, by their hashes; when it changes
//! they are fetched anew.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::kept;
use crate::python::run;

/// The oldest Node that the packages run on.
const NODE: u32 = 20;

/// What a script says, run among the packages. The first call takes some seconds, and asks the package
/// index.
pub fn script(folder: &Path, name: &str, variables: &[(&str, &str)]) -> String {
    let list = folder.join("package-lock.json");
    let last = folder.file_name().and_then(|last| last.to_str()).expect("a folder's name");
    let name_of = format!("foreign-{last}");
    let packages = kept::folder(&name_of, &list, |kept| fetch(folder, kept)).join("node_modules");
    // Modules are looked for beside the script alone; this leaves nothing in the sources.
    let place = tempfile::tempdir().expect("a folder");
    fs::copy(folder.join(name), place.path().join(name)).expect("a copy of the script");
    symlink(packages, place.path().join("node_modules")).expect("the packages beside it");
    run(Command::new("node").arg(place.path().join(name)).envs(variables.iter().copied()))
}

fn fetch(folder: &Path, kept: &Path) {
    let node = Command::new("node").arg("--version").output().map(|said| said.stdout).unwrap_or_default();
    let node = String::from_utf8_lossy(&node).into_owned();
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    assert!(major >= Some(NODE), "there is no node of {NODE} or later ({node:?}): install Node.js {NODE}");
    let there = Command::new("npm").arg("--version").output().is_ok_and(|said| said.status.success());
    assert!(there, "there is no npm: install the one that comes with Node.js {NODE}");
    for name in ["package.json", "package-lock.json"] {
        fs::copy(folder.join(name), kept.join(name)).expect("a copy");
    }
    run(Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(kept));
}
