//! A demo: users, a conversation of two and a group, made through the public API.
//!
//! Invariant: every message has a client id of its place in the story, so what a start that was broken off
//! has made is not made twice; once the story is whole it is not told again.

mod story;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use graphql::auth::Authenticator;
use ingest::Ingest;
use platform::clock::Clock;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use story::{Chat, LINES, Line, PEOPLE, POLL, TOUCHES, Touch};

/// The most bytes of an answer.
const MAX_ANSWER: usize = 1 << 20;
/// Client ids count up from here.
const FIRST_ID: u128 = 0x6d75_7363_6c65_4d61_8000_7000_0000_0000;

const CREATE: &str =
    "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id lastSeq } }";
const SEND: &str = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
const READ: &str =
    "mutation($id: ID!, $message: ID!) { markRead(conversationId: $id, upToMessageId: $message) }";

const REACT: &str =
    "mutation($message: ID!, $emoji: String!) { addReaction(messageId: $message, emoji: $emoji) { id } }";
const PIN: &str = "mutation($message: ID!) { pinMessage(messageId: $message) { id } }";
const ASK: &str = "mutation($id: ID!, $question: String!, $options: [String!]!, $client: UUID!) {
    createPoll(conversationId: $id, question: $question, options: $options, clientMessageId: $client) {
        id card { ... on Poll { options { id } } }
    }
}";
const VOTE: &str = "mutation($message: ID!, $options: [ID!]!) {
    votePoll(messageId: $message, optionIds: $options) { id }
}";
const SHOW: &str =
    "mutation { updatePrivacySettings(input: { showOnlineStatus: EVERYONE }) { showOnlineStatus } }";

/// The demo's users, the one to begin with first.
pub fn users() -> Vec<String> {
    PEOPLE.iter().map(|(username, _)| (*username).to_owned()).collect()
}

/// Someone of the demo, signed in.
struct Person {
    id: String,
    token: String,
}

/// Tells the story to the API.
pub struct Demo<'a> {
    pub requests: &'a Router,
    pub ingest: &'a Ingest,
    pub authenticator: &'a Authenticator,
    pub clock: &'a dyn Clock,
}

impl Demo<'_> {
    pub async fn tell(&self) -> Result<()> {
        let mut people = Vec::new();
        for (username, display_name) in PEOPLE {
            let user = self.ingest.welcome(username, display_name).await;
            let user = user.map_err(|refusal| anyhow::anyhow!("{username}: {}", refusal.detail))?;
            let token = self.authenticator.issue(&user, vec![], None, self.clock.now())?;
            people.push(Person { id: user.to_string(), token });
        }
        // The conversation of two gets its messages last: once it is whole, so is the story.
        let (last, count) = self.open(&people, Chat::Pair).await?;
        let whole = LINES.iter().filter(|line| line.chat == Chat::Pair).count();
        if count >= whole {
            return Ok(());
        }
        for person in &people {
            self.ask(person, SHOW, json!({})).await?;
        }
        let (group, _) = self.open(&people, Chat::Group).await?;
        let sent = self.converse(&people, Chat::Group, &group).await?;
        for touch in &TOUCHES {
            self.touch(&people, &sent, touch).await?;
        }
        self.poll(&people, &group).await?;
        self.converse(&people, Chat::Pair, &last).await.map(drop)
    }

    /// Opens a conversation; gives its id, and how many messages it has.
    async fn open(&self, people: &[Person], chat: Chat) -> Result<(String, usize)> {
        let [first, others @ ..] = people else { anyhow::bail!("the demo has no users") };
        let others: Vec<&str> = others.iter().map(|person| &*person.id).collect();
        let mut input = match chat {
            Chat::Pair => json!({ "kind": "DIRECT", "participantIds": [others[0]] }),
            Chat::Group => json!({ "kind": "GROUP", "participantIds": others, "title": story::GROUP }),
        };
        input["clientConversationId"] = json!(id(chat, 0));
        let made = self.ask(first, CREATE, json!({ "input": input })).await?;
        let made = &made["createConversation"];
        let count = made["lastSeq"].as_u64().and_then(|seq| usize::try_from(seq).ok());
        Ok((text(&made["id"])?, count.context("a number")?))
    }

    /// Sends the messages of a conversation, and lets those be read whom an answer follows; their ids.
    async fn converse(&self, people: &[Person], chat: Chat, conversation: &str) -> Result<Vec<String>> {
        let mut sent: Vec<String> = Vec::new();
        for (at, line) in LINES.iter().filter(|line| line.chat == chat).enumerate() {
            let Line { author, text: content, reply_to, .. } = line;
            let reply = reply_to.and_then(|at| sent.get(at));
            let input = json!({
                "conversationId": conversation, "clientMessageId": id(chat, at + 1), "content": content,
                "replyToId": reply,
            });
            let author = people.get(*author).context("an author")?;
            sent.push(text(&self.ask(author, SEND, json!({ "input": input })).await?["sendMessage"]["id"])?);
        }
        let read = sent.len().checked_sub(story::UNREAD).and_then(|at| sent.get(at - 1));
        let variables = json!({ "id": conversation, "message": read.context("a message to be read")? });
        let first = people.first().context("the demo has no users")?;
        self.ask(first, READ, variables).await?;
        Ok(sent)
    }

    async fn touch(&self, people: &[Person], sent: &[String], touch: &Touch) -> Result<()> {
        let (author, message, query, emoji) = match *touch {
            Touch::React { author, to, emoji } => (author, to, REACT, Some(emoji)),
            Touch::Pin { author, message } => (author, message, PIN, None),
        };
        let message = sent.get(message).context("a message that was sent")?;
        let mut variables = json!({ "message": message });
        if let Some(emoji) = emoji {
            variables["emoji"] = json!(emoji);
        }
        self.ask(people.get(author).context("an author")?, query, variables).await.map(drop)
    }

    async fn poll(&self, people: &[Person], group: &str) -> Result<()> {
        let variables = json!({
            "id": group, "question": POLL.question, "options": POLL.options, "client": id(Chat::Group, LINES.len() + 1),
        });
        let author = people.get(POLL.author).context("an author")?;
        let poll = self.ask(author, ASK, variables).await?["createPoll"].take();
        for (voter, option) in POLL.votes {
            let voter = people.get(*voter).context("a voter")?;
            let option = &poll["card"]["options"][*option]["id"];
            self.ask(voter, VOTE, json!({ "message": poll["id"], "options": [option] })).await?;
        }
        Ok(())
    }

    /// Sends a request to the API as this user.
    async fn ask(&self, person: &Person, query: &str, variables: Value) -> Result<Value> {
        let request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", person.token))
            .body(Body::from(json!({ "query": query, "variables": variables }).to_string()))?;
        let response = self.requests.clone().oneshot(request).await?;
        let body = to_bytes(response.into_body(), MAX_ANSWER).await?;
        let mut answer: Value = serde_json::from_slice(&body)?;
        ensure!(answer.get("errors").is_none(), "{}", answer["errors"]);
        Ok(answer["data"].take())
    }
}

/// The client id of a message, or of a conversation at 0.
fn id(chat: Chat, at: usize) -> Uuid {
    let chat = match chat {
        Chat::Pair => 1 << 32,
        Chat::Group => 2 << 32,
    };
    Uuid::from_u128(FIRST_ID + chat + at as u128)
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a text")
}
