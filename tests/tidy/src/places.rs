//! Paths and hosts of one machine, which mean nothing on another.

use crate::tree::File;

/// Folders of a person's or a build machine's.
const FOLDERS: [&str; 4] = ["root", "home", "work", "Users"];

/// Package registries: which one is asked is a setting of the machine. Spelled apart, so that this
/// file keeps the rule.
const REGISTRIES: [&str; 9] = [
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("pypi.", "org"),
    concat!("files.", "pythonhosted.org"),
    concat!("repo.", "maven.apache.org"),
    concat!("repo1.", "maven.org"),
    concat!("proxy.", "golang.org"),
];

/// Hosts that files which tools write may name: where crates are indexed, and the schemas of Maven's files.
const HOSTS_IN_BUILD_FILES: [&str; 4] = ["github.com", "maven.apache.org", "www.w3.org", "127.0.0.1"];
const BUILD_FILES: [&str; 6] =
    ["Cargo.lock", "Cargo.toml", "package.json", "package-lock.json", "pom.xml", "requirements.txt"];

/// Where a file names a place of one machine.
pub fn check(file: &File) -> Vec<String> {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let is_build_file = BUILD_FILES.contains(&name);
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let mut found = |what: String| wrong.push(format!("{}:{number}: {what}", file.path));
        if let Some(folder) = FOLDERS.iter().find(|folder| names_folder(line, folder)) {
            found(format!("a folder of one machine, under /{folder}"));
        }
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
            found(format!("a package registry, {host}"));
        }
        for host in hosts(line).filter(|host| is_build_file && !HOSTS_IN_BUILD_FILES.contains(host)) {
            found(format!("a host that a build file has no need of, {host}"));
        }
    }
    wrong
}

/// An absolute path: nothing of a path or an element's name stands before it.
fn names_folder(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    line.match_indices(&path).any(|(at, path)| {
        let before = line[..at].chars().next_back();
        let inside = |c: char| c.is_alphanumeric() || "._-/<}*~$)".contains(c);
        let next = line[at + path.len()..].chars().next();
        !before.is_some_and(inside) && next.is_some_and(|c| c.is_alphanumeric() || "._-".contains(c))
    })
}

fn hosts(line: &str) -> impl Iterator<Item = &str> {
    let urls = line.split("://").skip(1);
    urls.filter_map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-')).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_folders_and_hosts_of_one_machine() {
        let home = format!("cd /{}/ann/project", "home");
        let registry = format!("https://{}/simple", REGISTRIES[4]);
        for (path, line, count) in [
            ("a.md", &*home, 1),
            ("a.md", "see docs/home/page.md and $HOME/home/x", 0),
            ("a.xml", "</root>", 0),
            ("a.md", &registry, 1),
            ("a.md", "https://mirror.example/x", 0),
            ("tests/package-lock.json", "\"resolved\": \"https://mirror.example/x\"", 1),
            ("Cargo.lock", "registry+https://github.com/rust-lang/crates.io-index", 0),
        ] {
            assert_eq!(check(&File::new(path, line)).len(), count, "{path}: {line}");
        }
    }
}
