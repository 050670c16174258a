//! Identical reads that are asked for at once share one request.
//!
//! Invariant: a read shares a request only if that had not left for the cluster when it was asked
//! for. Whatever had been acknowledged by then is in the answer, as if it had asked by itself. Of the
//! same question one request is on its way; one more waits for it, and takes along all who come
//! meanwhile: however many ask, the cluster sees one after the other.
//!
//! No task is needed: whoever waits for an answer drives the request, and the last one who gives up
//! takes it with him.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use platform::ports::{Page, TablesError};
use schemas::tables::Value;
use tokio::time::{Instant, timeout_at};

use crate::locked;
use crate::metrics::Operation;
use crate::slice::Slice;

/// What is asked of a partition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// In order, and each once.
    Keys(Vec<Vec<Value>>),
    Slice {
        slice: Slice,
        limit: usize,
    },
}

impl Asked {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Keys(_) => Operation::Get,
            Self::Slice { .. } => Operation::Range,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Question {
    pub(crate) table: &'static str,
    pub(crate) partition: Vec<Value>,
    pub(crate) asked: Asked,
}

type Outcome = Result<Page, TablesError>;
pub(crate) type Answer = Shared<BoxFuture<'static, Outcome>>;

/// Requests that have no answer yet: as many as there are calls, at most.
#[derive(Default)]
pub(crate) struct Flights {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u64,
    flights: BTreeMap<Question, Flight>,
}

/// The newest request of a question.
struct Flight {
    number: u64,
    left: bool,
    answer: WeakShared<BoxFuture<'static, Outcome>>,
}

/// Stays with a request as long as that lives.
pub(crate) struct Gate {
    flights: Arc<Flights>,
    question: Question,
    number: u64,
}

impl Flights {
    /// The answer to the question, and whether it is another's. The request is made with its gate,
    /// which it closes before it leaves, if there is none to share.
    pub(crate) fn board<F>(
        self: &Arc<Self>,
        question: Question,
        deadline: Instant,
        request: impl FnOnce(Gate) -> F + Send + 'static,
    ) -> (Answer, bool)
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut open = locked(&self.open);
        let newest = open.flights.get(&question);
        let before = match newest.and_then(|flight| Some((flight.left, flight.answer.upgrade()?))) {
            Some((false, answer)) => return (answer, true),
            Some((true, answer)) => Some(answer),
            None => None,
        };
        open.last += 1;
        let number = open.last;
        let gate = Gate { flights: Arc::clone(self), question: question.clone(), number };
        let answer = async move {
            if let Some(before) = before {
                // Its outcome is too old for this one; its end is what counts, in time or not.
                let _ = timeout_at(deadline, before).await;
            }
            request(gate).await
        };
        let answer = answer.boxed().shared();
        if let Some(weak) = answer.downgrade() {
            open.flights.insert(question, Flight { number, left: false, answer: weak });
        }
        (answer, false)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        locked(&self.open).flights.len()
    }
}

impl Gate {
    /// Nobody can share the request any more.
    pub(crate) fn close(&self) {
        if let Some(flight) = locked(&self.flights.open).flights.get_mut(&self.question)
            && flight.number == self.number
        {
            flight.left = true;
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let flights = &mut locked(&self.flights.open).flights;
        if flights.get(&self.question).is_some_and(|flight| flight.number == self.number) {
            flights.remove(&self.question);
        }
    }
}

#[cfg(test)]
mod tests;
