//! B12: the folds alone, on one core: a send through its account, and through its conversation.
//!
//! Each account sends something of its own every ten seconds, under the shipped policy. With
//! `--machine` also with load and persist, on the stack that `MM_STACK` names.

mod machine;

use std::hint::black_box;

use anyhow::{Context, Result};
use clap::Args;
use domain::{Accounts, Conversations, policy};
use schemas::account::{AccountRequest, GrantCredits, SendMessage};
use schemas::control::RULES;
use schemas::conversation::{
    Content, ConversationKind, ConversationRequest, Mentions, OpenConversation, PostMessage,
};
use schemas::fold::{Command, Decision, Fold, InForce, Owner, Purpose};
use schemas::message::{Envelope, Output};
use schemas::people::Profile;
use schemas::verdict::Outcome;
use schemas::{ClientId, ConversationId, UserId};
use serde_json::json;
use tests::system::Stack;

use crate::report::{Bar, Finding, Report};
use crate::usage;

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

/// An owner that takes one command after the other, as the runner keeps it in memory.
struct Seat<F: Fold> {
    id: F::Id,
    owner: Owner<F>,
    offset: i64,
}

impl<F: Fold> Seat<F> {
    fn new(id: F::Id) -> Self {
        Self { id, owner: Owner::new(F::fresh(), true), offset: 0 }
    }

    fn takes(
        &mut self,
        in_force: &InForce<'_>,
        at: i64,
        envelope: Envelope,
        request: F::Request,
    ) -> Vec<Output> {
        for key in F::needs(&request, Purpose::Decide) {
            if !self.owner.knows(&key) {
                self.owner.set(key, None);
            }
        }
        let command = Command { offset: self.offset, at, envelope, request };
        let mut decision: Decision<F> = F::decide(in_force, &self.id, &self.owner, &command);
        assert!(!matches!(decision.verdict, Some(Outcome::Refused(_))), "{:?}", decision.verdict);
        F::set_stamp(&mut decision.state, self.offset, at);
        self.owner.state = decision.state;
        for (key, row) in decision.rows {
            self.owner.set(key, Some(row));
        }
        self.offset += 1;
        if self.owner.len().is_multiple_of(512) {
            // As the runner does once rows are written.
            self.owner.forget(|_| false);
        }
        decision.outputs
    }
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
    let (accounts, posts) = measure_accounts(&in_force, options)?;
    let conversations = measure_conversations(&in_force, posts)?;
    let micros = 1e6 / accounts.min(conversations);
    let bar = options.at_least.map(|bar| Bar { what: "µs a decision", value: micros, most: 1e6 / bar });
    report.say(&Finding {
        bench: "decide",
        text: format!(
            "{accounts:.0} sends/s by accounts, {conversations:.0} posts/s by conversations, in a second of one core"
        ),
        figures: json!({ "accountsPerSecond": accounts, "conversationsPerSecond": conversations }),
        bars: bar.into_iter().collect(),
    });
    Ok(())
}

/// Sends of a hundred accounts, ten seconds apart; gives what they pass on.
fn measure_accounts(in_force: &InForce<'_>, options: &Options) -> Result<(f64, Vec<Output>)> {
    let mut seats = Vec::new();
    for number in 0..100 {
        let mut seat = Seat::<Accounts>::new(user(number)?);
        let grant = GrantCredits { once: "start".to_owned(), amount_milli: 1_000_000_000 };
        seat.takes(in_force, 0, Envelope::default(), AccountRequest::GrantCredits(grant));
        seats.push(seat);
    }
    let conversation: ConversationId = "0123456789abcdef0123456789abcdef".parse()?;
    let (mut passed, mut spent, mut decisions) = (Vec::new(), 0.0, 0_u64);
    for round in 0_i64.. {
        if spent > options.seconds {
            break;
        }
        let requests: Vec<AccountRequest> = (0..seats.len())
            .map(|number| {
                Ok(AccountRequest::SendMessage(SendMessage {
                    conversation: conversation.clone(),
                    client_id: ClientId::from_bytes(uuid::Uuid::new_v4().into_bytes()),
                    content: Content::plain(format!("set {round} of {number}: see you at the gym at seven?")),
                    reply_to: None,
                    recipients: 9,
                    sender: profile(number)?,
                    mentions: Mentions::default(),
                }))
            })
            .collect::<Result<_>>()?;
        let begun = usage::own_cpu_seconds()?;
        for (seat, request) in seats.iter_mut().zip(requests) {
            let outputs = seat.takes(in_force, 10_000 * round, Envelope::default(), request);
            decisions += 1;
            if passed.len() < 1_000_000 {
                passed.extend(black_box(outputs).into_iter().take(1));
            }
        }
        spent += usage::own_cpu_seconds()? - begun;
    }
    Ok((decisions as f64 / spent, passed))
}

/// What the accounts passed on, in one group of fifty after the other.
fn measure_conversations(in_force: &InForce<'_>, posts: Vec<Output>) -> Result<f64> {
    let id: ConversationId = "0123456789abcdef0123456789abcdef".parse()?;
    let mut seat = Seat::<Conversations>::new(id);
    let others = (1..100).map(user).collect::<Result<_>>()?;
    let open = OpenConversation {
        kind: ConversationKind::Group,
        creator: user(0)?,
        participants: others,
        title: None,
    };
    let mut roomy = in_force.policy.clone();
    roomy.limits.group_members = 100;
    let roomy = InForce { policy: &roomy, rules: RULES };
    seat.takes(&roomy, 0, Envelope::default(), ConversationRequest::OpenConversation(open));
    let posts: Vec<(PostMessage, Envelope)> = posts
        .into_iter()
        .filter_map(|output| match output {
            Output::ToConversation { body: ConversationRequest::PostMessage(post), charge, .. } => {
                Some((post, Envelope { charge, ..Envelope::default() }))
            }
            _ => None,
        })
        .collect();
    let (count, begun) = (posts.len(), usage::own_cpu_seconds()?);
    for (number, (post, envelope)) in posts.into_iter().enumerate() {
        let request = ConversationRequest::PostMessage(post);
        black_box(seat.takes(in_force, number as i64, envelope, request));
    }
    Ok(count as f64 / (usage::own_cpu_seconds()? - begun))
}

fn user(number: usize) -> Result<UserId> {
    format!("user-{number}").parse().ok().context("a user id")
}

fn profile(number: usize) -> Result<Profile> {
    let name = format!("user-{number}");
    Ok(Profile { user: user(number)?, username: name.clone(), display_name: name, avatar_url: None })
}
