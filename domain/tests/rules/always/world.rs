//! Two accounts and two conversations, driven by each other's outputs.

use std::collections::{BTreeMap, VecDeque};

use musclemap_domain::{Accounts, Conversations};
use schemas::charging::Charge;
use schemas::creating::ConversationKind::Direct;
use schemas::operations::CreatePoll;
use schemas::position::LogTime;
use schemas::record::{Envelope, Output};
use schemas::sending::SendMessage;
use schemas::{AccountRequest, ConversationId, ConversationRequest, Refusal, UserId};

use crate::forwarding::forwarding;
use crate::harness::Harness;
use crate::names::{asked, client, creating, grant, ids, profile, sending, stub, user};
use crate::polling::{self, lunch};

const PEOPLE: [&str; 2] = ["ann", "bob"];

#[derive(Debug, Clone)]
pub enum Move {
    /// A client asks; `lost` answers a message that is not there, which only the conversation knows.
    Send {
        by: usize,
        to: usize,
        id: u8,
        text: u8,
        lost: bool,
    },
    /// To both conversations.
    Forward {
        by: usize,
        id: u8,
        comment: bool,
    },
    Poll {
        by: usize,
        to: usize,
        id: u8,
    },
    Create {
        by: usize,
        to: usize,
        id: u8,
    },
    Price(i64),
    /// The next command of a conversation is decided, or cannot be.
    Deliver {
        to: usize,
        poison: bool,
    },
    /// The next refund arrives.
    Return {
        to: usize,
    },
}

pub struct World {
    pub now: LogTime,
    pub accounts: Vec<Harness<Accounts>>,
    pub conversations: Vec<Harness<Conversations>>,
    to_conversation: BTreeMap<ConversationId, VecDeque<(Envelope, ConversationRequest)>>,
    to_account: BTreeMap<UserId, VecDeque<AccountRequest>>,
    pub charged: Vec<Charge>,
    /// Charges that a conversation made something of.
    pub spent: Vec<Charge>,
    pub returned: Vec<Charge>,
}

impl World {
    /// The conversations of ann with bob, and of bob with nobody, which nobody has opened yet.
    pub fn new() -> Self {
        let (ann, bob) = (user("ann"), user("bob"));
        let ids = [ids().direct(&ann, &bob), ids().direct(&bob, &bob)];
        let mut accounts: Vec<_> = PEOPLE.map(|name| Harness::<Accounts>::new(user(name))).into();
        for account in &mut accounts {
            account.asks(0, grant("start", 1_500));
        }
        Self {
            now: 0,
            accounts,
            conversations: ids.map(Harness::new).into(),
            to_conversation: BTreeMap::new(),
            to_account: BTreeMap::new(),
            charged: vec![],
            spent: vec![],
            returned: vec![],
        }
    }

    pub fn play(&mut self, next: Move) {
        match next {
            Move::Send { by, to, id, text, lost } => {
                let parent = stub(999, "bob", None);
                let send = SendMessage {
                    conversation: self.conversations[to].id.clone(),
                    client_id: client(id),
                    reply_to: lost.then(|| Box::new(parent)),
                    sender: Box::new(profile(PEOPLE[by])),
                    ..sending(id, &format!("text {text}"), 1)
                };
                self.account(by, AccountRequest::SendMessage(send));
            }
            Move::Forward { by, id, comment } => {
                let mut forward = forwarding(id, &[1, 2], comment.then_some("look"));
                forward.sender = Box::new(profile(PEOPLE[by]));
                for (copy, to) in forward.copies.iter_mut().zip(&self.conversations) {
                    copy.conversation = to.id.clone();
                }
                self.account(by, forward.into());
            }
            Move::Poll { by, to, id } => {
                let (conversation, sender) = (self.conversations[to].id.clone(), profile(PEOPLE[by]));
                let poll = CreatePoll { conversation, sender, ..polling::creating(id, lunch(), 1) };
                self.account(by, poll.into());
            }
            Move::Create { by, to, id } => {
                let other: &[&str] = match (by, to) {
                    (0, _) => &["bob"],
                    (_, 0) => &["ann"],
                    _ => &[],
                };
                self.account(by, creating(PEOPLE[by], Direct, id, other, None).into());
            }
            Move::Price(price) => {
                for account in &mut self.accounts {
                    account.policy.prices.message_per_recipient = price;
                }
            }
            Move::Deliver { to, poison } => self.deliver(to, poison),
            Move::Return { to } => {
                let waiting = self.to_account.get_mut(&self.accounts[to].id).and_then(VecDeque::pop_front);
                if let Some(request) = waiting {
                    let AccountRequest::Refund(back) = &request else { panic!("only charges return") };
                    self.returned.push(back.charge.clone());
                    self.account(to, request);
                }
            }
        }
    }

    fn account(&mut self, nth: usize, request: AccountRequest) {
        let decided = self.accounts[nth].takes(self.now, asked(), request);
        self.carry(decided.decision.outputs);
    }

    fn deliver(&mut self, nth: usize, poison: bool) {
        let seat = &mut self.conversations[nth];
        let Some((envelope, request)) = self.to_conversation.get_mut(&seat.id).and_then(VecDeque::pop_front)
        else {
            return;
        };
        match envelope.charge.clone().filter(|_| poison) {
            // As the runner does with what it cannot read.
            Some(charge) => {
                let refusal = Refusal::unavailable("unreadable");
                self.carry(vec![Output::refund(charge, Some(refusal), envelope.reply)]);
            }
            None => {
                let charge = envelope.charge.clone();
                let decided = seat.takes(self.now, envelope, request);
                let made = decided
                    .decision
                    .outputs
                    .iter()
                    .any(|output| matches!(output, Output::ConversationEvent { .. }));
                self.spent.extend(charge.filter(|_| made));
                self.carry(decided.decision.outputs);
            }
        }
    }

    fn carry(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::ToConversation { conversation, request, reply, charge } => {
                    self.charged.extend(charge.clone());
                    let envelope = Envelope { reply, charge, ..Envelope::default() };
                    self.to_conversation.entry(conversation).or_default().push_back((envelope, request));
                }
                Output::ToAccount { user, request, .. } => {
                    self.to_account.entry(user).or_default().push_back(request);
                }
                Output::ConversationEvent { .. } | Output::AccountEvent { .. } => {}
            }
        }
    }

    /// Lets everything that is on its way arrive.
    pub fn rest(&mut self) {
        while self.to_conversation.values().any(|queue| !queue.is_empty())
            || self.to_account.values().any(|queue| !queue.is_empty())
        {
            for nth in 0..2 {
                self.deliver(nth, false);
                self.play(Move::Return { to: nth });
            }
        }
    }
}
