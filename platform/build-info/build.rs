//! Gives the crate its revision: `MUSCLEMAP_REVISION` if that is set, else what `.git` says.
//!
//! Invariants: never fails, as a source archive has no `.git`. A debug build reads nothing of `.git`:
//! otherwise each commit would link every binary and test anew.

#[path = "src/git.rs"]
mod git;

use std::path::Path;

const OVERRIDE: &str = "MUSCLEMAP_REVISION";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/git.rs");
    println!("cargo::rerun-if-env-changed={OVERRIDE}");
    let given = std::env::var(OVERRIDE).ok().filter(|revision| !revision.is_empty());
    println!("cargo::rustc-env=MUSCLEMAP_BUILD_REVISION={}", given.unwrap_or_else(revision));
}

fn revision() -> String {
    if std::env::var("PROFILE").as_deref() != Ok("release") {
        return "debug".to_owned();
    }
    let head = git::head(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    for file in head.watch {
        println!("cargo::rerun-if-changed={}", file.display());
    }
    head.revision.unwrap_or_else(|| "unknown".to_owned())
}
