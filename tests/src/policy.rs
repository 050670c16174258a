//! Policies of tests: the shipped one, with changes.

use std::path::PathBuf;

use tempfile::TempDir;

pub const SHIPPED: &str = include_str!("../../deploy/policy/policy.toml");

/// A policy with other texts in place of some that must stand in it.
pub fn changed(policy: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(policy.to_owned(), |policy, (stands, wanted)| {
        assert!(policy.contains(stands), "{stands}");
        policy.replace(stands, wanted)
    })
}

/// A file for a policy, removed with it.
pub struct PolicyFile {
    folder: TempDir,
}

impl PolicyFile {
    pub fn with(policy: &str) -> Self {
        let file = Self { folder: tempfile::tempdir().expect("a folder") };
        file.write(policy);
        file
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("policy.toml")
    }

    pub fn write(&self, policy: &str) {
        std::fs::write(self.path(), policy).expect("a policy");
    }
}
