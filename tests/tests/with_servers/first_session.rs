//! The README's first session, typed as it stands there.

use std::process::Command;

use musclemap_tests::System;
use serde_json::Value;

use crate::python;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_readme_tells_a_newcomer_to_type_sends_a_first_message() {
    let folder = tempfile::tempdir().unwrap();
    let system = System::standalone(&folder.path().join("data"), None).await;
    let readme = include_str!("../../../README.md");
    let typed = readme.split("```").find_map(|block| block.strip_prefix("sh\npost()")).unwrap();
    let address = system.processes[0].listen.to_string();
    let typed = format!("post(){typed}").replace("127.0.0.1:8080", &address);
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &typed]);
    let said = tokio::task::block_in_place(|| python::run(&mut shell));
    let [sent, read]: [Value; 2] =
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(
        (&sent["data"]["sendMessage"]["seq"], &sent["data"]["sendMessage"]["content"]),
        (&1.into(), &"hello".into())
    );
    assert_eq!(read["data"]["credits"]["balanceMilli"], 99_900);
    assert_eq!(read["data"]["conversations"]["nodes"][0]["lastMessage"]["content"], "hello");
}
