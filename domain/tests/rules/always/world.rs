//! Two accounts and two conversations, driven by each other's outputs.

use std::collections::{BTreeMap, VecDeque};

use musclemap_domain::{Accounts, Conversations};
use schemas::account::{AccountRequest, Charge, SendMessage};
use schemas::conversation::ConversationKind::Direct;
use schemas::conversation::{ConversationRequest, ReplyStub};
use schemas::message::{Envelope, Output};
use schemas::position::LogTime;
use schemas::{ConversationId, Refusal, UserId};

use crate::names::{asked, client, create, grant, profile, sending, user};
use crate::seat::Seat;

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
    /// The next give-back arrives.
    Return {
        to: usize,
    },
}

pub struct World {
    pub now: LogTime,
    pub accounts: Vec<Seat<Accounts>>,
    pub conversations: Vec<Seat<Conversations>>,
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
        let ids = [ConversationId::direct(&ann, &bob), ConversationId::direct(&bob, &bob)];
        let mut accounts: Vec<_> = PEOPLE.map(|name| Seat::<Accounts>::new(user(name))).into();
        for account in &mut accounts {
            account.asks(0, grant("start", 1_500));
        }
        Self {
            now: 0,
            accounts,
            conversations: ids.map(Seat::new).into(),
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
                let parent = ReplyStub { seq: 999, sender: profile("bob"), content: None, created_at: 0 };
                let send = SendMessage {
                    conversation: self.conversations[to].id.clone(),
                    client_id: client(id),
                    reply_to: lost.then_some(parent),
                    sender: profile(PEOPLE[by]),
                    ..sending(id, &format!("text {text}"), 1)
                };
                self.account(by, AccountRequest::SendMessage(send));
            }
            Move::Create { by, to, id } => {
                let other: &[&str] = match (by, to) {
                    (0, _) => &["bob"],
                    (_, 0) => &["ann"],
                    _ => &[],
                };
                self.account(by, create(Direct, id, other, None));
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
                    let AccountRequest::ReturnCharge(back) = &request else { panic!("only charges return") };
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
                self.carry(vec![Output::give_back(charge, Some(refusal), envelope.reply)]);
            }
            None => {
                let charge = envelope.charge.clone();
                let decided = seat.takes(self.now, envelope, request);
                let made =
                    decided.decision.outputs.iter().any(|output| matches!(output, Output::Event { .. }));
                self.spent.extend(charge.filter(|_| made));
                self.carry(decided.decision.outputs);
            }
        }
    }

    fn carry(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::ToConversation { conversation, body, reply, charge } => {
                    self.charged.extend(charge.clone());
                    let envelope = Envelope { reply, charge, ..Envelope::default() };
                    self.to_conversation.entry(conversation).or_default().push_back((envelope, body));
                }
                Output::ToAccount { user, body, .. } => {
                    self.to_account.entry(user).or_default().push_back(body);
                }
                Output::Event { .. } | Output::AccountEvent { .. } => {}
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
