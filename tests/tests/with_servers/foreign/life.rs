//! A varied life of six people: everything that they can do is done at least once, and some of it while
//! owners of partitions are killed, so that records repeat.

mod asks;
mod files;
mod forwards;
mod gifs;
mod keeps;
mod marks;
mod polls;
mod previews;
mod reacts;
mod reports;
mod schedules;
mod stickers;
mod templates;

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::{join, join_all};
use futures::{StreamExt, stream};
use musclemap_tests::acts::{self, acknowledge, mark_read, set_block};
use musclemap_tests::client::{code, data};
use musclemap_tests::process::PATIENCE;
use musclemap_tests::site::Site;
use musclemap_tests::{Client, System};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

/// Beyond one bucket of the messages table.
const NOTES: usize = 1_050;
/// Of each of the others.
const FEWER_NOTES: usize = 60;
/// Of one user, on their way.
const AT_ONCE: usize = 32;

pub struct People {
    ann: Client,
    bob: Client,
    carl: Client,
    dora: Client,
    eve: Client,
    finn: Client,
}

impl People {
    pub async fn login(system: &System) -> Self {
        let login = async |name| Client::login(system, name).await;
        Self {
            ann: login("ann").await,
            bob: login("bob").await,
            carl: login("carl").await,
            dora: login("dora").await,
            eve: login("eve").await,
            finn: login("finn").await,
        }
    }

    pub fn all(&self) -> [&Client; 6] {
        [&self.ann, &self.bob, &self.carl, &self.dora, &self.eve, &self.finn]
    }
}

pub async fn live(system: &mut System, site: &Site, people: &People) {
    talk(people).await;
    change(people).await;
    come_and_go(people).await;
    block(people).await;
    marks::read(people).await;
    asks::ask(people).await;
    keeps::keep(people).await;
    files::upload_some(system, people).await;
    reacts::react(people).await;
    forwards::forward_some(people).await;
    polls::ask_some(people).await;
    gifs::send_some(people).await;
    previews::link_some(site, people).await;
    stickers::stick_some(system, people).await;
    reports::report_some(system, people).await;
    schedules::schedule_some(people).await;
    templates::keep_some(people).await;
    ask_again(people).await;
    take_notes(system, people).await;
    reports::suspend_one(system, people).await;
}

/// What makes encoders stumble; each is stored as it is, or as its one normal form.
const TEXTS: [&str; 12] = [
    "plain",
    "<b>&amp; \"quoted\" \\ 'twice'</b>",
    "two\nlines\tand a tab\r\n",
    "nul\0 and bell\u{7} go",
    "e\u{301} is composed, \u{202e}overrides go",
    "家族 👨‍👩‍👧‍👦 and 🏋🏽‍♀️ beyond the basic plane: 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "مرحبا ‏שלום ไทย हिन्दी",
    "{\"json\": null}",
    "null",
    "0",
    "\u{fffd}\u{fffe}\u{10ffff}",
    "a\u{200b}b\u{feff}c",
];

async fn talk(People { ann, bob, carl, dora, eve, .. }: &People) {
    let pair = ann.create("DIRECT", &[bob]).await;
    for (number, text) in TEXTS.iter().enumerate() {
        [ann, bob][number % 2].send(&pair, text).await;
    }
    ann.send(&pair, &"𝄞".repeat(4_000)).await;
    let asked = bob.send(&pair, "Shall we?").await;
    let told = answer(ann, &pair, &asked, "We shall 🙂").await;
    answer(bob, &pair, &told, "Then at six").await;
    mark_read(bob, &pair, &told).await;

    let group = titled(ann, "Läufer 🏃 <i>", &[bob, carl, dora]).await;
    bob.send(&group, "@Carl, look! @all @eve @dora.").await;
    ann.send(&group, "hear me, @all").await;
    let regretted = carl.send(&group, "a secret").await;
    answer(dora, &group, &regretted, "indeed").await;
    delete(carl, &regretted).await;
    let rude = bob.send(&group, "rude").await;
    delete(ann, &rude).await;
    answer(carl, &group, &rude, "what was it?").await;
    mark_read(dora, &group, &rude).await;
    mark_read(carl, &group, &regretted).await;
    eve.create("GROUP", &[]).await;
}

/// Edits of texts, and of a group's title.
async fn change(People { ann, bob, carl, .. }: &People) {
    let group = titled(ann, "morning", &[bob]).await;
    let text = bob.send(&group, "six o'clock, @ann").await;
    edit(bob, &text, "seven o'clock, @all").await;
    edit(bob, &text, "seven o'clock, @ann 🕖").await;
    answer(ann, &group, &text, "fine").await;
    rename(ann, &group, "Frühsport").await;
    add(ann, &group, &[carl]).await;
    let answered = answer(ann, &group, &text, "so seven it is").await;
    edit(ann, &answered, "so seven it is!").await;
    let regretted = bob.send(&group, "or eight").await;
    edit(bob, &regretted, "or nine").await;
    delete(bob, &regretted).await;
    rename(ann, &group, "Läufer 🌅").await;
    for settings in [
        "title: \"Dawn\", description: \"At six 🌄\", announcementsOnly: true",
        "announcementsOnly: false",
        "description: \"\"",
    ] {
        data(acts::update(ann, &group, settings).await);
    }
}

async fn come_and_go(People { ann, bob, carl, dora, eve, finn }: &People) {
    let group = ann.create("GROUP", &[bob]).await;
    let early = ann.send(&group, "before carl").await;
    add(ann, &group, &[carl, dora]).await;
    // Whoever came later sees the answer, and not what it answers.
    answer(bob, &group, &early, "to what was said before").await;
    let seen = carl.send(&group, "with carl").await;
    mark_read(dora, &group, &seen).await;
    remove(ann, &group, carl).await;
    ann.send(&group, "without carl").await;
    add(ann, &group, &[carl, eve]).await;
    carl.send(&group, "back again").await;
    leave(ann, &group).await;
    add(bob, &group, &[finn]).await;
    leave(eve, &group).await;

    // Ann has left: bob, who owns the group, appoints, hands over, and leaves to a moderator.
    add(bob, &group, &[ann, eve]).await;
    for (by, person, role) in
        [(bob, dora, "MODERATOR"), (bob, dora, "MEMBER"), (bob, finn, "MODERATOR"), (bob, dora, "OWNER")]
    {
        data(acts::set_role(by, &group, person, role).await);
    }
    leave(dora, &group).await;

    let deserted = finn.create("GROUP", &[]).await;
    finn.send(&deserted, "is anybody there?").await;
    leave(finn, &deserted).await;
}

async fn block(People { ann, bob, carl, eve, finn, .. }: &People) {
    let pair = bob.create("DIRECT", &[eve]).await;
    let group = carl.create("GROUP", &[bob, eve]).await;
    let asked = eve.send(&group, "seen by bob").await;
    eve.send(&pair, "hello").await;
    set_block(bob, eve, true).await;
    refused(eve, &pair, Uuid::new_v4(), "to bob", "RECIPIENT_UNAVAILABLE").await;
    refused(bob, &pair, Uuid::new_v4(), "to eve", "BLOCKED").await;
    let hidden = eve.send(&group, "hidden from bob").await;
    answer(carl, &group, &hidden, "seen by all, what it answers is not").await;
    answer(carl, &group, &asked, "seen by all").await;
    set_block(bob, eve, false).await;
    eve.send(&group, "seen by bob again").await;
    set_block(eve, bob, true).await;
    bob.send(&group, "hidden from eve").await;
    // Nobody has opened these two's conversation.
    set_block(finn, ann, true).await;
}

/// Repeats of requests, which the accounts know.
async fn ask_again(People { ann, carl, finn, .. }: &People) {
    let pair = ann.create("DIRECT", &[carl]).await;
    assert_eq!(carl.create("DIRECT", &[ann]).await, pair);
    let id = Uuid::new_v4();
    let answers = join_all((0..5).map(|_| ann.try_send(&pair, id, "only once"))).await;
    for answer in answers {
        assert_eq!(answer.expect("an answer")["data"]["sendMessage"]["seq"], 1);
    }
    refused(ann, &pair, id, "something else", "IDEMPOTENCY_CONFLICT").await;
    refused(carl, &pair, Uuid::new_v4(), " ", "BAD_USER_INPUT").await;
    refused(finn, &pair, Uuid::new_v4(), "let me in", "NOT_FOUND").await;
}

/// Everyone writes notes to themselves, which cost nothing, while an owner of each machine is killed.
async fn take_notes(system: &mut System, people: &People) {
    let written = AtomicUsize::new(0);
    let written = &written;
    let notes = people.all().into_iter().map(|author| async move {
        let chat = author.create("DIRECT", &[author]).await;
        let count = if author.user == people.dora.user { NOTES } else { FEWER_NOTES };
        let texts = (0..count).map(|note| insist(author, &chat, format!("note {note} 📝"), written));
        stream::iter(texts).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
    });
    let kills = async {
        for (role, after) in [("conversations", 200), ("accounts", 500)] {
            let deadline = Instant::now() + PATIENCE;
            while written.load(Ordering::Relaxed) < after {
                assert!(Instant::now() < deadline, "{after} notes in time");
                sleep(Duration::from_millis(5)).await;
            }
            system.kill_and_restart_one(system.of_role(role)[0]).await;
        }
    };
    join(join_all(notes), kills).await;
}

/// Sends until it is stored.
async fn insist(by: &Client, chat: &str, text: String, written: &AtomicUsize) {
    let (id, deadline) = (Uuid::new_v4(), Instant::now() + PATIENCE);
    loop {
        let answer = by.try_send(chat, id, &text).await.expect("an answer");
        match code(&answer) {
            None => break,
            Some("UNAVAILABLE" | "OUTCOME_PENDING") if Instant::now() < deadline => {}
            Some(_) => panic!("{answer}"),
        }
    }
    written.fetch_add(1, Ordering::Relaxed);
}

async fn titled(by: &Client, title: &str, others: &[&Client]) -> String {
    let query = "mutation($input: CreateConversationInput!) { createConversation(input: $input) { id } }";
    let ids: Vec<&str> = others.iter().map(|other| other.user.as_str()).collect();
    let input = json!({ "kind": "GROUP", "title": title, "participantIds": ids,
        "clientConversationId": Uuid::new_v4() });
    // The second time the account follows the first.
    by.get(query, json!({ "input": input })).await;
    let data = by.get(query, json!({ "input": input })).await;
    data["createConversation"]["id"].as_str().expect("id").to_owned()
}

async fn answer(by: &Client, chat: &str, parent: &Value, text: &str) -> Value {
    let sent = acts::answer(by, chat, parent, text).await;
    assert_eq!(sent["replyTo"]["id"], parent["id"]);
    sent
}

async fn edit(by: &Client, message: &Value, text: &str) {
    assert_eq!(data(acts::edit(by, message, text).await)["editMessage"]["content"], text);
}

async fn rename(by: &Client, chat: &str, title: &str) {
    assert_eq!(data(acts::rename(by, chat, title).await)["updateConversation"]["title"], title);
}

async fn add(by: &Client, chat: &str, people: &[&Client]) {
    data(acts::add(by, chat, people).await);
}

async fn remove(by: &Client, chat: &str, person: &Client) {
    data(acts::remove(by, chat, person).await);
}

async fn leave(by: &Client, chat: &str) {
    data(acts::leave(by, chat).await);
}

async fn delete(by: &Client, message: &Value) {
    data(acts::delete(by, message).await);
}

async fn refused(by: &Client, chat: &str, id: Uuid, text: &str, wanted: &str) {
    let answer = by.try_send(chat, id, text).await.expect("an answer");
    assert_eq!(code(&answer), Some(wanted), "{answer}");
}
