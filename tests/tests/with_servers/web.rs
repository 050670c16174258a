//! The web client, by its own tests: `web/client` and `web/app` against a system that runs, the app in
//! windows of a browser.

mod entrance;

use std::path::Path;
use std::process::Command;

use musclemap_tests::System;
use musclemap_tests::system::Servers;
use musclemap_tests::translator::Translator;

use crate::python::run;
use entrance::Entrance;

const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");

/// Fetches packages and builds the app, if that has not been done.
fn build() {
    run(&mut Command::new(format!("{WEB}/build")));
}

/// Runs a script of a package of the client.
fn script(package: &str, arguments: &[&str], variables: &[(&str, &str)]) {
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent"]).args(arguments).current_dir(Path::new(WEB).join(package));
    run(npm.envs(variables.iter().copied()));
}

/// Runs tests in a browser, whose windows are at this address; the platform speaks to the system itself.
fn browse(system: &System, address: &str, tests: &str) {
    let chromium = run(&mut Command::new(format!("{WEB}/browser/chromium")));
    let operators = system.admin_url("");
    let variables =
        [("MM_WEB", address), ("MM_CHROMIUM", chromium.trim()), ("MM_OPERATORS", operators.as_str())];
    script("browser", &["test", "--", tests], &variables);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_resumes_fills_holes_and_sends_once_over_cuts_and_reloads() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::standalone(&folder.path().join("data"), None).await;
    let (api, sockets) = (system.url("/graphql"), system.socket_url());
    let variables = [("MM_API", api.as_str()), ("MM_SOCKETS", &sockets)];
    tokio::task::block_in_place(|| {
        build();
        script("client", &["check"], &[]);
        script("client", &["test"], &variables);
    });
}

#[test]
fn the_apps_types_texts_and_size_hold() {
    build();
    script("app", &["check"], &[]);
    script("app", &["test"], &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_windows_show_what_two_users_do_by_keyboard_too_and_for_who_cannot_see() {
    tokio::task::block_in_place(build);
    let (folder, translator) = (tempfile::tempdir().unwrap(), Translator::start().await);
    let system = System::standalone_with_translator(&folder.path().join("data"), &translator).await;
    tokio::task::block_in_place(|| browse(&system, &system.url(""), "tests/"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_windows_show_the_same_where_sockets_are_another_process() {
    let _turn = crate::turn().await;
    tokio::task::block_in_place(build);
    let system = System::distributed(&Servers::shared(), None).await;
    let entrance = Entrance::open(&system).await;
    tokio::task::block_in_place(|| browse(&system, &entrance.url(), "tests/chat.test.mjs"));
}
