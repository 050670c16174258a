//! Hands pushes over to push services: one try at once, further ones beside the consumer.
//!
//! Invariants: a push has at most five tries within its time, and ends counted once. What waits for another try is
//! bounded, in all and by service. A process that ends gives up what waits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use egress::{Answer, Egress};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hyper::header::HeaderMap;
use platform::clock::Clock;
use platform::ports::{Log, LogError};
use schemas::position::LogTime;
use schemas::push::{FcmToken, PushAddress, PushEndpoint, RemovePush, WebPush};
use schemas::record::{Origin, Output};
use schemas::{ConversationId, UserId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::SOURCE;
use crate::fcm::{self, Fcm, Said};
use crate::metrics::{self, Outcome};
use crate::origins::Origins;
use crate::tries::{TRIES, Tried, judge, pause, retry_after};
use crate::web_push;
use crate::web_push::vapid::Vapid;

/// A push that was not sent so long after its first try is given up.
const GIVEN_UP_MS: i64 = 10 * 60 * 1_000;
/// Pushes that wait for another try.
const WAITING: usize = 4_096;
/// How long a try waits for a place at its push service.
const PLACE_WITHIN: Duration = Duration::from_secs(5);

/// A push to one subscription.
#[derive(Clone)]
pub struct Push {
    pub user: UserId,
    pub to: To,
    pub topic: String,
    /// When the hold of its message had passed; absent of one that waited for its window.
    pub due: Option<LogTime>,
}

/// A subscription, and what it is sent.
#[derive(Clone)]
pub enum To {
    Browser {
        to: WebPush,
        payload: Arc<Vec<u8>>,
        /// In place of the payload where that is too large.
        trimmed: Arc<Vec<u8>>,
    },
    App {
        to: FcmToken,
        /// The request that FCM is sent.
        message: Bytes,
    },
}

/// A push that waits, with its place among those that do.
pub struct Retry {
    push: Push,
    origin: String,
    tries: u32,
    began: LogTime,
    not_before: LogTime,
    _places: [OwnedSemaphorePermit; 2],
}

pub struct HandOver {
    egress: Egress,
    vapid: Vapid,
    /// Absent in a deployment without apps.
    fcm: Option<Fcm>,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    origins: Origins,
    waiting: Arc<Semaphore>,
    retries: mpsc::Sender<Retry>,
}

impl HandOver {
    pub fn new(
        egress: Egress,
        vapid: Vapid,
        fcm: Option<Fcm>,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
    ) -> (Arc<Self>, mpsc::Receiver<Retry>) {
        let (retries, waiting) = mpsc::channel(WAITING);
        let (origins, places) = (Origins::default(), Arc::new(Semaphore::new(WAITING)));
        (Arc::new(Self { egress, vapid, fcm, log, clock, origins, waiting: places, retries }), waiting)
    }

    /// The topic of a user's pushes for a conversation.
    pub fn topic(&self, user: &UserId, conversation: &ConversationId) -> String {
        web_push::topic(self.vapid.secret(), user, conversation)
    }

    /// Tries a push once. What fails waits for another try, if there is room.
    pub async fn send(&self, push: Push) -> Result<(), LogError> {
        let origin = match self.origin(&push.to) {
            Ok(origin) => origin,
            Err(outcome) => {
                metrics::ended(outcome);
                return Ok(());
            }
        };
        let began = self.clock.now();
        let (tries, not_before) = match self.attempt(&push, &origin).await {
            Tried::Ended(outcome) => return self.end(&push, outcome).await,
            Tried::Failed(after) => (1, self.clock.now() + pause(1, after)),
            Tried::NotBefore(time) => (0, time),
        };
        let places = (self.waiting.clone().try_acquire_owned().ok(), self.origins.wait(&origin, began));
        let (Some(of_all), Some(of_origin)) = places else {
            metrics::ended(Outcome::Dropped);
            return Ok(());
        };
        let retry = Retry { push, origin, tries, began, not_before, _places: [of_all, of_origin] };
        if self.retries.try_send(retry).is_err() {
            metrics::ended(Outcome::Dropped);
        }
        Ok(())
    }

    /// Tries again what waits, until `stop`.
    pub async fn retry(
        &self,
        mut waiting: mpsc::Receiver<Retry>,
        stop: CancellationToken,
    ) -> Result<(), LogError> {
        let mut under_way = FuturesUnordered::new();
        loop {
            metrics::waiting(under_way.len());
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                Some(ended) = under_way.next(), if !under_way.is_empty() => ended?,
                Some(retry) = waiting.recv() => under_way.push(self.until_ended(retry)),
            }
        }
    }

    async fn until_ended(&self, retry: Retry) -> Result<(), LogError> {
        let Retry { push, origin, mut tries, began, mut not_before, _places } = retry;
        let outcome = loop {
            if tries >= TRIES || not_before - began > GIVEN_UP_MS {
                break Outcome::Expired;
            }
            self.until(not_before).await;
            match self.attempt(&push, &origin).await {
                Tried::Ended(outcome) => break outcome,
                Tried::Failed(after) => {
                    tries += 1;
                    not_before = self.clock.now() + pause(tries, after);
                }
                Tried::NotBefore(time) => not_before = time,
            }
        };
        match self.end(&push, outcome).await {
            // The next push to it finds that it is gone as well.
            Err(LogError::Unavailable(reason)) => {
                tracing::warn!(reason, "a subscription is not removed");
                Ok(())
            }
            ended => ended,
        }
    }

    async fn until(&self, time: LogTime) {
        let left = time - self.clock.now();
        if let Ok(left) = u64::try_from(left) {
            self.clock.sleep(Duration::from_millis(left)).await;
        }
    }

    async fn end(&self, push: &Push, outcome: Outcome) -> Result<(), LogError> {
        if outcome == Outcome::Gone {
            self.remove(push).await?;
        }
        metrics::ended(outcome);
        if let (Some(due), Outcome::Sent | Outcome::Trimmed) = (push.due, outcome) {
            metrics::handed_over(self.clock.now() - due);
        }
        Ok(())
    }

    /// Asks the account to remove a subscription that is no more.
    async fn remove(&self, push: &Push) -> Result<(), LogError> {
        let address = match &push.to {
            To::Browser { to, .. } => PushAddress::WebPush(PushEndpoint { endpoint: to.endpoint.clone() }),
            To::App { to, .. } => PushAddress::Fcm(to.clone()),
        };
        let request = RemovePush::one(address).into();
        let command = Output::ToAccount { user: push.user.clone(), request, reply: None };
        let origin = Origin { source: SOURCE, ..Origin::client(self.clock.now(), None) };
        self.log.enqueue(command.record(&origin)).await?.await.map(drop)
    }

    async fn attempt(&self, push: &Push, origin: &str) -> Tried {
        let places = self.origins.places(origin, self.clock.now());
        let Ok(Ok(_place)) = timeout(PLACE_WITHIN, places.acquire_owned()).await else {
            return Tried::Failed(None);
        };
        // Who waited for a place learns here what came of the requests before.
        if let Err(until) = self.origins.pass(origin, self.clock.now()) {
            return Tried::NotBefore(until);
        }
        match &push.to {
            To::Browser { to, payload, trimmed } => {
                let post = |payload, sent| self.post(to, &push.topic, origin, payload, sent);
                match post(payload, Outcome::Sent).await {
                    Tried::Ended(Outcome::Trimmed) => post(trimmed, Outcome::Trimmed).await,
                    tried => tried,
                }
            }
            To::App { to: _, message } => self.post_to_app(origin, message).await,
        }
    }

    /// One request; `sent` is what its success is. A payload that is too large for the push service ends as
    /// [`Outcome::Trimmed`], or if it is trimmed already, as [`Outcome::Refused`].
    async fn post(&self, to: &WebPush, topic: &str, origin: &str, payload: &[u8], sent: Outcome) -> Tried {
        let request = web_push::request(&self.vapid, to, origin, topic, payload, self.clock.now());
        let Ok(web_push::Request { headers, body }) = request else {
            return Tried::Ended(Outcome::Malformed);
        };
        match self.ask(origin, &to.endpoint, headers, body.into()).await {
            Ok(answer) => judge(&answer, sent, self.clock.now()),
            Err(tried) => tried,
        }
    }

    /// One request to FCM. An access token that is refused is asked for anew by the next try.
    async fn post_to_app(&self, origin: &str, message: &Bytes) -> Tried {
        let Some(fcm) = &self.fcm else { return Tried::Ended(Outcome::Unsupported) };
        let bearer = match fcm.bearer(&self.egress, self.clock.now()).await {
            Ok(bearer) => bearer,
            Err(fcm::NoToken(answer)) => {
                self.origins.failed(origin, self.clock.now());
                return Tried::Failed(answer.and_then(|answer| retry_after(&answer, self.clock.now())));
            }
        };
        let headers = fcm::headers(bearer.clone());
        let answer = match self.ask(origin, fcm.url(), headers, message.clone()).await {
            Ok(answer) => answer,
            Err(tried) => return tried,
        };
        match fcm::said(&answer) {
            Said::Sent => Tried::Ended(Outcome::Sent),
            Said::Unregistered => Tried::Ended(Outcome::Gone),
            Said::Later => Tried::Failed(retry_after(&answer, self.clock.now())),
            Said::Refused => Tried::Ended(Outcome::Refused),
            Said::Unauthorized => {
                fcm.forget(&bearer).await;
                Tried::Failed(None)
            }
        }
    }

    /// An answer of a push service, which its circuit learns of.
    async fn ask(&self, origin: &str, url: &str, headers: HeaderMap, body: Bytes) -> Result<Answer, Tried> {
        let answer = match self.egress.post(url, headers, body).await {
            Ok(answer) => answer,
            Err(refusal) if refusal.may_pass() => {
                self.origins.failed(origin, self.clock.now());
                return Err(Tried::Failed(None));
            }
            Err(_) => return Err(Tried::Ended(Outcome::Refused)),
        };
        match answer.status {
            status if status.is_server_error() => self.origins.failed(origin, self.clock.now()),
            _ => self.origins.succeeded(origin, self.clock.now()),
        }
        Ok(answer)
    }

    /// The push service of a subscription, by its origin; of one that nothing can be sent to, why.
    fn origin(&self, to: &To) -> Result<String, Outcome> {
        match to {
            To::Browser { to, .. } => origin(&to.endpoint).ok_or(Outcome::Malformed),
            To::App { .. } => {
                let fcm = self.fcm.as_ref().ok_or(Outcome::Unsupported)?;
                Ok(fcm.origin().to_owned())
            }
        }
    }
}

/// Scheme, host and port of an endpoint, as a token of VAPID names it.
fn origin(endpoint: &str) -> Option<String> {
    let origin = Url::parse(endpoint).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_that_of_the_standard() {
        for (endpoint, expected) in [
            ("https://Push.example:443/a?b", Some("https://push.example")),
            ("https://push.example:8443/a", Some("https://push.example:8443")),
            ("no URL", None),
            ("data:text/plain,x", None),
        ] {
            assert_eq!(origin(endpoint).as_deref(), expected, "{endpoint}");
        }
    }
}
