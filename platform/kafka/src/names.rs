//! What topics are called in the cluster: as the schemas call them, behind the deployment's prefix.
//!
//! Invariant: no other name reaches librdkafka; no other is told outside.

use std::collections::HashMap;
use std::sync::Arc;

use schemas::topics::{self, Topic};

#[derive(Debug, Clone)]
pub(crate) struct Names(Arc<HashMap<&'static str, String>>);

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        let name = |topic: &'static Topic| (topic.name, format!("{prefix}{}", topic.name));
        Self(Arc::new(topics::ALL.into_iter().map(name).collect()))
    }

    pub(crate) fn of(&self, topic: &Topic) -> &str {
        self.0.get(topic.name).map_or(topic.name, String::as_str)
    }
}
