//! The documents name what there is.

use fanout::protocol::CloseCode;
use schemas::{ErrorCode, tables, topics};

const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");
const WORKSPACE: &str = include_str!("../../Cargo.toml");

fn missing<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    names.into_iter().filter(|name| !ARCHITECTURE.contains(&format!("`{name}`"))).collect()
}

#[test]
fn the_architecture_names_every_crate() {
    let workspace: toml::Table = WORKSPACE.parse().unwrap();
    let members = workspace["workspace"]["members"].as_array().unwrap();
    let folders: Vec<&str> = members.iter().map(|member| member.as_str().unwrap()).collect();
    assert!(folders.len() > 10);
    assert_eq!(missing(folders), Vec::<&str>::new());
}

#[test]
fn the_architecture_names_every_topic_table_and_code() {
    assert_eq!(missing(topics::ALL.map(|topic| topic.name)), Vec::<&str>::new());
    assert_eq!(missing(tables::ALL.map(|table| table.name)), Vec::<&str>::new());
    assert_eq!(missing(ErrorCode::ALL.map(ErrorCode::as_str)), Vec::<&str>::new());
    let unnamed: Vec<u16> = CloseCode::ALL
        .map(CloseCode::code)
        .into_iter()
        .filter(|code| !ARCHITECTURE.contains(&format!("\n| {code} |")))
        .collect();
    assert_eq!(unnamed, Vec::<u16>::new());
}

/// What the page points at is there.
#[test]
fn files_that_the_architecture_names_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let named = ARCHITECTURE.split('`').skip(1).step_by(2).filter(|name| name.ends_with(".rs"));
    let gone: Vec<&str> = named.filter(|name| !root.join(name).exists()).collect();
    assert_eq!(gone, Vec::<&str>::new());
}
