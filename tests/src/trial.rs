//! A load that goes on while something happens to the system, and what must hold of it afterwards.

use std::future::Future;
use std::time::Duration;

use futures::future::{join, join_all};
use tokio::sync::watch;

use crate::follow::{self, Heard};
use crate::load::{self, Acknowledged, Attempt};
use crate::{Client, Socket, System, check};

/// Pairs of whom one sends to the other.
pub struct Trial {
    pairs: Vec<Pair>,
    pub acknowledged: Acknowledged,
}

struct Pair {
    sender: Client,
    listener: Client,
    /// Of the listener's inbox, before anything was sent.
    cursor: String,
    chat: String,
}

/// What came of it, when everything that must hold did.
#[derive(Debug)]
pub struct Summary {
    pub acknowledged: usize,
    pub stored: usize,
    /// How often a send was answered by nothing that counts.
    pub uncertain: usize,
    /// How often a listener came back with its cursor.
    pub resumed: usize,
    /// The longest that each sender waited for one answer.
    pub longest: Vec<Duration>,
}

impl Trial {
    pub async fn of(system: &System, pairs: usize) -> Self {
        let pair = async |number: usize| {
            let sender = Client::login(system, &format!("sender-{number}")).await;
            let listener = Client::login(system, &format!("listener-{number}")).await;
            let chat = sender.create("DIRECT", &[&listener]).await;
            let drained = Socket::connect(system, &listener).await.inbox(None).await;
            let cursor = drained[0]["cursor"].as_str().expect("a cursor").to_owned();
            Pair { sender, listener, cursor, chat }
        };
        let mut all = Vec::new();
        for number in 0..pairs {
            all.push(pair(number).await);
        }
        Self { pairs: all, acknowledged: Acknowledged::default() }
    }

    /// Sends, each at most `most` times, until `disturbance` is over and everyone has been answered
    /// since; `listeners` of the pairs listen meanwhile, at the nodes at `sockets`. Then checks that
    /// what was acknowledged is stored once, charged once and heard once, and nothing else is.
    pub async fn during(
        &self,
        most: usize,
        listeners: usize,
        sockets: &[String],
        disturbance: impl Future<Output = ()>,
    ) -> Summary {
        let (stop, stopped) = watch::channel(false);
        let loads = self.pairs.iter().map(|Pair { sender, chat, .. }| {
            load::send(sender.clone(), chat.clone(), most, self.acknowledged.clone(), stopped.clone())
        });
        // Kept to the end: a listener may have more to hear when it is told how much there is.
        let (totals, listening): (Vec<_>, Vec<_>) = self.pairs[..listeners]
            .iter()
            .map(|Pair { listener, cursor, .. }| {
                let (total, wanted) = watch::channel(None);
                (total, follow::follow(sockets.to_vec(), listener.clone(), cursor.clone(), wanted))
            })
            .unzip();
        let disturbed = async {
            disturbance.await;
            self.acknowledged.more(self.pairs.len()).await;
            stop.send(true).expect("senders");
        };
        let load = async {
            let (attempts, ()) = join(join_all(loads), disturbed).await;
            for (Pair { sender, chat, .. }, total) in self.pairs.iter().zip(&totals) {
                total.send(Some(sender.history(chat).await.len())).expect("a listener");
            }
            attempts
        };
        let (attempts, heard) = join(load, join_all(listening)).await;
        self.check(&attempts, &heard).await
    }

    async fn check(&self, attempts: &[Vec<Attempt>], heard: &[Heard]) -> Summary {
        let mut stored = 0;
        for (number, (Pair { sender, chat, .. }, attempts)) in self.pairs.iter().zip(attempts).enumerate() {
            let history = sender.history(chat).await;
            check::history(attempts, &history);
            check::money(sender, &history).await;
            stored += history.len();
            if let Some(heard) = heard.get(number) {
                let all: Vec<i64> = (1..=history.len() as i64).collect();
                assert_eq!(heard.seqs(), all, "missed or doubled");
            }
        }
        let longest = |attempts: &Vec<Attempt>| attempts.iter().map(|attempt| attempt.took).max();
        Summary {
            acknowledged: self.acknowledged.count(),
            stored,
            uncertain: attempts.iter().flatten().map(|attempt| attempt.uncertain).sum(),
            resumed: heard.iter().map(|heard| heard.resumed).sum(),
            longest: attempts.iter().filter_map(longest).collect(),
        }
    }
}
