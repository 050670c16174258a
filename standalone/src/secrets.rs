//! Keys of this installation, made at its first start and kept in its folder.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Keys that tokens and cursors are signed with, and ids of conversations derived by.
pub struct Secrets {
    pub tokens: [u8; 32],
    pub cursors: [u8; 32],
    pub conversations: [u8; 32],
}

impl Secrets {
    /// Reads the keys, or makes them. Nobody else may read the file.
    pub fn load(folder: &Path) -> Result<Self> {
        let file = folder.join("secrets");
        if !file.exists() {
            let random: [u8; 96] = std::array::from_fn(|_| rand::random());
            let new = folder.join("secrets.new");
            let mut options = std::fs::OpenOptions::new();
            let mut opened = options
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&new)
                .with_context(|| format!("cannot write {}", new.display()))?;
            opened.write_all(&random)?;
            opened.sync_all()?;
            std::fs::rename(&new, &file)?;
        }
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let (keys, []) = bytes.as_chunks::<32>() else {
            bail!("{} holds a part of a key", file.display());
        };
        let [tokens, cursors, conversations] = *keys else {
            bail!("{} does not hold three keys of 32 bytes", file.display());
        };
        Ok(Self { tokens, cursors, conversations })
    }
}
