//! B12: the folds alone, on one core: a send through its account, and through its conversation.
//!
//! Each account sends something of its own every ten seconds, under the shipped policy. What counts is
//! what a runner does with an owner in memory: the keys that a command needs, the decision, its rows
//! kept in memory. Making the commands does not count; encoding what a decision puts out and stores is
//! measured by itself. With `--machine` also with load and persist, on the stack that `MM_STACK` names.

mod machine;

use std::hint::black_box;
use std::ops::AddAssign;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use domain::{Accounts, Conversations, policy};
use fold::{Command, Decision, Fold, InForce, Owner, Purpose, StoredRow};
use platform::runner;
use schemas::avro;
use schemas::charging::{Charge, ChargeKind};
use schemas::control::RULES;
use schemas::creating::{ConversationKind, OpenConversation};
use schemas::credits::GrantCredits;
use schemas::message::{Content, Mentions};
use schemas::people::Profile;
use schemas::position::{Cause, EPOCH, Number};
use schemas::record::{Envelope, Origin, Output, RecordId};
use schemas::rows::RowKey;
use schemas::sending::{PostMessage, SendMessage};
use schemas::tables::views::View;
use schemas::verdict::Outcome;
use schemas::{AccountRequest, ClientId, UserId};
use serde_json::json;
use tests::system::Stack;

use crate::clock;
use crate::report::{Bar, Finding, Report};

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How long each fold is measured, in seconds.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Bar of the slower fold, in decisions a second.
    #[arg(long)]
    at_least: Option<f64>,
    /// Measure the account machine too, with so many sends.
    #[arg(long, value_name = "SENDS")]
    machine: Option<usize>,
}

/// Of a command of each account, between two looks at the clock: a few, as those cost something themselves,
/// and not many, as commands and decisions are to be as warm as they are in a runner.
const ROUNDS: usize = 2;
const CONVERSATION: &str = "0123456789abcdef0123456789abcdef";

/// An owner that takes one command after the other, as the runner keeps it in memory.
struct Decider<F: Fold> {
    id: F::Id,
    owner: Owner<F>,
    offset: i64,
}

impl<F: Fold> Decider<F> {
    fn new(id: F::Id) -> Self {
        Self { id, owner: Owner::new(F::fresh(), true), offset: 0 }
    }

    fn takes(
        &mut self,
        in_force: &InForce<'_>,
        at: i64,
        envelope: Envelope,
        request: F::Request,
    ) -> Decided<F> {
        for key in F::needs(&request, Purpose::Decide) {
            if !self.owner.knows(&key) {
                self.owner.set(key, None);
            }
        }
        let command = Command { offset: self.offset, at, envelope, request };
        let Decision { mut state, rows, views, outputs, verdict, hits: _ } =
            F::decide(in_force, &self.id, &self.owner, &command);
        assert!(!matches!(verdict, Some(Outcome::Refused(_))), "{verdict:?}");
        F::set_stamp(&mut state, self.offset, at);
        self.owner.state = Arc::new(state);
        let decided = Decided::<F> { state: self.owner.state.clone(), rows, views, outputs };
        for (key, row) in &decided.rows {
            self.owner.set(key.clone(), Some(row.clone()));
        }
        self.offset += 1;
        // Both as the runner does once rows are written.
        if self.owner.keyed_len() > 512 {
            self.owner.forget(|_| false);
        }
        if self.owner.len() > runner::Options::default().owner_rows {
            self.owner = Owner::new(F::State::clone(&self.owner.state), false);
        }
        decided
    }
}

/// What is to be put out and stored of a command.
struct Decided<F: Fold> {
    state: Arc<F::State>,
    rows: Vec<(RowKey, F::Row)>,
    views: Vec<View>,
    outputs: Vec<Output>,
}

/// What decisions have cost, in seconds of this thread.
#[derive(Default)]
struct Cost {
    decisions: usize,
    folding: f64,
    encoding: f64,
}

impl Cost {
    /// Of a batch of commands.
    fn of<F: Fold>(decide: impl FnOnce() -> Vec<Decided<F>>) -> Self {
        let begun = clock::thread_cpu();
        let decided = decide();
        let (folded, decisions) = (clock::thread_cpu(), decided.len());
        decided.into_iter().for_each(encode);
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        let encoding = seconds(clock::thread_cpu() - folded);
        Self { decisions, folding: seconds(folded - begun), encoding }
    }

    /// Decisions a second, alone and with what they put out and store encoded.
    fn rates(&self) -> (f64, f64) {
        let decisions = self.decisions as f64;
        (decisions / self.folding, decisions / (self.folding + self.encoding))
    }
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.decisions += other.decisions;
        self.folding += other.folding;
        self.encoding += other.encoding;
    }
}

/// As a runner does: records to produce, the state, rows and views to write.
fn encode<F: Fold>(decided: Decided<F>) {
    for (index, output) in (0..).zip(decided.outputs) {
        let cause = Cause { epoch: EPOCH, partition: 0, number: Number { offset: 0, index } };
        let id = RecordId::Cause(cause);
        black_box(output.record(&Origin { id, source: F::SOURCE, at: 0, traceparent: None }));
    }
    black_box(avro::encode(&*decided.state));
    decided.rows.iter().for_each(|(_, row)| drop(black_box(row.encode())));
    decided.views.iter().for_each(|view| drop(black_box(view.to_row())));
}

pub async fn run(options: &Options, report: &mut Report) -> Result<()> {
    if let Some(sends) = options.machine {
        let (stack, rate) = (Stack::chosen(), machine::measure(sends).await?);
        let name = format!("{stack:?}").to_lowercase();
        report.say(&Finding {
            bench: "decide machine",
            text: format!(
                "{rate:.0} sends/s through the account machine, {stack:?}, rows and verdicts written"
            ),
            figures: json!({ "stack": name, "sends": sends, "perSecond": rate }),
            bars: vec![],
        });
    }
    let mut policy = policy::parse(policy::SHIPPED)?;
    policy.prices.message_per_recipient = 1;
    let in_force = InForce { policy: &policy, rules: RULES };
    let (accounts, accounts_encoded) = measure_accounts(&in_force, options)?.rates();
    let (conversations, conversations_encoded) = measure_conversations(&in_force, options)?.rates();
    let micros = 1e6 / accounts.min(conversations);
    let bar = options.at_least.map(|bar| Bar { what: "µs a decision", value: micros, most: 1e6 / bar });
    report.say(&Finding {
        bench: "decide",
        text: format!(
            "{accounts:.0} sends/s by accounts, {conversations:.0} posts/s by conversations, in a second of one core; with everything encoded {accounts_encoded:.0} and {conversations_encoded:.0}"
        ),
        figures: json!({
            "accountsPerSecond": accounts, "conversationsPerSecond": conversations,
            "accountsEncodedPerSecond": accounts_encoded, "conversationsEncodedPerSecond": conversations_encoded,
        }),
        bars: bar.into_iter().collect(),
    });
    Ok(())
}

/// Sends of a hundred accounts, ten seconds apart.
fn measure_accounts(in_force: &InForce<'_>, options: &Options) -> Result<Cost> {
    let mut deciders = Vec::new();
    for number in 0..100 {
        let mut decider = Decider::<Accounts>::new(user(number)?);
        let grant = GrantCredits { once: "start".to_owned(), amount_milli: 1_000_000_000 };
        decider.takes(in_force, 0, Envelope::default(), grant.into());
        deciders.push(decider);
    }
    let mut cost = Cost::default();
    let mut rounds = 0_i64..;
    while cost.folding < options.seconds {
        let mut sends = Vec::new();
        for round in rounds.by_ref().take(ROUNDS) {
            for number in 0..deciders.len() {
                sends.push((round, number, send(round, number)?));
            }
        }
        cost += Cost::of(|| {
            let decide = |(round, number, send): (i64, usize, AccountRequest)| {
                deciders[number].takes(in_force, 10_000 * round, Envelope::default(), send)
            };
            sends.into_iter().map(decide).collect()
        });
    }
    Ok(cost)
}

/// What a hundred accounts pass on in turn, in one group of theirs.
fn measure_conversations(in_force: &InForce<'_>, options: &Options) -> Result<Cost> {
    let mut decider = Decider::<Conversations>::new(CONVERSATION.parse()?);
    let open = OpenConversation {
        kind: ConversationKind::Group,
        creator: user(0)?,
        participants: (1..100).map(user).collect::<Result<_>>()?,
        requests: vec![],
        title: None,
    };
    let mut roomy = in_force.policy.clone();
    roomy.limits.group_members = 100;
    let roomy = InForce { policy: &roomy, rules: RULES };
    decider.takes(&roomy, 0, Envelope::default(), open.into());
    let mut cost = Cost::default();
    let mut rounds = 0_i64..;
    while cost.folding < options.seconds {
        let mut posts = Vec::new();
        for round in rounds.by_ref().take(ROUNDS) {
            for number in 0..100 {
                posts.push((round, passed_on(round, number)?));
            }
        }
        cost += Cost::of(|| {
            let decide = |(round, (post, envelope)): (i64, (PostMessage, Envelope))| {
                decider.takes(in_force, 10_000 * round, envelope, post.into())
            };
            posts.into_iter().map(decide).collect()
        });
    }
    Ok(cost)
}

fn send(round: i64, number: usize) -> Result<AccountRequest> {
    Ok(AccountRequest::SendMessage(SendMessage {
        conversation: CONVERSATION.parse()?,
        client_id: client_id(),
        content: content(round, number),
        reply_to: None,
        recipients: 9,
        sender: Box::new(profile(number)?),
        mentions: Mentions::default(),
        attachments: vec![],
        template: None,
        sticker: None,
        gif: None,
    }))
}

/// A send as its account passes it on.
fn passed_on(round: i64, number: usize) -> Result<(PostMessage, Envelope)> {
    let post = PostMessage {
        client_id: client_id(),
        sender: profile(number)?,
        content: content(round, number),
        reply_to: None,
        mentions: Mentions::default(),
        forwarded: None,
        gif: None,
        attachments: vec![],
        sticker: None,
        shows_reads: true,
    };
    let charge = Charge {
        user: post.sender.user.clone(),
        client_id: Some(post.client_id.clone()),
        kind: ChargeKind::Send,
        conversation: CONVERSATION.parse()?,
        position: round,
        at: 10_000 * round,
        price_milli: 9,
        attachments: vec![],
        template: None,
        flagged: None,
    };
    Ok((post, Envelope { charge: Some(charge), ..Envelope::default() }))
}

fn client_id() -> ClientId {
    ClientId::from_bytes(uuid::Uuid::new_v4().into_bytes())
}

fn content(round: i64, number: usize) -> Content {
    Content::plain(format!("set {round} of {number}: see you at the gym at seven?"))
}

fn user(number: usize) -> Result<UserId> {
    format!("user-{number}").parse().ok().context("a user id")
}

fn profile(number: usize) -> Result<Profile> {
    let name = format!("user-{number}");
    Ok(Profile { user: user(number)?, username: name.clone(), display_name: name, avatar_url: None })
}
