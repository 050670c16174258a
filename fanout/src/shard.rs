//! Shards: threads that each serve a part of the sockets, on a runtime and a hub of their own.
//!
//! Invariants: a socket stays on its shard, so nothing of it is shared; all that is ready for a socket
//! goes out in one write; a shard that ends by itself ends the process.

mod deliver;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use graphql::auth::Authenticator;
use graphql::limits::Peer;
use graphql::{Admission, Executor, Limits, RenderingSchema, Viewer};
use platform::connections::{Detached, Place, Reading, Stream};
use platform::lock::locked;
use schemas::UserId;
use slab::Slab;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{LocalSet, spawn_blocking, spawn_local, yield_now};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

use crate::hub::{Hub, SubscriptionId};
use crate::node::Entrance;
use crate::presence::DeviceSeat;
use crate::protocol::CloseCode;
use crate::socket::connection::Connection;
use crate::subscription::Subscription;
use crate::{Node, metrics};
use deliver::Batches;

/// Sockets that may wait to be taken in by one shard.
const ARRIVALS: usize = 1_024;
/// Batches of records that are entered together, before deliveries have their turn.
const RECORD_BATCHES: usize = 8;
/// Bytes read from a socket at once.
const READ_BYTES: usize = 64 * 1024;
/// How often a shard looks for what is due on a part of its sockets, and how often on all of them while it
/// drains.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const LOOK_EVERY_DRAINING: Duration = Duration::from_millis(20);
/// Parts of the sockets, each looked at in its turn: a look at all would hold up what is delivered.
const PARTS: usize = 4;

/// What shards stand on.
#[derive(Clone)]
pub struct Stands {
    pub node: Arc<Node>,
    pub executor: Executor,
    pub admission: Admission,
    pub limits: Arc<Limits>,
    pub rendering: RenderingSchema,
    pub authenticator: Arc<Authenticator>,
    pub draining: CancellationToken,
}

/// A socket that has shaken hands.
pub struct Arrival {
    pub stream: Detached,
    /// What its client has sent behind the handshake.
    pub read: Vec<u8>,
    /// Whether its client speaks our protocol.
    pub speaks: bool,
    /// How fast its client has to read.
    pub reading: Reading,
    pub holds: Holds,
}

/// What a socket holds for as long as it is open, and for whom.
pub struct Holds {
    /// The address that its attempts count for.
    pub peer: Option<Peer>,
    /// Its place among the sockets of the node.
    pub _node: TaskTrackerToken,
    /// Its place among the connections of the process.
    pub _connection: Place,
}

#[derive(Debug, thiserror::Error)]
pub enum ShardsError {
    #[error("a shard cannot start: {0}")]
    Start(#[from] io::Error),
    #[error("a shard has ended")]
    Ended,
}

/// The shards of a node.
pub struct Shards {
    doors: Vec<mpsc::Sender<Arrival>>,
    next: AtomicUsize,
    threads: Mutex<Vec<JoinHandle<()>>>,
    stop: CancellationToken,
    ended: CancellationToken,
}

impl Shards {
    /// A thread for each hub of the node and the receiver of its batches.
    pub fn start(stands: &Stands, entrances: Vec<Entrance>) -> Result<Self, ShardsError> {
        let (stop, ended) = (CancellationToken::new(), CancellationToken::new());
        let (mut doors, mut threads) = (vec![], vec![]);
        for (index, (hub, entrance)) in stands.node.hubs.iter().zip(entrances).enumerate() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let (door, arrivals) = mpsc::channel(ARRIVALS);
            doors.push(door);
            let (stands, hub, stop, ended) = (stands.clone(), hub.clone(), stop.clone(), ended.clone());
            let serve = move || {
                let _ended = ended.drop_guard();
                let shard = Shard::new(stands, hub);
                LocalSet::new().block_on(&runtime, async {
                    tokio::select! {
                        () = shard.run(entrance, arrivals) => {}
                        () = stop.cancelled() => {}
                    }
                });
            };
            threads.push(std::thread::Builder::new().name(format!("sockets-{index}")).spawn(serve)?);
        }
        Ok(Self { doors, next: AtomicUsize::new(0), threads: Mutex::new(threads), stop, ended })
    }

    /// Gives a socket to the next shard.
    pub async fn take_in(&self, arrival: Arrival) {
        let next = self.next.fetch_add(1, Ordering::Relaxed) % self.doors.len();
        // A shard that has ended ends the process, and all sockets with it.
        let _ = self.doors[next].send(arrival).await;
    }

    /// Resolves when a shard has ended, which none should.
    pub async fn ended(&self) -> ShardsError {
        self.ended.cancelled().await;
        ShardsError::Ended
    }

    /// Ends the shards.
    pub async fn stop(&self) -> Result<(), ShardsError> {
        self.stop.cancel();
        let threads = std::mem::take(&mut *locked(&self.threads));
        for thread in threads {
            let joined = spawn_blocking(move || thread.join()).await;
            joined.map_err(|_| ShardsError::Ended)?.map_err(|_| ShardsError::Ended)?;
        }
        Ok(())
    }
}

/// Sockets that are dropped without a drain end their threads too.
impl Drop for Shards {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A subscription, and whose it is without a look at it.
struct Kept {
    socket: *const Connection,
    subscription: Weak<Subscription>,
}

/// One thread's sockets.
pub struct Shard {
    pub node: Arc<Node>,
    pub hub: Arc<Hub>,
    pub executor: Executor,
    pub admission: Admission,
    pub limits: Arc<Limits>,
    pub rendering: RenderingSchema,
    pub authenticator: Arc<Authenticator>,
    /// What is read from any socket is read here.
    pub read_buffer: RefCell<Vec<u8>>,
    draining: CancellationToken,
    connections: RefCell<Slab<Weak<Connection>>>,
    /// The part of them that is looked at next.
    part: Cell<usize>,
    /// By their ids.
    subscriptions: RefCell<Vec<Option<Kept>>>,
    turn: RefCell<deliver::Turn>,
    /// Permits to start an operation.
    starts: Semaphore,
    /// Notified when an operation waits to start.
    start_wanted: Notify,
}

impl Shard {
    pub fn new(stands: Stands, hub: Arc<Hub>) -> Rc<Self> {
        let Stands { node, executor, admission, limits, rendering, authenticator, draining } = stands;
        Rc::new(Self {
            node,
            hub,
            executor,
            admission,
            limits,
            rendering,
            authenticator,
            read_buffer: RefCell::new(vec![0; READ_BYTES]),
            draining,
            connections: RefCell::default(),
            part: Cell::default(),
            subscriptions: RefCell::default(),
            turn: RefCell::default(),
            starts: Semaphore::new(1),
            start_wanted: Notify::new(),
        })
    }

    /// Enters records, accepts sockets, delivers, and looks at what is due, for ever.
    pub async fn run(self: &Rc<Self>, mut entrance: Entrance, mut arrivals: mpsc::Receiver<Arrival>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut drains_since = None;
        let (mut batches, mut records) = (Batches::new(), vec![]);
        loop {
            tokio::select! {
                1.. = entrance.recv_many(&mut records, RECORD_BATCHES) => for batch in records.drain(..) {
                    self.node.present.part(self.hub.enter(batch.lane, &batch.entries));
                    self.node.entered(&batch);
                },
                () = self.hub.wake.notified() => {
                    batches.push_back(self.batch());
                    self.deliver_some(&mut batches);
                }
                () = yield_now(), if !batches.is_empty() => self.deliver_some(&mut batches),
                Some(arrival) = arrivals.recv() => self.take_in(arrival),
                now = looks.tick() => self.look(now, drains_since),
                () = self.draining.cancelled(), if drains_since.is_none() => {
                    drains_since = Some(Instant::now());
                    looks = interval(LOOK_EVERY_DRAINING);
                }
                () = self.start_wanted.notified() => if self.starts.available_permits() == 0 {
                    self.starts.add_permits(1);
                }
            }
        }
    }

    /// Waits for the turn to start an operation. Operations start one by one, between deliveries, so that many
    /// clients that return at once do not delay deliveries to others.
    pub async fn turn_to_start(&self) {
        self.start_wanted.notify_one();
        if let Ok(turn) = self.starts.acquire().await {
            turn.forget();
        }
        self.start_wanted.notify_one();
    }

    /// Whether neither a ban nor a revocation has come since a viewer was admitted.
    pub fn serves(&self, viewer: &Viewer) -> bool {
        let standings = self.authenticator.standings();
        standings.check(&viewer.user, viewer.issued_at, self.node.now()).is_ok()
    }

    fn take_in(self: &Rc<Self>, arrival: Arrival) {
        let Arrival { stream, read, speaks, reading, holds } = arrival;
        let stream = match stream.attach() {
            Ok(stream) => stream,
            Err(error) => {
                tracing::warn!(%error, "a socket was lost");
                return;
            }
        };
        let connection = self.connect(stream, reading, holds);
        if !speaks {
            connection.end(CloseCode::SubprotocolNotAcceptable);
        }
        spawn_local(async move { connection.serve(&read).await });
    }

    /// A socket of this shard, for as long as it is served.
    pub fn connect(self: &Rc<Self>, stream: Stream, reading: Reading, holds: Holds) -> Rc<Connection> {
        let connection = Connection::new(self.clone(), stream, reading, holds);
        self.connections.borrow_mut().insert(Rc::downgrade(&connection));
        connection
    }

    /// A place for one more socket of a device.
    pub fn device_seat(&self, user: &UserId, device: Uuid) -> DeviceSeat {
        self.node.devices.seat(user, device.to_string(), self.draining.clone())
    }

    fn look(&self, now: Instant, drains_since: Option<Instant>) {
        metrics::tell_counts();
        let over = self.node.options.drain_over.as_secs_f32().max(f32::EPSILON);
        let drains = drains_since.map(|since| now.saturating_duration_since(since).as_secs_f32() / over);
        let part = self.part.replace((self.part.get() + 1) % PARTS);
        let is_due = |place: usize| drains.is_some() || place % PARTS == part;
        self.connections.borrow_mut().retain(|place, connection| {
            if !is_due(place) {
                return true;
            }
            let open = connection.upgrade();
            if let Some(connection) = &open {
                connection.look(now, drains);
            }
            open.is_some()
        });
    }

    /// What comes for a subscription is delivered to it from now on.
    pub fn keep(&self, id: SubscriptionId, subscription: &Rc<Subscription>) {
        let subscriptions = &mut *self.subscriptions.borrow_mut();
        if subscriptions.len() <= id {
            subscriptions.resize_with(id + 1, || None);
        }
        let socket = Rc::as_ptr(&subscription.connection);
        subscriptions[id] = Some(Kept { socket, subscription: Rc::downgrade(subscription) });
    }

    pub fn forget(&self, id: SubscriptionId) {
        if let Some(kept) = self.subscriptions.borrow_mut().get_mut(id) {
            *kept = None;
        }
    }
}
