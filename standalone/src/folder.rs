//! The data folder: it and what is made in it are for its owner alone.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::Mode;
use rustix::process::umask;

/// For the owner alone.
const FOLDER: u32 = 0o700;

/// Whatever this process makes from now on is for its owner alone.
pub fn make_private() {
    umask(Mode::RWXG | Mode::RWXO);
}

/// Makes the folder, if it is not there; takes from others what they may do in it.
pub fn prepare(folder: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(FOLDER);
    builder.create(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let metadata = folder.metadata().with_context(|| format!("cannot read {}", folder.display()))?;
    if metadata.permissions().mode() & 0o777 == FOLDER {
        return Ok(());
    }
    std::fs::set_permissions(folder, Permissions::from_mode(FOLDER)).with_context(|| {
        format!("cannot take {} from others: chmod 700 it as its owner", folder.display())
    })?;
    tracing::warn!(folder = %folder.display(), "the data folder was open to others");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_for_its_owner_alone_whether_it_was_there_or_not() {
        let parent = tempfile::tempdir().unwrap();
        for (name, before) in [("new/in/new", None), ("open", Some(0o777)), ("private", Some(FOLDER))] {
            let folder = parent.path().join(name);
            if let Some(mode) = before {
                std::fs::create_dir(&folder).unwrap();
                std::fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
            }
            prepare(&folder).unwrap();
            assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, FOLDER, "{name}");
        }
    }
}
