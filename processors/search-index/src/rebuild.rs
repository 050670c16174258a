//! Builds the index again beside the live one, and compares it with the tables.
//!
//! Invariants: what happens while an index is built is in it: events from the begin of the walk on are applied to
//! it before the swap, and those of the swap after it, under their versions. A walk writes what the index lacks, so
//! one that goes on where another one ended writes nothing twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use platform::effects::{Effects, Unreadable};
use platform::ports::search::Side;
use platform::ports::{Ports, SearchIndex};
use schemas::position::{Offset, Partition};
use schemas::search::{self, Change, Index};

use crate::Indexer;
use crate::conversations::Conversations;
use crate::users::Users;
use crate::walk::{Records, Sink, WalkError, walk};

/// Documents of one write, and of one look at the index.
const BATCH: usize = 500;
/// Differences that are kept to be shown.
const MOST_SHOWN: usize = 20;

/// What was built.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// Documents that the tables have, by index.
    pub documents: BTreeMap<&'static str, usize>,
    /// Documents that were written; the index that was gone on with had the others.
    pub written: usize,
    /// Records that happened meanwhile and asked for something.
    pub caught_up: usize,
}

/// How the index differs from the tables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Documents of the index.
    pub documents: usize,
    pub differences: usize,
    /// The first of them: index, document, what differs.
    pub shown: Vec<String>,
}

/// Where each partition of a topic ends.
type Ends = Vec<Offset>;

/// Builds every index anew from the tables, and swaps it in. With `resume` it goes on with what an earlier run has
/// built and not swapped in.
pub async fn rebuild(ports: &Ports, search: Arc<dyn SearchIndex>, resume: bool) -> Result<Built, WalkError> {
    let begun = ends(ports).await?;
    for index in search::ALL {
        if resume {
            search.open_next(index).await?;
        } else {
            search.clear_next(index).await?;
        }
    }
    let next = Indexer::new(ports, search.clone(), Side::Next);
    let mut sink = Batches::new(Writing { search: search.clone(), built: Built::default() });
    walk(&*ports.log, &next, &mut sink).await?;
    let mut built = sink.end().await?.built;
    let walked = ends(ports).await?;
    built.caught_up += catch_up(ports, &next, &begun, &walked).await?;
    for index in search::ALL {
        search.swap(index).await?;
    }
    let live = Indexer::new(ports, search, Side::Live);
    built.caught_up += catch_up(ports, &live, &walked, &ends(ports).await?).await?;
    Ok(built)
}

/// The ends of the topics of both consumers.
async fn ends(ports: &Ports) -> Result<[Ends; 2], WalkError> {
    Ok([ends_of::<Conversations>(ports).await?, ends_of::<Users>(ports).await?])
}

async fn ends_of<E: Effects>(ports: &Ports) -> Result<Ends, WalkError> {
    let mut ends = Vec::new();
    for partition in 0..ports.log.partitions(E::topic()) {
        ends.push(ports.log.marks(E::topic(), partition).await?.end);
    }
    Ok(ends)
}

/// Applies the records between; returns how many had effects.
async fn catch_up(
    ports: &Ports,
    indexer: &Indexer,
    from: &[Ends; 2],
    to: &[Ends; 2],
) -> Result<usize, WalkError> {
    let conversations = Conversations(indexer.clone());
    let of_conversations = catch_up_with(ports, &conversations, &from[0], &to[0]).await?;
    Ok(of_conversations + catch_up_with(ports, &Users(indexer.clone()), &from[1], &to[1]).await?)
}

async fn catch_up_with<E: Effects>(
    ports: &Ports,
    effects: &E,
    from: &[Offset],
    to: &[Offset],
) -> Result<usize, WalkError> {
    let mut caught_up = 0;
    for (partition, (from, to)) in (0..).zip(from.iter().zip(to)) {
        let partition: Partition = partition;
        let mut records = Records::between(&*ports.log, E::topic(), partition, *from, *to).await?;
        while let Some(records) = records.next().await? {
            let mut all = Vec::new();
            for record in &records {
                match effects.effects(record) {
                    Ok(effects) => {
                        caught_up += usize::from(!effects.is_empty());
                        all.extend(effects);
                    }
                    // A dead letter of the processor.
                    Err(Unreadable::Poison(_) | Unreadable::Unknown(_)) => {}
                }
            }
            for batch in all.chunks(BATCH) {
                effects.apply(&batch.iter().collect::<Vec<_>>()).await?;
            }
        }
    }
    Ok(caught_up)
}

/// What is done with many changes of one index at once.
#[async_trait]
trait Batch: Send {
    async fn batch(&mut self, index: &'static Index, changes: Vec<Change>) -> Result<(), WalkError>;
}

/// Gathers what a walk meets.
struct Batches<B> {
    waiting: BTreeMap<&'static str, (&'static Index, Vec<Change>)>,
    then: B,
}

impl<B: Batch> Batches<B> {
    fn new(then: B) -> Self {
        Self { waiting: BTreeMap::new(), then }
    }

    async fn end(mut self) -> Result<B, WalkError> {
        for (index, changes) in std::mem::take(&mut self.waiting).into_values() {
            self.then.batch(index, changes).await?;
        }
        Ok(self.then)
    }
}

#[async_trait]
impl<B: Batch> Sink for Batches<B> {
    async fn take(&mut self, index: &'static Index, change: Change) -> Result<(), WalkError> {
        let (_, waiting) = self.waiting.entry(index.name).or_insert_with(|| (index, vec![]));
        waiting.push(change);
        if waiting.len() < BATCH {
            return Ok(());
        }
        let changes = std::mem::take(waiting);
        self.then.batch(index, changes).await
    }
}

fn ids(changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| change.id.clone()).collect()
}

struct Writing {
    search: Arc<dyn SearchIndex>,
    built: Built,
}

#[async_trait]
impl Batch for Writing {
    async fn batch(&mut self, index: &'static Index, mut changes: Vec<Change>) -> Result<(), WalkError> {
        let present = changes.iter().filter(|change| change.document.is_some()).count();
        *self.built.documents.entry(index.name).or_default() += present;
        let known = self.search.versions(index, Side::Next, &ids(&changes)).await?;
        let mut known = known.into_iter();
        changes.retain(|change| known.next().flatten().is_none_or(|known| known.version < change.version));
        if changes.is_empty() {
            return Ok(());
        }
        self.built.written += changes.len();
        Ok(self.search.write(index, Side::Next, &changes).await?)
    }
}

/// Compares what the live index says with the tables. While events come, what is on its way differs.
pub async fn verify(ports: &Ports, search: Arc<dyn SearchIndex>) -> Result<Compared, WalkError> {
    let indexer = Indexer::new(ports, search.clone(), Side::Live);
    let mut sink = Batches::new(Comparing { search: search.clone(), compared: Compared::default() });
    walk(&*ports.log, &indexer, &mut sink).await?;
    let mut compared = sink.end().await?.compared;
    // What the index has, and the tables do not.
    for index in search::ALL {
        let mut from: Option<String> = None;
        loop {
            let page = search.list(index, from.as_deref(), BATCH).await?;
            compared.documents += page.documents.len();
            for (id, _) in page.documents {
                if !indexer.rows.has(index, &id).await? {
                    compared.differs(index, &id, "of nothing that can be found");
                }
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
    }
    Ok(compared)
}

struct Comparing {
    search: Arc<dyn SearchIndex>,
    compared: Compared,
}

#[async_trait]
impl Batch for Comparing {
    async fn batch(&mut self, index: &'static Index, changes: Vec<Change>) -> Result<(), WalkError> {
        let known = self.search.versions(index, Side::Live, &ids(&changes)).await?;
        // Each message raises the version of its conversation, which says the same in the index.
        let is_exact = index != &search::CONVERSATIONS;
        for (change, known) in changes.iter().zip(known) {
            let is_present = change.document.is_some();
            let what = match known {
                None if is_present => "missing",
                Some(known) if is_exact && known.version < change.version => "out of date",
                Some(known) if known.version == change.version && known.is_present != is_present => {
                    "gone in one of both"
                }
                None | Some(_) => continue,
            };
            self.compared.differs(index, &change.id, what);
        }
        Ok(())
    }
}

impl Compared {
    fn differs(&mut self, index: &Index, id: &str, what: &str) {
        self.differences += 1;
        if self.shown.len() < MOST_SHOWN {
            self.shown.push(format!("{} {id}: {what}", index.name));
        }
    }
}
