//! What `make run` starts: the demo is made once, and the web client, or that it is missing, is at `/`.

use std::path::Path;

use musclemap_tests::process::{Process, Start, http};
use serde_json::{Value, json};

fn start(folder: &Path, web: &Path) -> Start {
    let flag = |name: &str, value: &Path| [name.to_owned(), value.display().to_string()];
    let mut arguments = vec!["--dev-login".to_owned(), "--demo".to_owned()];
    arguments.extend(flag("--data-dir", &folder.join("data")));
    arguments.extend(flag("--web", web));
    Start { program: "standalone", arguments, variables: vec![], log: folder.join("log") }
}

async fn post(process: &Process, path: &str, token: &str, body: Value) -> Value {
    let url = format!("http://{}{path}", process.listen);
    let answer = http().post(url).bearer_auth(token).json(&body).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}

async fn conversations(process: &Process) -> Value {
    let login =
        http().post(format!("http://{}/dev/login", process.listen)).json(&json!({ "username": "maya" }));
    let login: Value = login.send().await.expect("an answer").json().await.expect("JSON");
    let query = "{ me { displayName } conversations { nodes { title lastSeq unreadCount lastMessage {
        contentType card { ... on Poll { options { votes } } }
    } } } }";
    let token = login["token"].as_str().expect("a token");
    post(process, "/graphql", token, json!({ "query": query })).await["data"].take()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_is_told_once_and_the_page_says_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let web = folder.path().join("dist");
    let mut process = Process::spawn(start(folder.path(), &web));
    process.wait_until_ready().await;
    let told = conversations(&process).await;
    assert_eq!(
        told,
        json!({ "me": { "displayName": "Maya Chen" }, "conversations": { "nodes": [
            { "title": null, "lastSeq": 12, "unreadCount": 3, "lastMessage": { "contentType": "TEXT", "card": null } },
            { "title": "Morning runners", "lastSeq": 16, "unreadCount": 4, "lastMessage": {
                "contentType": "POLL", "card": { "options": [{ "votes": 2 }, { "votes": 0 }, { "votes": 1 }] },
            } },
        ] } })
    );
    let page = http().get(format!("http://{}/", process.listen)).send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.text().await.unwrap().contains("The web client is not built."));

    assert!(process.end().await);
    std::fs::create_dir(&web).unwrap();
    std::fs::write(web.join("index.html"), "<!doctype html>").unwrap();
    process.respawn();
    process.wait_until_ready().await;
    assert_eq!(conversations(&process).await, told);
    let page = http().get(format!("http://{}/", process.listen)).send().await.unwrap();
    assert!(page.headers().contains_key("content-security-policy"));
    assert_eq!(page.text().await.unwrap(), "<!doctype html>");
}
