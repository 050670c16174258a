//! What a test asked and what it was answered, as the tests' clients note it: a line of JSON each.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct Exchange {
    pub stack: String,
    pub test: String,
    pub document: String,
    pub variables: Value,
    /// `data` and `errors`.
    pub answer: Value,
}

/// Every line of every file of a folder.
pub fn read(folder: &Path) -> Result<Vec<Exchange>> {
    let mut exchanges = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let text = std::fs::read_to_string(entry?.path())?;
        // The last line of a test that was killed may be cut.
        exchanges.extend(text.lines().filter_map(|line| serde_json::from_str(line).ok()));
    }
    Ok(exchanges)
}
