//! The packages from npm that tests run: what `tests/foreign/sockets/package-lock.json` names, kept in the
//! user's cache.
//!
//! Invariant: the packages are exactly those that the lock file names, by their hashes; when it changes
//! they are fetched anew.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::python::run;

/// The oldest Node that the packages run on.
const NODE: u32 = 20;

/// What a script says, run among the packages. The first call takes some seconds, and asks the package
/// index.
pub fn script(folder: &Path, name: &str, variables: &[(&str, &str)]) -> String {
    let packages = packages(folder);
    // Modules are looked for beside the script alone; this leaves nothing in the sources.
    let place = tempfile::tempdir().expect("a folder");
    fs::copy(folder.join(name), place.path().join(name)).expect("a copy of the script");
    symlink(packages, place.path().join("node_modules")).expect("the packages beside it");
    run(Command::new("node").arg(place.path().join(name)).envs(variables.iter().copied()))
}

fn packages(folder: &Path) -> PathBuf {
    let home = std::env::var_os("HOME").expect("HOME is set");
    let cache = Path::new(&home).join(".cache/musclemap");
    let kept = cache.join("foreign-sockets");
    fs::create_dir_all(&kept).expect("a folder for what is kept");
    let lock = File::create(cache.join("foreign-sockets.lock")).expect("a file to lock");
    lock.lock().expect("nobody else fetches the packages");

    let packages = kept.join("node_modules");
    let wanted = fs::read_to_string(folder.join("package-lock.json")).expect("a lock file");
    // Written last, and removed with the packages, so that what was not finished is fetched anew.
    let made = packages.join("package-lock.json");
    if fs::read_to_string(&made).ok().as_ref() != Some(&wanted) {
        fetch(folder, &kept);
        fs::write(&made, wanted).expect("a note of what is there");
    }
    packages
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
