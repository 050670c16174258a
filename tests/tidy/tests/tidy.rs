//! The tree keeps its rules.

use std::collections::BTreeSet;
use std::process::Command;

use musclemap_tidy::dependencies::{Deny, Lock, Metadata};
use musclemap_tidy::tree::{File, files, root};
use musclemap_tidy::{documents, places, sources, web, words};
use schemas::{ErrorCode, tables, topics};
use serde::de::DeserializeOwned;

const NOTHING: [String; 0] = [];

fn rust() -> Vec<&'static File> {
    let rust: Vec<&File> = files().iter().filter(|file| file.is("rs")).collect();
    assert!(rust.len() > 300, "only {} Rust files are found", rust.len());
    rust
}

fn page(path: &str) -> &'static File {
    files().iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is missing"))
}

fn toml<T: DeserializeOwned>(path: &str) -> T {
    toml::from_str(&page(path).text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A list of tidy's own.
fn list(name: &str) -> &'static str {
    &page(&format!("tests/tidy/{name}.txt")).text
}

/// Names that ARCHITECTURE.md does not have in backticks.
fn unnamed<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let page = &page("ARCHITECTURE.md").text;
    names.into_iter().filter(|name| !page.contains(&format!("`{name}`"))).collect()
}

fn members() -> Vec<String> {
    let workspace: toml::Table = toml("Cargo.toml");
    let members = workspace["workspace"]["members"].as_array().expect("members");
    members.iter().map(|member| member.as_str().expect("a folder").to_owned()).collect()
}

#[test]
fn rust_files_are_short_named_by_their_role_open_with_what_they_are_and_leave_nothing_undone() {
    assert_eq!(rust().into_iter().flat_map(sources::check).collect::<Vec<_>>(), NOTHING);
}

#[test]
fn files_of_the_web_client_are_short_open_with_what_they_are_and_leave_nothing_undone() {
    let files: Vec<&File> = files().iter().filter(|file| file.path.starts_with("web/")).collect();
    assert!(files.len() > 20, "only {} files of the web client are found", files.len());
    assert_eq!(files.into_iter().flat_map(web::check).collect::<Vec<_>>(), NOTHING);
}

#[test]
fn packages_from_npm_have_allowed_licences_and_hashes() {
    let deny: Deny = toml("deny.toml");
    let locks: Vec<&File> = files().iter().filter(|file| file.path.ends_with("package-lock.json")).collect();
    assert!(locks.len() > 2);
    for file in locks {
        let lock: web::Lock = serde_json::from_str(&file.text).expect("a lock file");
        assert_eq!(web::packages(&lock, deny.allowed()), NOTHING, "{}", file.path);
    }
}

#[test]
fn facts_are_named_only_where_they_are_defined_built_and_matched_in_full() {
    let list = list("facts");
    let allowed: Vec<&str> = words::entries(list).collect();
    let (inside, outside): (Vec<&File>, Vec<&File>) =
        rust().into_iter().partition(|file| allowed.iter().any(|path| file.path.starts_with(path)));
    let outside = outside.into_iter().filter(|file| !file.path.starts_with("tests/tidy/"));
    assert_eq!(outside.flat_map(sources::facts).collect::<Vec<_>>(), NOTHING);

    let is_idle = |path: &&str| {
        !inside.iter().any(|file| file.path.starts_with(*path) && !sources::facts(file).is_empty())
    };
    let idle: Vec<&str> = allowed.into_iter().filter(is_idle).collect();
    assert!(idle.is_empty(), "tests/tidy/facts.txt allows what names no fact: {idle:?}");
}

#[test]
fn retired_identifiers_stay_away() {
    let retired = words::read(list("retired"));
    assert!(retired.iter().all(|retired| !retired.instead.is_empty()), "each has a name in its place");
    let wrong = rust().into_iter().flat_map(|file| words::check(file, &retired, false));
    assert_eq!(wrong.collect::<Vec<_>>(), NOTHING);
}

#[test]
fn pages_are_in_plain_technical_english() {
    /// Beginnings of the paths of pages that are held to it.
    const PAGES: [&str; 4] = ["docs/", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];
    let vague = words::read(list("prose"));
    let held = files().iter().filter(|file| PAGES.iter().any(|path| file.path.starts_with(path)));
    assert_eq!(held.flat_map(|file| words::check(file, &vague, true)).collect::<Vec<_>>(), NOTHING);
}

#[test]
fn no_file_names_a_place_of_one_machine() {
    assert_eq!(files().iter().flat_map(places::check).collect::<Vec<_>>(), NOTHING);
}

#[test]
fn links_of_pages_lead_to_files() {
    let pages = files().iter().filter(|file| file.is("md"));
    let broken = pages.flat_map(|page| documents::broken_links(page, &root()));
    assert_eq!(broken.collect::<Vec<_>>(), NOTHING);
}

#[test]
fn files_that_the_architecture_names_exist() {
    assert_eq!(documents::missing_files(page("ARCHITECTURE.md"), &root()), NOTHING);
}

#[test]
fn the_architecture_names_every_crate_by_folder_and_package() {
    let members = members();
    assert!(members.len() > 10);
    assert_eq!(unnamed(members.iter().map(String::as_str)), Vec::<&str>::new());
    let manifests: Vec<toml::Table> =
        members.iter().map(|folder| toml(&format!("{folder}/Cargo.toml"))).collect();
    let packages = manifests.iter().map(|manifest| manifest["package"]["name"].as_str().expect("a name"));
    assert_eq!(unnamed(packages), Vec::<&str>::new());
}

#[test]
fn the_architecture_names_every_topic_table_and_error_code() {
    assert_eq!(unnamed(topics::ALL.map(|topic| topic.name)), Vec::<&str>::new());
    assert_eq!(unnamed(tables::ALL.map(|table| table.name)), Vec::<&str>::new());
    assert_eq!(unnamed(ErrorCode::ALL.map(ErrorCode::as_str)), Vec::<&str>::new());
}

#[test]
fn crates_inherit_lints_version_and_licence() {
    for folder in members() {
        let manifest: toml::Table = toml(&format!("{folder}/Cargo.toml"));
        let inherits =
            |table: &toml::Value| table.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        assert!(inherits(&manifest["lints"]), "{folder}: lints");
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            assert!(inherits(&manifest["package"][key]), "{folder}: {key}");
        }
    }
}

#[test]
fn decisions_are_numbered_complete_and_in_the_index() {
    const FOLDER: &str = "docs/adr/";
    let index = &page("docs/adr/README.md").text;
    let decisions: Vec<&File> = files()
        .iter()
        .filter(|file| file.path.starts_with(FOLDER) && !file.path.ends_with("README.md"))
        .collect();
    assert_eq!(decisions.iter().copied().flat_map(documents::check_decision).collect::<Vec<_>>(), NOTHING);

    let names: Vec<&str> = decisions.iter().map(|file| &file.path[FOLDER.len()..]).collect();
    let numbers: BTreeSet<&str> = names.iter().map(|name| &name[..4]).collect();
    assert_eq!(numbers.len(), names.len(), "each has a number of its own");
    assert!(numbers.iter().all(|number| number.bytes().all(|digit| digit.is_ascii_digit())), "{numbers:?}");
    let unlisted: Vec<&&str> = names.iter().filter(|name| !index.contains(&format!("]({name})"))).collect();
    assert!(unlisted.is_empty(), "not in the index: {unlisted:?}");
}

/// Licences and features of what is built for this target; crates of other targets need not be here.
#[test]
fn dependencies_have_allowed_licences_and_features() {
    let version = Command::new("rustc").arg("-vV").output().expect("rustc");
    let version = String::from_utf8(version.stdout).expect("UTF-8");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Metadata = serde_json::from_slice(&cargo.stdout).expect("metadata");
    assert!(metadata.packages.len() > 300);
    let deny: Deny = toml("deny.toml");
    assert_eq!([deny.licences(&metadata), deny.features(&metadata)].concat(), NOTHING);
}

#[test]
fn dependencies_are_not_banned_and_come_from_known_sources() {
    let lock: Lock = toml("Cargo.lock");
    assert!(lock.package.len() > 300);
    let deny: Deny = toml("deny.toml");
    assert_eq!(deny.crates(&lock), NOTHING);
    assert!(deny.lenient().is_empty(), "warns only: {:?}", deny.lenient());
}
