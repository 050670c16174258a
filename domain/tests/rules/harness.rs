//! One owner of a fold, commanded as the runner would: in offset order, by log time, with the rows
//! in memory that a command names and no others.

use std::collections::BTreeMap;

use fold::{Command, Decision, Fold, InForce, Owner, Purpose, StoredRow};
use musclemap_domain::{Accounts, Conversations};
use schemas::avro;
use schemas::charging::{Charge, ChargeKind};
use schemas::control::{Policy, RULES};
use schemas::creating::ConversationKind;
use schemas::operations::PostMessage;
use schemas::position::{Cause, EPOCH, LogTime, Number, Offset};
use schemas::record::{Envelope, Origin, Outgoing, Output, RecordId};
use schemas::rows::{LAST_RESIDENT, RowKey, Variant};
use schemas::verdict::Outcome;
use schemas::{ConversationFact, ConversationRequest};

use crate::names::{charge, conversation, grant, ids, open, paid, shipped, user};

/// Partition of every command in these tests.
const PARTITION: i32 = 3;

pub struct Harness<F: Fold> {
    pub id: F::Id,
    pub policy: Policy,
    pub state: F::State,
    pub rows: BTreeMap<RowKey, F::Row>,
    pub next: Offset,
}

/// A command's decision, with what came before it.
pub struct Decided<F: Fold> {
    pub offset: Offset,
    pub before: F::State,
    pub decision: Decision<F>,
}

impl Harness<Accounts> {
    /// `ann`, under the shipped policy, with credits granted at offset 0.
    pub fn ann(milli_credits: i64) -> Self {
        let mut seat = Self::new(user("ann"));
        if milli_credits > 0 {
            seat.asks(0, grant("start", milli_credits));
        }
        seat.next = 1;
        seat
    }
}

impl Harness<Conversations> {
    /// `k1`, not opened.
    pub fn k1() -> Self {
        Self::new(conversation(1))
    }

    /// `k1`, opened by `ann` at a time, with others as members.
    pub fn opened(at: LogTime, kind: ConversationKind, others: &[&str]) -> Self {
        let mut k1 = Self::k1();
        k1.takes(at, paid(charge(1, ChargeKind::Create, 4)), open(kind, "ann", others));
        k1
    }

    /// The DIRECT conversation of `ann` and `bob`, not opened.
    pub fn pair() -> Self {
        Self::new(ids().direct(&user("ann"), &user("bob")))
    }
}

impl<F: Fold> Harness<F> {
    pub fn new(id: F::Id) -> Self {
        Self { id, policy: shipped(), state: F::fresh(), rows: BTreeMap::new(), next: 0 }
    }

    /// A client's command, appended at `time`.
    pub fn asks(&mut self, time: LogTime, request: F::Request) -> Decided<F> {
        self.takes(time, crate::names::asked(), request)
    }

    pub fn takes(&mut self, time: LogTime, envelope: Envelope, request: F::Request) -> Decided<F> {
        let (_, last) = F::stamp(&self.state);
        let command = Command { offset: self.next, at: fold::at(last, time), envelope, request };
        let owner = self.in_memory(&F::needs(&command.request, Purpose::Decide));
        let in_force = InForce { policy: &self.policy, rules: RULES };
        let mut decision = F::decide(&in_force, &self.id, &owner, &command);
        F::set_stamp(&mut decision.state, command.offset, command.at);
        let before = std::mem::replace(&mut self.state, decision.state.clone());
        self.rows.extend(decision.rows.iter().cloned());
        self.next += 1;
        Decided { offset: command.offset, before, decision }
    }

    /// The verdict on a command that was decided at `offset`, repeated from the rows.
    pub fn repeats(&self, offset: Offset, envelope: Envelope, request: F::Request) -> Option<Outcome> {
        let owner = self.in_memory(&F::needs(&request, Purpose::Repeat));
        let (_, at) = F::stamp(&self.state);
        F::repeat(&self.id, &owner, &Command { offset, at, envelope, request })
    }

    /// The stored row of a type.
    pub fn row<T: Variant<F::Row>>(&self, key: &T::Key) -> Option<&T> {
        T::of(self.rows.get(&RowKey::of::<T>(key))?)
    }

    /// Stored rows of a type, by key.
    pub fn all<'a, T: Variant<F::Row> + 'a>(&'a self) -> impl Iterator<Item = (T::Key, &'a T)> {
        self.rows.iter().filter_map(|(key, row)| Some((key.names::<T>()?, T::of(row)?)))
    }

    fn in_memory(&self, needed: &[RowKey]) -> Owner<F> {
        let mut owner = Owner::new(self.state.clone(), true);
        let resident = self.rows.iter().filter(|(key, _)| key.kind <= LAST_RESIDENT);
        for (key, row) in resident {
            owner.set(key.clone(), Some(row.clone()));
        }
        for key in needed {
            owner.set(key.clone(), self.rows.get(key).cloned());
        }
        owner
    }
}

impl Decided<Accounts> {
    /// Charges that go out with commands.
    pub fn charges(&self) -> impl Iterator<Item = Charge> {
        self.decision.outputs.iter().filter_map(|output| match output {
            Output::ToConversation { charge, .. } => charge.clone(),
            Output::ToAccount { .. } | Output::ConversationEvent { .. } | Output::AccountEvent { .. } => None,
        })
    }

    /// The only charge that goes out.
    pub fn charge(&self) -> Charge {
        let charges: Vec<Charge> = self.charges().collect();
        let [charge] = &charges[..] else { panic!("not one charge: {charges:?}") };
        charge.clone()
    }

    /// Messages that go on to conversations.
    pub fn posts(&self) -> impl Iterator<Item = &PostMessage> {
        self.decision.outputs.iter().filter_map(|output| match output {
            Output::ToConversation { request: ConversationRequest::PostMessage(post), .. } => Some(post),
            _ => None,
        })
    }
}

impl Decided<Conversations> {
    /// Facts that are published, in their order.
    pub fn facts(&self) -> impl Iterator<Item = &ConversationFact> {
        self.decision.outputs.iter().filter_map(|output| match output {
            Output::ConversationEvent { fact, .. } => Some(fact),
            Output::ToConversation { .. } | Output::ToAccount { .. } | Output::AccountEvent { .. } => None,
        })
    }
}

impl<F: Fold> Decided<F> {
    /// Code of the refusal that answers.
    pub fn refused_with(&self) -> &'static str {
        match &self.decision.verdict {
            Some(Outcome::Refused(refused)) => refused.refusal.code.as_str(),
            other => panic!("not refused: {other:?}"),
        }
    }

    /// The records that go out.
    pub fn records(&self) -> Vec<Outgoing> {
        let (_, at) = F::stamp(&self.decision.state);
        let origin = |index| {
            let number = Number { offset: self.offset, index };
            let id = RecordId::Cause(Cause { epoch: EPOCH, partition: PARTITION, number });
            Origin { id, source: F::SOURCE, at, traceparent: None }
        };
        let outputs = self.decision.outputs.iter().cloned();
        (0..).zip(outputs).map(|(index, output)| output.record(&origin(index))).collect()
    }

    /// Everything that leaves the fold, as stored and sent.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        let rows = self.decision.rows.iter().map(|(key, row)| {
            let (kind, body) = (key.kind.to_be_bytes(), row.encode());
            [kind.as_slice(), &key.key, &body].concat()
        });
        let mut all = vec![avro::encode(&self.decision.state)];
        all.extend(rows);
        all.extend(self.decision.views.iter().map(|view| format!("{:?}", view.to_row()).into_bytes()));
        all.extend(self.records().iter().map(|record| format!("{record:?}").into_bytes()));
        all.push(format!("{:?}", self.decision.verdict).into_bytes());
        all
    }

    pub fn verdict(&self) -> &Outcome {
        self.decision.verdict.as_ref().unwrap()
    }
}
