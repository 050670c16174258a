//! Clients that share no code with the system: `tests/foreign`, in Python, reads every topic with the
//! published schemas and every table, and compares them with what the API says.

mod life;
mod pushes;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use musclemap_tests::System;
use musclemap_tests::site::Site;
use musclemap_tests::system::Servers;

use crate::{python, turn};
use life::People;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_clients_read_every_record_and_every_row_as_the_api_tells_them() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("policy.toml");
    let _turn = turn().await;
    let site = Site::start().await;
    let mut system = System::distributed_with_site(&Servers::shared(), Some(&policy), &site).await;
    let people = People::login(&system).await;
    tool("produce.py", &system, &people);
    life::live(&mut system, &site, &people).await;
    println!("{}", tool("read_everything.py", &system, &people));
}

/// What a program of `tests/foreign` says, told where the system stands and who its users are.
fn tool(name: &str, system: &System, people: &People) -> String {
    let ingest = &system.processes[system.of_role("ingest")[0]];
    let tokens: BTreeMap<&str, &str> =
        people.all().into_iter().map(|client| (client.user.as_str(), client.token.as_str())).collect();
    let told = [
        "MM_KAFKA__BOOTSTRAP",
        "MM_KAFKA__PREFIX",
        "MM_TABLES__NODES",
        "MM_TABLES__KEYSPACE",
        "MM_CONVERSATIONS__KEY",
    ];
    let mut command = Command::new(python::programs().join("python"));
    command
        .arg(Path::new(python::FOREIGN).join(name))
        .envs(told.map(|name| (name, system.variable(name))))
        .env("MM_API", system.url("/graphql"))
        .env("MM_ADMIN", format!("http://{}", ingest.admin))
        .env("MM_TOKENS", serde_json::to_string(&tokens).expect("JSON"))
        // What it reads and says is text, whatever the locale; and it leaves nothing in the sources.
        .envs([("PYTHONUTF8", "1"), ("PYTHONDONTWRITEBYTECODE", "1")]);
    tokio::task::block_in_place(|| python::run(&mut command))
}
