//! Two users talk, from outside: what a newcomer does first, and what must not happen.

use futures::future::join_all;
use musclemap_tests::client::code;
use musclemap_tests::socket::INBOX;
use musclemap_tests::{Client, Socket, System};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn two_users_talk_and_a_third_sees_nothing() {
    let server = System::start().await;
    let (ann, bob, eve) = (
        Client::login(&server, "ann").await,
        Client::login(&server, "bob").await,
        Client::login(&server, "eve").await,
    );
    let mut inbox = Socket::connect(&server, &bob).await;
    let opened = inbox.inbox(None).await;
    assert_eq!(opened.len(), 1, "{opened:?}");

    let chat = ann.create("DIRECT", &[&bob]).await;
    assert_eq!(bob.create("DIRECT", &[&ann]).await, chat, "a pair has one conversation");
    let before = ann.balance().await;
    let sent = ann.send(&chat, "hello <b>bob</b>").await;
    assert_eq!((&sent["seq"], &sent["content"]), (&json!(1), &json!("hello <b>bob</b>")));
    assert_eq!(before - ann.balance().await, 100);

    let frames = inbox.frames_until("MessageCreated").await;
    assert!(frames.iter().any(|frame| frame["event"]["__typename"] == "ConversationChanged"), "{frames:?}");
    let message = &frames[frames.len() - 1]["event"]["message"];
    assert_eq!((&message["id"], &message["content"]), (&sent["id"], &sent["content"]));
    assert_eq!(message["sender"]["username"], "ann");
    assert_eq!(message["clientMessageId"], sent["clientMessageId"]);

    for query in [
        "query($id: ID!) { conversation(id: $id) { id } }",
        "query($id: ID!) { messages(conversationId: $id) { nodes { id } } }",
    ] {
        let denied = eve.ask(query, json!({ "id": chat })).await;
        let unknown = eve.ask(query, json!({ "id": "0".repeat(32) })).await;
        assert_eq!(code(&denied), Some("NOT_FOUND"), "{denied}");
        assert_eq!(denied["errors"][0]["message"], unknown["errors"][0]["message"]);
        assert_eq!(denied["errors"][0]["extensions"], unknown["errors"][0]["extensions"]);
    }
    let denied = eve.try_send(&chat, Uuid::new_v4(), "let me in").await.unwrap();
    assert_eq!(code(&denied), Some("NOT_FOUND"));
    let denied =
        eve.ask("query($id: ID!) { message(id: $id) { content } }", json!({ "id": sent["id"] })).await;
    assert_eq!(code(&denied), Some("NOT_FOUND"));
    assert_eq!(eve.balance().await, 100_000);
}

#[tokio::test]
async fn a_conversation_is_read_in_pages_and_marked_as_read() {
    let server = System::start().await;
    let (ann, bob) = (Client::login(&server, "ann").await, Client::login(&server, "bob").await);
    let group = ann.create("GROUP", &[&bob]).await;
    let mut ids = Vec::new();
    for i in 1..=7 {
        ids.push(ann.send(&group, &format!("message number {i}")).await["id"].clone());
    }
    let unread =
        "query($id: ID!) { conversation(id: $id) { unreadCount lastSeq participantCount lastMessage { id }
        viewer { role } } }";
    let seen = bob.get(unread, json!({ "id": group })).await;
    assert_eq!(
        seen["conversation"],
        json!({ "unreadCount": 7, "lastSeq": 7, "participantCount": 2, "lastMessage": { "id": ids[6] },
            "viewer": { "role": "MEMBER" } })
    );
    assert_eq!(ann.get(unread, json!({ "id": group })).await["conversation"]["unreadCount"], 0);

    let mark = "mutation($id: ID!, $to: ID!) { markRead(conversationId: $id, upToMessageId: $to) }";
    bob.get(mark, json!({ "id": group, "to": ids[4] })).await;
    bob.get(mark, json!({ "id": group, "to": ids[1] })).await;
    assert_eq!(bob.get(unread, json!({ "id": group })).await["conversation"]["unreadCount"], 2);
    let read = "query($id: ID!) { message(id: $id) { status readByCount recipientCount readBy { user { username } } } }";
    let read = |id: &Value| ann.get(read, json!({ "id": id }));
    assert_eq!(
        read(&ids[4]).await["message"],
        json!({ "status": "READ", "readByCount": 1, "recipientCount": 1, "readBy": [{ "user": { "username": "bob" } }] })
    );
    assert_eq!(read(&ids[5]).await["message"]["status"], "SENT");

    let page = "query($id: ID!, $last: Int, $before: String, $around: ID, $first: Int) {
        messages(conversationId: $id, last: $last, before: $before, around: $around, first: $first) {
            nodes { seq } pageInfo { hasNextPage hasPreviousPage startCursor } } }";
    let newest = bob.get(page, json!({ "id": group, "last": 3 })).await;
    assert_eq!(newest["messages"]["nodes"], json!([{ "seq": 5 }, { "seq": 6 }, { "seq": 7 }]));
    let start = &newest["messages"]["pageInfo"]["startCursor"];
    let older = bob.get(page, json!({ "id": group, "last": 3, "before": start })).await;
    assert_eq!(older["messages"]["nodes"], json!([{ "seq": 2 }, { "seq": 3 }, { "seq": 4 }]));
    assert_eq!(older["messages"]["pageInfo"]["hasPreviousPage"], true);
    let around = bob.get(page, json!({ "id": group, "around": ids[3], "first": 3 })).await;
    assert_eq!(around["messages"]["nodes"], json!([{ "seq": 3 }, { "seq": 4 }, { "seq": 5 }]));
    let refused = bob.ask(page, json!({ "id": group, "first": 51 })).await;
    assert_eq!(
        (code(&refused), &refused["errors"][0]["extensions"]["field"]),
        (Some("BAD_USER_INPUT"), &json!("first"))
    );
}

#[tokio::test]
async fn a_hundred_sends_at_once_admit_sixty_and_one_id_makes_one_message() {
    let server = System::start().await;
    let (ann, bob) = (Client::login(&server, "ann").await, Client::login(&server, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;

    let id = Uuid::new_v4();
    let same = join_all((0..20).map(|_| bob.try_send(&chat, id, "only once"))).await;
    let seqs: Vec<Value> =
        same.into_iter().map(|answer| answer.unwrap()["data"]["sendMessage"]["seq"].clone()).collect();
    assert_eq!(seqs, vec![json!(1); 20]);
    assert_eq!(bob.balance().await, 100_000 - 100);
    let conflict = bob.try_send(&chat, id, "something else").await.unwrap();
    assert_eq!(code(&conflict), Some("IDEMPOTENCY_CONFLICT"));

    let texts: Vec<String> = (0..100).map(|i| format!("message of index {i:03} out of many")).collect();
    let answers = join_all(texts.iter().map(|text| ann.try_send(&chat, Uuid::new_v4(), text))).await;
    let answers: Vec<Value> = answers.into_iter().map(Result::unwrap).collect();
    let limited: Vec<&Value> = answers.iter().filter(|answer| code(answer) == Some("RATE_LIMITED")).collect();
    let admitted = answers.iter().filter(|answer| answer.get("errors").is_none()).count();
    assert_eq!((admitted, limited.len()), (60, 40));
    let details = &limited[0]["errors"][0]["extensions"];
    assert_eq!((&details["limit"], &details["windowSeconds"]), (&json!("send"), &json!(60)));
    assert!(details["retryAfterMs"].as_i64().is_some_and(|ms| (1..=60_000).contains(&ms)));
    assert_eq!(ann.balance().await, 100_000 - 60 * 100);

    let history = bob.history(&chat).await;
    let seqs: Vec<i64> = history.iter().map(|message| message["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=61).collect::<Vec<i64>>());
    let ledger = ann.ledger().await;
    let sum: i64 = ledger.iter().map(|entry| entry["amountMilli"].as_i64().unwrap()).sum();
    assert_eq!((ledger.len(), sum), (61, ann.balance().await));
    assert!(ledger[..60].iter().all(|entry| entry["messageId"].is_string() && entry["recipientCount"] == 1));
}

#[tokio::test]
async fn who_comes_back_with_a_cursor_misses_nothing_and_gets_nothing_twice() {
    let mut server = System::start().await;
    let (ann, bob) = (Client::login(&server, "ann").await, Client::login(&server, "bob").await);
    let chat = ann.create("DIRECT", &[&bob]).await;
    let mut socket = Socket::connect(&server, &bob).await;
    let opened = socket.inbox(None).await;
    ann.send(&chat, "heard live").await;
    let heard = socket.frames_until("MessageCreated").await;
    let mut cursor = heard[heard.len() - 1]["cursor"].as_str().unwrap().to_owned();
    drop(socket);

    // Away, then back; then away while the process restarts in order, and after it was killed.
    for round in 0..3 {
        let missed: Vec<Value> = vec![
            ann.send(&chat, &format!("missed in round {round}, first")).await["id"].clone(),
            ann.send(&chat, &format!("missed in round {round}, second")).await["id"].clone(),
        ];
        match round {
            0 => {}
            1 => {
                assert!(server.end().await, "drains and ends with success");
                server.restart().await;
            }
            _ => server.kill_and_restart().await,
        }
        let mut socket = Socket::connect(&server, &bob).await;
        let frames = socket.inbox(Some(&cursor)).await;
        let replayed: Vec<&Value> = frames.iter().map(|frame| &frame["event"]["message"]["id"]).collect();
        let mut wanted: Vec<&Value> = missed.iter().collect();
        wanted.push(&Value::Null);
        assert_eq!(replayed, wanted, "round {round}: {frames:?}");
        // Events of the account, such as the credits that a log-in grants, come on a lane of their own.
        assert!(
            frames[frames.len() - 1]["event"]["replayed"].as_i64() >= Some(2),
            "round {round}: {frames:?}"
        );
        cursor = frames[frames.len() - 1]["cursor"].as_str().unwrap().to_owned();
    }

    // A cursor of somebody else's, or of nobody, is a gap, and the subscription goes on.
    let ann_cursor = {
        let mut socket = Socket::connect(&server, &ann).await;
        socket.inbox(None).await[0]["cursor"].as_str().unwrap().to_owned()
    };
    for foreign in [ann_cursor.as_str(), "nonsense", ""] {
        let mut socket = Socket::connect(&server, &bob).await;
        let frames = socket.inbox(Some(foreign)).await;
        assert_eq!(frames[0]["event"]["__typename"], "ResumeGap", "{frames:?}");
        let sent = ann.send(&chat, &format!("after a gap {}", foreign.len())).await;
        socket.frame_with(&sent["id"]).await;
    }
    assert_eq!(opened[0]["event"]["__typename"], "Drained");
}

#[tokio::test]
async fn sockets_are_closed_with_the_codes_of_the_protocol() {
    let server = System::start().await;
    let ann = Client::login(&server, "ann").await;
    let ack = |token: &str| json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {token}") } });

    let mut garbage = Socket::open(&server).await;
    garbage.say(json!("no message")).await;
    assert_eq!(garbage.hear().await, Err(4400));
    let mut early = Socket::open(&server).await;
    early.subscribe("1", INBOX, json!({})).await;
    assert_eq!(early.hear().await, Err(4401));
    let mut forged = Socket::open(&server).await;
    forged.say(ack("a.b.c")).await;
    assert_eq!(forged.hear().await, Err(4403));
    let mut silent = Socket::open(&server).await;
    assert_eq!(silent.hear().await, Err(4408));
    let mut twice = Socket::connect(&server, &ann).await;
    twice.inbox(None).await;
    twice.subscribe("inbox", INBOX, json!({})).await;
    assert_eq!(twice.hear().await, Err(4409));
    let mut again = Socket::connect(&server, &ann).await;
    again.say(ack(&ann.token)).await;
    assert_eq!(again.hear().await, Err(4429));

    let mut good = Socket::connect(&server, &ann).await;
    good.say(json!({ "type": "ping" })).await;
    assert_eq!(good.hear().await, Ok(json!({ "type": "pong" })));
    good.subscribe("q", "{ me { username } }", json!({})).await;
    assert_eq!(good.hear().await.unwrap()["payload"]["data"]["me"]["username"], "ann");
    assert_eq!(good.hear().await.unwrap(), json!({ "type": "complete", "id": "q" }));
    good.subscribe("bad", "subscription { nothing }", json!({})).await;
    assert_eq!(good.hear().await.unwrap()["type"], "error");
    let send = "mutation($input: SendMessageInput!) { sendMessage(input: $input) { id } }";
    let input =
        json!({ "conversationId": "0".repeat(32), "clientMessageId": Uuid::new_v4(), "content": "x" });
    good.subscribe("m", send, json!({ "input": input })).await;
    let refused = good.hear().await.unwrap();
    assert_eq!(refused["type"], "error");
    assert_eq!(refused["payload"][0]["extensions"]["code"], "FORBIDDEN");
}

/// A document that was let in once skips rules from then on; what its variables do wrong is told alike.
#[tokio::test]
async fn a_known_document_is_refused_as_a_new_one_is() {
    let server = System::start().await;
    let ann = Client::login(&server, "ann").await;
    let (bob, carl) = (Client::login(&server, "bob").await, Client::login(&server, "carl").await);
    let (chat, others) = (ann.create("GROUP", &[&bob]).await, bob.create("GROUP", &[&carl]).await);
    let received = "subscription($c: ID!) { messageReceived(conversationId: $c) { id content } }";
    let inbox = "subscription($after: String) { inbox(after: $after) { cursor event { __typename } } }";
    let named = "subscription a($c: ID!) { messageReceived(conversationId: $c) { seq } }
                 subscription b($c: ID!) { messageUpdated(conversationId: $c) { seq } }";
    let wrong = [
        (received, json!({})),
        (received, json!({ "c": ["x"] })),
        (received, json!({ "c": null })),
        (received, json!({ "c": "nonsense" })),
        (received, json!({ "c": others })),
        (inbox, json!({ "after": 5 })),
        (inbox, json!({ "after": { "a": 1 } })),
        (named, json!({ "c": chat })),
    ];
    let mut said = vec![];
    for round in ["new", "known"] {
        let mut socket = Socket::connect(&server, &ann).await;
        for (number, (query, variables)) in wrong.iter().enumerate() {
            let id = number.to_string();
            socket.subscribe(&id, query, variables.clone()).await;
            let refused = socket.hear().await.unwrap();
            assert_eq!(
                (&refused["type"], &refused["id"]),
                (&json!("error"), &json!(id)),
                "{round}: {refused}"
            );
            said.push(refused);
        }
        socket.subscribe("good", received, json!({ "c": chat })).await;
        socket.subscribe("inbox", inbox, json!({ "after": null })).await;
        socket.frames_until("Drained").await;
        let sent = ann.send(&chat, &format!("for those who know {round} documents")).await;
        // Before it may come what was sent a moment ago, as live.
        while socket.hear().await.unwrap()["payload"]["data"]["messageReceived"]["id"] != sent["id"] {}
    }
    let (new, known) = said.split_at(wrong.len());
    assert_eq!(new, known);
}
