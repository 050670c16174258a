//! The web client, by its own tests: `web/client` against a system that runs.

use std::path::Path;
use std::process::Command;

use musclemap_tests::System;

use crate::python::run;

const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");

/// Runs a script of a package of the client. The first call fetches packages.
pub fn script(package: &str, name: &str, variables: &[(&str, &str)]) {
    run(Command::new(format!("{WEB}/build")).arg("packages"));
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent", name]).current_dir(Path::new(WEB).join(package));
    run(npm.envs(variables.iter().copied()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_resumes_fills_holes_and_sends_once_over_cuts_and_reloads() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::standalone(&folder.path().join("data"), None).await;
    let (api, sockets) = (system.url("/graphql"), system.socket_url());
    let variables = [("MM_API", api.as_str()), ("MM_SOCKETS", &sockets)];
    tokio::task::block_in_place(|| {
        script("client", "check", &[]);
        script("client", "test", &variables);
    });
}
