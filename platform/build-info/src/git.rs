//! The commit that is checked out, read from `.git` without git: build scripts run where it is absent.
//!
//! Invariant: whatever is missing or malformed gives no revision, never an error.

use std::fs;
use std::path::{Path, PathBuf};

/// Digits of a commit that are shown.
const SHOWN: usize = 12;

pub struct Head {
    pub revision: Option<String>,
    /// Existing paths, one of which changes when the revision does.
    pub watch: Vec<PathBuf>,
}

/// The commit that is checked out in the work tree at `root`.
pub fn head(root: &Path) -> Head {
    let Some(git) = git_dir(root) else { return Head { revision: None, watch: vec![] } };
    // A linked work tree has a HEAD of its own, and shares branches with the main one.
    let common = read(&git.join("commondir")).map_or_else(|| git.clone(), |path| git.join(path));
    let head = read(&git.join("HEAD")).unwrap_or_default();
    let mut watch = vec![git.join("HEAD"), common.join("packed-refs")];
    let commit = match head.strip_prefix("ref: ") {
        None => Some(head),
        Some(branch) => {
            let file = common.join(branch);
            // While the branch is packed, its file appears with the next commit: its folder changes.
            watch.extend(file.ancestors().find(|path| path.exists()).map(Path::to_owned));
            read(&file).or_else(|| packed(&common, branch))
        }
    };
    watch.retain(|path| path.exists());
    Head { revision: commit.as_deref().and_then(shown), watch }
}

/// `.git` is a folder, or a file that names one.
fn git_dir(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    Some(root.join(read(&git)?.strip_prefix("gitdir: ")?))
}

fn packed(common: &Path, branch: &str) -> Option<String> {
    let refs = read(&common.join("packed-refs"))?;
    let mut pairs = refs.lines().filter_map(|line| line.split_once(' '));
    pairs.find(|(_, name)| *name == branch).map(|(commit, _)| commit.to_owned())
}

fn shown(commit: &str) -> Option<String> {
    let is_hash = commit.len() >= 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| commit[..SHOWN].to_owned())
}

fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// What is read of a tree with these files, and which of its files are watched.
    fn read_of(files: &[(&str, &str)]) -> (Option<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let head = head(&folder.path().join("tree"));
        let root = folder.path().to_str().unwrap();
        let watch = head.watch.iter().map(|path| path.to_str().unwrap().replace(root, ""));
        (head.revision, watch.collect())
    }

    #[test]
    fn a_revision_is_found_wherever_git_keeps_it() {
        let (line, found) = (format!("{COMMIT}\n"), Some("0123456789ab".to_owned()));
        let packed = format!("# pack-refs with: peeled\n{COMMIT} refs/heads/main\n");
        let branch = ("tree/.git/HEAD", "ref: refs/heads/main\n");

        let loose = read_of(&[branch, ("tree/.git/refs/heads/main", &line)]);
        assert_eq!(loose.0, found);
        assert_eq!(loose.1, ["/tree/.git/HEAD", "/tree/.git/refs/heads/main"]);

        let packed = read_of(&[branch, ("tree/.git/packed-refs", &packed), ("tree/.git/refs/heads/x", "")]);
        assert_eq!(packed.0, found);
        assert_eq!(packed.1, ["/tree/.git/HEAD", "/tree/.git/packed-refs", "/tree/.git/refs/heads"]);

        assert_eq!(read_of(&[("tree/.git/HEAD", &line)]).0, found, "detached");
        let linked = [
            ("tree/.git", "gitdir: ../main/.git/worktrees/tree\n"),
            ("main/.git/worktrees/tree/HEAD", "ref: refs/heads/other\n"),
            ("main/.git/worktrees/tree/commondir", "../..\n"),
            ("main/.git/refs/heads/other", &line),
        ];
        assert_eq!(read_of(&linked).0, found, "a linked work tree");
    }

    #[test]
    fn what_is_missing_or_malformed_gives_no_revision() {
        let malformed = [
            vec![],
            vec![("tree/.git/objects/x", "")],
            vec![("tree/.git/HEAD", "ref: refs/heads/unborn\n")],
            vec![("tree/.git/HEAD", "ref: refs/heads/.invalid\n")],
            vec![("tree/.git/HEAD", "no commit\n")],
            vec![("tree/.git", "no folder\n")],
        ];
        for files in malformed {
            assert_eq!(read_of(&files).0, None, "{files:?}");
        }
    }
}
