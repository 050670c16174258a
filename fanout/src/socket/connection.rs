//! One socket from its handshake to its close: what its client says, and what runs on it.
//!
//! Invariants: nothing is run before the init is accepted; a client that does not read, does not answer
//! or says too much is closed with a code that says what to do, never waited for; an idle socket holds
//! no buffer and no timer of its own.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use graphql::{Viewer, auth};
use platform::connections::{Reading, Stream};
use tokio::io::Interest;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, spawn_local, yield_now};
use tokio::time::Instant;
use uuid::Uuid;

use super::closing::{self, End};
use super::frames::{self, Incoming, Message};
use super::operation;
use super::outbox::Outbox;
use super::quotas::{Kept, Seat};
use crate::metrics;
use crate::presence::DeviceSeat;
use crate::protocol::{ClientMessage, CloseCode, Init, ServerMessage};
use crate::shard::{Holds, Shard};
use crate::subscription::Subscription;

/// Beyond this a socket is not held open on one token.
const LONGEST_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Frames, and bytes, that a client may send between two looks at its socket.
const MAX_FRAMES: u32 = 500;
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The same before its init is accepted, in all: an init, and the longest token.
const MAX_FRAMES_BEFORE_INIT: u32 = 8;
const MAX_BYTES_BEFORE_INIT: usize = 16 * 1024;

/// What every delivery looks at comes first.
#[repr(C)]
pub struct Connection {
    told_at: Cell<Instant>,
    pub outbox: Outbox,
    pub shard: Rc<Shard>,
    /// Told when something begins to wait in the outbox, or the socket is to end.
    attention: Rc<Notify>,
    ending: Cell<Option<End>>,
    state: RefCell<State>,
    /// When of the time of a drain it is closed, as a share of it.
    drains_at: f32,
    pub holds: Holds,
}

struct State {
    incoming: Incoming,
    admitted: Option<Admitted>,
    /// When the init must have come, then when its token expires.
    valid_until: Instant,
    /// Bytes since the last look.
    bytes: usize,
    heard_at: Instant,
    pinged_at: Option<Instant>,
    operations: Vec<Operation>,
    next_number: OperationNumber,
}

impl State {
    /// Counts what an admitted client says from here.
    fn count_anew(&mut self) {
        self.bytes = 0;
        self.incoming.allow(Some(MAX_FRAMES));
    }
}

/// Whose init was accepted, and their place among the user's sockets.
struct Admitted {
    viewer: Viewer,
    seat: Seat,
    device: DeviceSeat,
}

/// Tells an operation from a later one of the same name.
pub type OperationNumber = u32;

struct Operation {
    name: Box<str>,
    number: OperationNumber,
    /// What is being done for it; a live subscription rests.
    task: Option<AbortHandle>,
    subscription: Option<Rc<Subscription>>,
    kept: Kept,
}

impl Drop for Operation {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Connection {
    pub fn new(shard: Rc<Shard>, stream: Stream, reading: Reading, holds: Holds) -> Rc<Self> {
        let attention = Rc::new(Notify::new());
        let now = Instant::now();
        metrics::SOCKETS.inc();
        let mut incoming = Incoming::default();
        incoming.allow(Some(MAX_FRAMES_BEFORE_INIT));
        let state = State {
            incoming,
            admitted: None,
            valid_until: now + shard.node.options.init_within,
            bytes: 0,
            heard_at: now,
            pinged_at: None,
            operations: vec![],
            next_number: 0,
        };
        Rc::new(Self {
            outbox: Outbox::new(stream, attention.clone(), reading),
            told_at: Cell::new(now),
            shard,
            attention,
            ending: Cell::new(None),
            state: RefCell::new(state),
            drains_at: rand::random(),
            holds,
        })
    }

    /// Serves the socket to its end; `read` is what its client has said already.
    pub async fn serve(self: Rc<Self>, read: &[u8]) {
        let running = Running(&self);
        let end = match self.take_in(read) {
            Ok(()) => self.run().await,
            Err(end) => end,
        };
        drop(running);
        let incoming = std::mem::take(&mut self.state.borrow_mut().incoming);
        Box::pin(closing::close(&self.outbox, incoming, end)).await;
    }

    async fn run(self: &Rc<Self>) -> End {
        let stream = &self.outbox.stream;
        loop {
            let interest = if self.outbox.is_waiting() {
                Interest::READABLE | Interest::WRITABLE
            } else {
                Interest::READABLE
            };
            tokio::select! {
                ready = stream.ready(interest) => {
                    let Ok(ready) = ready else { return End::Gone };
                    if ready.is_writable() && self.outbox.flush() {
                        self.deliver();
                    }
                    if ready.is_readable() {
                        if let Err(end) = self.read() {
                            return end;
                        }
                        // Others have their turn, however much this client says.
                        yield_now().await;
                    }
                }
                () = self.attention.notified() => if let Some(end) = self.ending.take() {
                    return end;
                },
            }
        }
    }

    /// Ends the socket, as soon as its own task comes to it.
    pub fn end(&self, code: CloseCode) {
        self.ending.set(Some(code.into()));
        self.attention.notify_one();
    }

    fn read(self: &Rc<Self>) -> Result<(), End> {
        let mut buffer = self.shard.read_buffer.borrow_mut();
        match self.outbox.stream.try_read(&mut buffer) {
            Ok(0) => Err(End::Gone),
            Ok(bytes) => self.take_in(&buffer[..bytes]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(_) => Err(End::Gone),
        }
    }

    fn take_in(self: &Rc<Self>, bytes: &[u8]) -> Result<(), End> {
        if bytes.is_empty() {
            return Ok(());
        }
        let messages = {
            let state = &mut *self.state.borrow_mut();
            state.heard_at = Instant::now();
            state.bytes += bytes.len();
            let most = if state.admitted.is_some() { MAX_BYTES } else { MAX_BYTES_BEFORE_INIT };
            if state.bytes > most {
                return Err(CloseCode::Overloaded.into());
            }
            state.incoming.read(bytes)?
        };
        messages.into_iter().try_for_each(|message| self.hear(message))
    }

    fn hear(self: &Rc<Self>, message: Message) -> Result<(), End> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary => return Err(CloseCode::BadRequest.into()),
            Message::Close(code) => return Err(End::ByClient(code)),
            Message::Ping(payload) => {
                self.answer(&frames::pong(&payload));
                return Ok(());
            }
            Message::Pong => return Ok(()),
        };
        let message = ClientMessage::read(&text).ok_or(CloseCode::BadRequest)?;
        match message {
            ClientMessage::ConnectionInit { payload } => {
                self.init(&payload.unwrap_or_default())?;
                self.say(&ServerMessage::ConnectionAck);
            }
            ClientMessage::Ping { payload } => self.say(&ServerMessage::pong(payload)),
            ClientMessage::Pong {} => {}
            ClientMessage::Complete { id } => {
                self.state.borrow_mut().operations.retain(|operation| *operation.name != *id);
            }
            ClientMessage::Subscribe { id, payload } => self.subscribe((id, text.len()), payload)?,
        }
        Ok(())
    }

    fn init(&self, init: &Init) -> Result<(), End> {
        if self.state.borrow().admitted.is_some() {
            return Err(CloseCode::TooManyInits.into());
        }
        let authorization = init.authorization.iter().map(String::as_str);
        let token = auth::bearer(authorization).ok().flatten().ok_or(CloseCode::Forbidden)?;
        let now = self.shard.node.now();
        let identity = self.shard.authenticator.verify(token, now).map_err(|_| CloseCode::Forbidden)?;
        let milliseconds =
            u64::try_from(identity.expires_at.saturating_sub(now)).unwrap_or(0).min(LONGEST_MS);
        self.admit(identity.into(), init.device(), Duration::from_millis(milliseconds))
    }

    /// Admits a viewer until the token expires, unless the user has too many sockets.
    pub fn admit(&self, viewer: Viewer, device: Uuid, valid_for: Duration) -> Result<(), End> {
        let seat = self.shard.node.quotas.seat(&viewer.user).ok_or(CloseCode::TooManySockets)?;
        let state = &mut *self.state.borrow_mut();
        let device = self.shard.device_seat(&viewer.user, device);
        state.admitted = Some(Admitted { viewer, seat, device });
        state.count_anew();
        state.valid_until = Instant::now() + valid_for;
        Ok(())
    }

    /// Begins an operation; `bytes` is the size of its message.
    fn subscribe(
        self: &Rc<Self>,
        (name, bytes): (String, usize),
        operation: crate::protocol::Operation,
    ) -> Result<(), End> {
        let options = &self.shard.node.options;
        let (number, viewer, device) = {
            let state = &mut *self.state.borrow_mut();
            let Admitted { viewer, seat, device } = state.admitted.as_ref().ok_or(CloseCode::Unauthorized)?;
            if state.operations.iter().any(|other| *other.name == *name) {
                return Err(CloseCode::DuplicateOperation.into());
            }
            let kept: usize = state.operations.iter().map(|other| other.kept.bytes()).sum();
            if state.operations.len() >= options.operations_per_socket
                || kept + bytes > options.bytes_per_socket
            {
                return Err(CloseCode::Overloaded.into());
            }
            let (viewer, device) = (viewer.clone(), device.reached());
            let kept = seat.keep(bytes as u32).ok_or(CloseCode::Overloaded)?;
            let number = state.next_number;
            state.next_number = number.wrapping_add(1);
            let name = name.clone().into();
            state.operations.push(Operation { name, number, task: None, subscription: None, kept });
            (number, viewer, device)
        };
        self.spawn(number, operation::run(self.clone(), (viewer, device), (number, name), operation));
        Ok(())
    }

    /// Does something for an operation; it ends with the operation. Should it panic, the socket ends: the
    /// client resumes at its last cursor.
    pub fn spawn(self: &Rc<Self>, number: OperationNumber, work: impl Future<Output = ()> + 'static) {
        let connection = self.clone();
        let work = AssertUnwindSafe(work).catch_unwind().map(move |done| {
            if done.is_err() {
                connection.end(CloseCode::Restart);
            }
            // Its handle would keep all that it took.
            connection.change(number, |operation| operation.task = None);
        });
        self.change(number, |operation| operation.task = Some(spawn_local(work).abort_handle()));
    }

    /// A subscription is live: from now on it rests until something comes.
    pub fn keep(&self, number: OperationNumber, subscription: &Rc<Subscription>) {
        self.change(number, |operation| operation.subscription = Some(subscription.clone()));
    }

    /// An operation has ended by itself.
    pub fn ended(&self, number: OperationNumber) {
        self.state.borrow_mut().operations.retain(|operation| operation.number != number);
    }

    fn change(&self, number: OperationNumber, change: impl FnOnce(&mut Operation)) {
        let operations = &mut self.state.borrow_mut().operations;
        if let Some(operation) = operations.iter_mut().find(|operation| operation.number == number) {
            change(operation);
        }
    }

    /// What waits for this socket's subscriptions goes on, now that there is room.
    fn deliver(self: &Rc<Self>) {
        let subscriptions: Vec<_> = {
            let operations = &self.state.borrow().operations;
            operations.iter().filter_map(|operation| operation.subscription.clone()).collect()
        };
        self.shard.deliver(&subscriptions, Instant::now());
    }

    /// Sends frames, if there are any, for which there is room.
    pub fn tell(&self, frames: &[u8], now: Instant) {
        if !frames.is_empty() {
            self.outbox.write(frames);
            self.told_at.set(now);
        }
    }

    /// Sends frames once there is room.
    pub async fn send(&self, frames: &[u8]) -> Result<(), super::outbox::Closed> {
        self.outbox.room().await?;
        self.tell(frames, Instant::now());
        Ok(())
    }

    fn say(&self, message: &ServerMessage<'_>) {
        self.answer(&frames::text(&message.to_text()));
    }

    /// Answers at once; a client that asks and does not read is not answered for ever.
    fn answer(&self, frame: &[u8]) {
        if self.outbox.has_room() {
            self.outbox.write(frame);
        } else {
            self.end(CloseCode::TooSlow);
        }
    }

    /// Looks whether anything is due: its end, or a ping. `drains` is the share of the drain that has
    /// passed.
    pub fn look(&self, now: Instant, drains: Option<f32>) {
        let (ends, is_quiet) = {
            let state = &mut *self.state.borrow_mut();
            if state.admitted.is_some() {
                state.count_anew();
            }
            let every = self.shard.node.options.ping_every;
            let is_quiet = state.admitted.is_some() && now.duration_since(self.told_at.get()) >= every;
            let is_silent = is_quiet && state.pinged_at.is_some_and(|pinged_at| state.heard_at < pinged_at);
            let ends = match &state.admitted {
                _ if drains.is_some_and(|passed| passed >= self.drains_at) => Some(CloseCode::Restart),
                _ if self.outbox.is_late(now) => Some(CloseCode::TooSlow),
                _ if is_silent => Some(CloseCode::NoPong),
                Some(_) if now >= state.valid_until => Some(CloseCode::Unauthorized),
                Some(admitted) if !self.shard.serves(&admitted.viewer) => Some(CloseCode::Forbidden),
                None if now >= state.valid_until => Some(CloseCode::InitTimeout),
                _ => None,
            };
            if ends.is_none() && is_quiet {
                self.told_at.set(now);
                state.pinged_at = Some(now);
            }
            (ends, is_quiet)
        };
        match ends {
            Some(code) => self.end(code),
            None if is_quiet => self.ping(),
            None => {}
        }
    }

    /// Asks whether the client is there, and gives each quiet inbox a fresh cursor, so that it never
    /// grows too old.
    fn ping(&self) {
        let mut cursors = serde_json::Map::new();
        for operation in &self.state.borrow().operations {
            if let Some(cursor) = operation.subscription.as_ref().and_then(|rests| rests.quiet_cursor()) {
                cursors.insert(operation.name.to_string(), cursor.into());
            }
        }
        let payload = (!cursors.is_empty()).then(|| serde_json::json!({ "cursors": cursors }));
        self.say(&ServerMessage::Ping { payload });
    }
}

/// What runs on a socket, until this is dropped.
struct Running<'a>(&'a Connection);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let operations = std::mem::take(&mut self.0.state.borrow_mut().operations);
        drop(operations);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        metrics::SOCKETS.dec();
    }
}
