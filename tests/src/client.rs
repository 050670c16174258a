//! A client over HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::process::{PATIENCE, http};
use crate::{System, seen};

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Of every ingest.
    urls: Vec<String>,
    /// Which of them is asked; whoever cannot be connected to is passed over.
    at: Arc<AtomicUsize>,
    /// Username.
    pub name: String,
    pub user: String,
    pub token: String,
}

/// The code of an answer's first error.
pub fn code(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["code"].as_str()
}

/// The data of an answer, which must have no errors.
pub fn data(mut answer: Value) -> Value {
    assert!(answer.get("errors").is_none(), "{answer}");
    answer["data"].take()
}

const SEND: &str = "mutation($input: SendMessageInput!) {
    sendMessage(input: $input) { id seq content clientMessageId createdAt sender { username } }
}";

/// Variables of a send.
fn sending(conversation: &str, id: Uuid, text: &str) -> Value {
    json!({ "input": { "conversationId": conversation, "clientMessageId": id, "content": text } })
}

impl Client {
    pub async fn login(server: &System, username: &str) -> Self {
        Self::login_as(server, username, json!({})).await
    }

    /// With `roles` and a `tier` in the token.
    pub async fn login_as(server: &System, username: &str, mut claims: Value) -> Self {
        claims["username"] = username.into();
        let http = http();
        let deadline = Instant::now() + PATIENCE;
        let answer = loop {
            let login = http.post(server.url("/dev/login")).json(&claims);
            let answer = login.send().await.expect("an answer");
            if answer.status().is_success() {
                break answer;
            }
            // A machine's partitions may be on their way to another process.
            assert_eq!(answer.status(), 503, "log-in");
            assert!(Instant::now() < deadline, "no log-in in time");
        };
        let answer: Value = answer.json().await.expect("JSON");
        let text = |name: &str| answer[name].as_str().expect(name).to_owned();
        let (urls, at) = (server.urls("/graphql"), Arc::new(AtomicUsize::new(server.turn())));
        Self { http, urls, at, name: username.to_owned(), user: text("userId"), token: text("token") }
    }

    /// The whole answer, errors included; `Err` if no answer came.
    pub async fn try_ask(&self, query: &str, variables: Value) -> Result<Value, reqwest::Error> {
        let answer = self.respond(query, variables.clone()).await?.json().await?;
        seen::note(query, &variables, &answer);
        Ok(answer)
    }

    /// The response with its headers. As a balancer would, asks another ingest where one cannot be connected to.
    pub async fn respond(&self, query: &str, variables: Value) -> Result<reqwest::Response, reqwest::Error> {
        let body = json!({ "query": query, "variables": variables });
        let mut passed_over = 0;
        loop {
            let at = self.at.load(Ordering::Relaxed);
            let request = self.http.post(&self.urls[at % self.urls.len()]).bearer_auth(&self.token);
            match request.json(&body).send().await {
                Err(error) if error.is_connect() && passed_over + 1 < self.urls.len() => {
                    passed_over += 1;
                    self.at.store(at + 1, Ordering::Relaxed);
                }
                answer => return answer,
            }
        }
    }

    /// The answer of the admin API; `body` is sent unless it is null.
    pub async fn administer(
        &self,
        server: &System,
        method: &str,
        path: &str,
        body: Value,
    ) -> reqwest::Response {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, server.admin_url(path)).bearer_auth(&self.token);
        let request = if body.is_null() { request } else { request.json(&body) };
        request.send().await.expect("an answer")
    }

    /// A request to the admin API that succeeds without a body.
    pub async fn administered(&self, server: &System, method: &str, path: &str, body: Value) {
        assert_eq!(self.administer(server, method, path, body).await.status(), 204, "{method} {path}");
    }

    /// The answer, errors included; asks again as long as the outcome of a mutation is not known.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.try_ask(query, variables.clone()).await.expect("an answer");
            if code(&answer) != Some("OUTCOME_PENDING") || Instant::now() > deadline {
                return answer;
            }
        }
    }

    /// The data of an answer that must have no errors; asks again as long as the service is unavailable.
    pub async fn get(&self, query: &str, variables: Value) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut answer = loop {
            let answer = self.ask(query, variables.clone()).await;
            if code(&answer) != Some("UNAVAILABLE") || Instant::now() > deadline {
                break answer;
            }
        };
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].take()
    }

    pub async fn create(&self, kind: &str, others: &[&Client]) -> String {
        let ids: Vec<&str> = others.iter().map(|other| other.user.as_str()).collect();
        let input = json!({ "kind": kind, "participantIds": ids, "clientConversationId": Uuid::new_v4() });
        let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
        let data = self.get(query, json!({ "input": input })).await;
        data["createConversation"]["id"].as_str().expect("id").to_owned()
    }

    /// The whole answer to a send; it may say that the outcome is not known.
    pub async fn try_send(&self, conversation: &str, id: Uuid, text: &str) -> Result<Value, reqwest::Error> {
        self.try_ask(SEND, sending(conversation, id, text)).await
    }

    /// Sends, and asks again with the same client id as long as the outcome is not known.
    pub async fn send(&self, conversation: &str, text: &str) -> Value {
        self.get(SEND, sending(conversation, Uuid::new_v4(), text)).await["sendMessage"].take()
    }

    pub async fn balance(&self) -> i64 {
        let data = self.get("{ credits { balanceMilli } }", json!({})).await;
        data["credits"]["balanceMilli"].as_i64().expect("balance")
    }

    /// Every message of a conversation, oldest first, page by page.
    pub async fn history(&self, conversation: &str) -> Vec<Value> {
        let query = "query($id: ID!, $after: String) {
            messages(conversationId: $id, first: 50, after: $after) {
                nodes { id seq content clientMessageId sender { id } }
                pageInfo { hasNextPage endCursor }
            }
        }";
        let mut messages = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = self.get(query, json!({ "id": conversation, "after": after })).await;
            let page = &data["messages"];
            messages.extend(page["nodes"].as_array().expect("nodes").iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                return messages;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    /// Every change of the balance, newest first.
    pub async fn ledger(&self) -> Vec<Value> {
        let query = "query($after: String) { credits { transactions(first: 50, after: $after) {
            nodes { id amountMilli balanceAfterMilli type messageId conversationId recipientCount createdAt }
            pageInfo { hasNextPage endCursor }
        } } }";
        let mut entries = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = self.get(query, json!({ "after": after })).await;
            let page = &data["credits"]["transactions"];
            entries.extend(page["nodes"].as_array().expect("nodes").iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                return entries;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}
