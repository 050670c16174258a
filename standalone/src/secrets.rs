//! Keys of this installation, made at its first start and kept in its folder.
//!
//! Invariant: keys that others could have read are not used.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use graphql::VapidPublicKey;

/// Keys that tokens and cursors are signed with, ids of conversations are derived by, and push services know the
/// installation by.
#[derive(Debug, PartialEq, Eq)]
pub struct Secrets {
    pub tokens: [u8; 32],
    pub cursors: [u8; 32],
    pub conversations: [u8; 32],
    /// Private key of P-256.
    pub vapid: [u8; 32],
}

impl Secrets {
    /// Reads the keys, or makes them. The folder is this process's.
    pub fn load(folder: &Path) -> Result<Self> {
        let file = folder.join("secrets");
        if file.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            make(folder, &file).with_context(|| format!("cannot make {}", file.display()))?;
        }
        let metadata = file.metadata().with_context(|| format!("cannot read {}", file.display()))?;
        let mode = metadata.permissions().mode() & 0o777;
        ensure!(
            mode & 0o077 == 0,
            "{0} has mode {mode:o}, so others may know the keys in it: remove it, and new ones are made (all \
             tokens and cursors end, and pairs begin new conversations), or chmod 600 it if nobody has read it",
            file.display()
        );
        let bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let of_no_use = || {
            format!(
                "{} does not hold four keys of 32 bytes: restore it; if nothing is kept yet, remove it, and \
                 new ones are made",
                file.display()
            )
        };
        let (keys, []) = bytes.as_chunks::<32>() else { bail!(of_no_use()) };
        let [tokens, cursors, conversations, vapid] = *keys else { bail!(of_no_use()) };
        VapidPublicKey::of(&vapid).with_context(of_no_use)?;
        Ok(Self { tokens, cursors, conversations, vapid })
    }
}

/// The file appears with all keys in it, or not at all.
fn make(folder: &Path, file: &Path) -> std::io::Result<()> {
    let mut random: [u8; 128] = std::array::from_fn(|_| rand::random());
    // Of 2^32 numbers one is beyond the order of the curve.
    while random.last_chunk().is_some_and(|vapid| VapidPublicKey::of(vapid).is_err()) {
        random = std::array::from_fn(|_| rand::random());
    }
    let new = folder.join("secrets.new");
    // What a crash has left is not written into: whoever made it may read it.
    match std::fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    opened.write_all(&random)?;
    opened.sync_all()?;
    std::fs::rename(&new, file)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[test]
    fn keys_are_made_once_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secrets.new"), "left by a crash").unwrap();
        let made = Secrets::load(folder.path()).unwrap();
        assert_eq!(Secrets::load(folder.path()).unwrap(), made);
        let mode = folder.path().join("secrets").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn keys_that_others_may_know_are_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        let made = Secrets::load(folder.path()).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o777] {
            std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let said = Secrets::load(folder.path()).unwrap_err().to_string();
            assert!(said.contains("chmod 600") && said.contains("remove it"), "{mode:o}: {said}");
        }
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Secrets::load(folder.path()).unwrap(), made);
        for bytes in [&[][..], &[7; 96], &[7; 127], &[7; 129], &[7; 160], &[0; 128], &[255; 128]] {
            std::fs::write(&file, bytes).unwrap();
            assert!(Secrets::load(folder.path()).unwrap_err().to_string().contains("remove it"));
        }
    }
}
