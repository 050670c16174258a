//! Rules for the web client: its files, as those for Rust, and the licences of packages from npm.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::licence::is_met;
use crate::sources::{MAX_LINES, undone};
use crate::tree::File;

/// What a file says first, by its extension: a comment on what it is.
const OPENINGS: [(&str, &str); 5] =
    [("ts", "// "), ("mjs", "// "), ("svelte", "<!-- "), ("css", "/* "), ("html", "<!doctype html>")];
/// Packages that build or test and are not shipped, by the beginnings of their names, with licences that bind
/// whoever changes their files.
const TOOLS: [(&str, &str); 3] =
    [("argparse", "Python-2.0"), ("axe-core", "MPL-2.0"), ("lightningcss", "MPL-2.0")];

/// `package-lock.json`.
#[derive(Debug, Deserialize)]
pub struct Lock {
    packages: BTreeMap<String, Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    license: Option<String>,
    integrity: Option<String>,
}

/// What is wrong with a file of the web client.
pub fn check(file: &File) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut found = |what: String| wrong.push(format!("{}: {what}", file.path));
    let opening = OPENINGS.iter().find(|(extension, _)| file.is(extension));
    if opening.is_some_and(|(_, opening)| !file.text.starts_with(opening)) {
        found("does not open with a comment that says what it is".to_owned());
    }
    let lines = file.text.lines().count();
    if opening.is_some() && lines > MAX_LINES {
        found(format!("has {lines} lines; {MAX_LINES} are the most"));
    }
    for what in undone(file) {
        found(what);
    }
    wrong
}

/// Packages whose licences are not allowed, and those that are not held to their bytes.
pub fn packages(lock: &Lock, allowed: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let fetched = lock.packages.iter().filter(|(_, package)| package.integrity.is_some());
    for (name, package) in fetched {
        let licence = package.license.clone().unwrap_or_default();
        let short = name.rsplit("node_modules/").next().unwrap_or_default();
        let is_tool = TOOLS.iter().any(|(tool, of_tool)| short.starts_with(tool) && licence == *of_tool);
        if !is_tool && !is_met(&licence, allowed) {
            wrong.push(format!("{name}: licence {licence:?}"));
        }
    }
    // What has no hash is of this repository: a folder, or a link to it.
    let foreign = lock.packages.iter().filter(|(name, package)| {
        package.integrity.is_none() && package.license.is_some() && name.contains("node_modules")
    });
    wrong.extend(foreign.map(|(name, _)| format!("{name}: no hash")));
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_file_of_the_client_must_not_be() {
        let long = "// A file.\n".to_owned() + &"\n".repeat(MAX_LINES);
        let undone = format!("// A file.\n// {}: later\n", concat!("TO", "DO"));
        for (path, text, wrong) in [
            ("web/a.ts", "// A file.\n", vec![]),
            ("web/a.json", "{}", vec![]),
            ("web/a.ts", "let a;\n", vec!["web/a.ts: does not open with a comment that says what it is"]),
            (
                "web/a.svelte",
                "<p>\n",
                vec!["web/a.svelte: does not open with a comment that says what it is"],
            ),
            ("web/a.ts", &long, vec!["web/a.ts: has 421 lines; 420 are the most"]),
            ("web/a.ts", &undone, vec![concat!("web/a.ts: line 2: TO", "DO")]),
        ] {
            assert_eq!(check(&File::new(path, text)), wrong, "{path}");
        }
    }

    #[test]
    fn finds_licences_that_may_not_be_shipped_and_packages_without_a_hash() {
        let lock: Lock = serde_json::from_str(
            r#"{"packages": {
                "": {"license": "Apache-2.0"}, "client": {"license": "Apache-2.0"},
                "node_modules/a": {"license": "MIT", "integrity": "sha512-1"},
                "node_modules/lightningcss-x": {"license": "MPL-2.0", "integrity": "sha512-2", "dev": true},
                "node_modules/c": {"license": "MPL-2.0", "integrity": "sha512-3", "dev": true},
                "node_modules/d": {"integrity": "sha512-4"},
                "node_modules/e": {"license": "MIT"},
                "node_modules/f": {"license": "AGPL-3.0", "integrity": "sha512-5", "dev": true}}}"#,
        )
        .unwrap();
        assert_eq!(
            packages(&lock, &["MIT".to_owned()]),
            [
                r#"node_modules/c: licence "MPL-2.0""#,
                r#"node_modules/d: licence """#,
                r#"node_modules/f: licence "AGPL-3.0""#,
                "node_modules/e: no hash",
            ]
        );
    }
}
