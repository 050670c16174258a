//! The policy as an ingest knows it: what it refuses in any case is refused before the log.
//!
//! Invariants: nothing is refused by a policy that is not the newest; nothing passes by one that was read more
//! than [`FRESH_FOR`] ago, unless the table cannot be read; requests share a read that fails. What passes is
//! decided by the machines, under the policy in force at its position.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use graphql::Rows;
use schemas::Refusal;
use schemas::control::Policy;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// All nodes agree soon after a policy is stored, also on what no machine decides.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// A policy, and when its read began.
#[derive(Clone)]
struct Known {
    policy: Arc<Policy>,
    read_at: Instant,
}

impl Known {
    fn is_fresh(&self) -> bool {
        self.read_at.elapsed() < FRESH_FOR
    }
}

pub struct KnownPolicy {
    rows: Arc<Rows>,
    known: RwLock<Option<Known>>,
    /// One request reads for all that wait. Holds when a read failed last, and how.
    reading: Mutex<Option<(Instant, Refusal)>>,
}

impl KnownPolicy {
    pub fn new(rows: Arc<Rows>) -> Self {
        Self { rows, known: RwLock::default(), reading: Mutex::default() }
    }

    /// Holds a request to what the policy allows. It is read anew before it refuses.
    pub async fn check(&self, fits: impl Fn(&Policy) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let passes = |known: &Known| fits(&known.policy).is_ok();
        if self.known().is_some_and(|known| known.is_fresh() && passes(&known)) {
            return Ok(());
        }
        let asked_at = Instant::now();
        let mut failed = self.reading.lock().await;
        let known = self.known();
        if let Some(newest) = known.as_ref().filter(|known| known.read_at >= asked_at) {
            return fits(&newest.policy);
        }
        if known.as_ref().is_some_and(|known| known.is_fresh() && passes(known)) {
            return Ok(());
        }
        match self.read(&mut failed).await {
            Ok(Some(newest)) => fits(&newest),
            Ok(None) => Ok(()),
            Err(_) if known.is_some_and(|known| passes(&known)) => Ok(()),
            Err(unavailable) => Err(unavailable),
        }
    }

    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The policy as of now. A read that failed less than [`FRESH_FOR`] ago is not repeated.
    async fn read(&self, failed: &mut Option<(Instant, Refusal)>) -> Result<Option<Arc<Policy>>, Refusal> {
        if let Some((at, failure)) = failed
            && at.elapsed() < FRESH_FOR
        {
            return Err(failure.clone());
        }
        let read_at = Instant::now();
        let newest = self.rows.policy().await;
        let newest = newest.inspect_err(|failure| *failed = Some((Instant::now(), failure.clone())))?;
        let Some(newest) = newest else { return Ok(None) };
        let policy = Arc::new(newest);
        let known = Known { policy: policy.clone(), read_at };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        Ok(Some(policy))
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;
    use futures::future::join_all;
    use platform::ports::{Page, PutRow, Range, Row, Tables, TablesError};
    use schemas::control::PolicyVersion;
    use schemas::position::Version;
    use schemas::tables::{Table, Value};
    use schemas::{ErrorCode, avro};

    use super::*;

    /// The deadline of a call.
    const CALL_WITHIN: Duration = Duration::from_secs(5);

    /// Tables that hold the shipped policy; they do not answer while they are away.
    #[derive(Default)]
    struct Policies {
        are_away: AtomicBool,
    }

    impl Policies {
        async fn reach(&self) -> Result<(), TablesError> {
            if self.are_away.load(Ordering::Relaxed) {
                let late = |_| TablesError::Unavailable("no answer".to_owned());
                return tokio::time::timeout(CALL_WITHIN, pending()).await.map_err(late);
            }
            Ok(())
        }
    }

    #[async_trait]
    impl Tables for Policies {
        async fn put(&self, _: &'static Table, _: &[Value], _: Vec<PutRow>) -> Result<(), TablesError> {
            Err(TablesError::Refused("a policy is only read".to_owned()))
        }

        async fn get(
            &self,
            _: &'static Table,
            _: &[Value],
            _: &[Vec<Value>],
        ) -> Result<Vec<Row>, TablesError> {
            self.reach().await?;
            let policy = domain::policy::parse(domain::policy::SHIPPED).unwrap();
            let body = avro::encode(&PolicyVersion { version: 1, policy });
            Ok(vec![Row { key: vec![], columns: vec![Value::blob(&body)], version: Version::of(1) }])
        }

        async fn range(&self, _: &'static Table, _: &[Value], _: Range) -> Result<Page, TablesError> {
            Err(TablesError::Refused("a policy is one row".to_owned()))
        }
    }

    /// Twenty requests at once, which end within the time of one call.
    async fn twenty(policy: &KnownPolicy, answer: &Result<(), Refusal>) -> Vec<Option<ErrorCode>> {
        let began = Instant::now();
        let checks = join_all((0..20).map(|_| policy.check(|_| answer.clone()))).await;
        assert!(began.elapsed() < 2 * CALL_WITHIN, "{:?}", began.elapsed());
        checks.into_iter().map(|check| check.err().map(|refusal| refusal.code)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn requests_of_an_outage_wait_for_one_read_together() {
        let tables = Arc::new(Policies::default());
        let policy = KnownPolicy::new(Arc::new(Rows::new(tables.clone())));
        let refusal = Refusal::not_found();
        let (passes, refused) = (Ok(()), Err(refusal.clone()));
        tables.are_away.store(true, Ordering::Relaxed);
        assert_eq!(twenty(&policy, &passes).await, [Some(ErrorCode::Unavailable); 20]);
        tokio::time::advance(FRESH_FOR).await;
        tables.are_away.store(false, Ordering::Relaxed);
        assert_eq!(twenty(&policy, &passes).await, [None; 20]);
        assert_eq!(twenty(&policy, &refused).await, [Some(refusal.code); 20]);
        tables.are_away.store(true, Ordering::Relaxed);
        tokio::time::advance(FRESH_FOR).await;
        assert_eq!(twenty(&policy, &passes).await, [None; 20], "by the policy that was read last");
        assert_eq!(twenty(&policy, &refused).await, [Some(ErrorCode::Unavailable); 20], "by none");
    }
}
