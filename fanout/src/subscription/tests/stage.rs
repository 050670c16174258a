//! A node, one of its shards, and a client's socket on it.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use domain::Conversations;
use fold::Fold;
use futures::{SinkExt, StreamExt};
use graphql::auth::Authenticator;
use graphql::{Limits, Viewer};
use platform::clock::SystemClock;
use platform::connections::{self, Places, Reading, Stream};
use schemas::avro;
use schemas::creating::{ConversationKind, Opened};
use schemas::membership::{Member, MembershipInterval, Role as Rank};
use schemas::receipts::Watermarks;
use schemas::rows::RowKey;
use schemas::states::ConversationState;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ports::{Memory, MemoryLog, awareness, executor, rendering_schema};
use crate::cursor::{Cursor, CursorKey};
use crate::hub::tests::world::{LANES, World, conversation, user};
use crate::shard::{Holds, Shard, Stands};
use crate::socket::connection::Connection;
use crate::{Node, Options};

const INBOX: &str = "subscription Inbox($after: String) { inbox(after: $after) { cursor event { __typename
    ... on MessageCreated { message { content conversation { kind } replyTo { content } } }
    ... on MessageChanged { message { status } } } } }";
/// How long something may take that has to happen.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Stage {
    pub world: World,
    pub tables: Arc<Memory>,
    pub node: Arc<Node>,
    pub shard: Rc<Shard>,
}

/// Tells a story on a thread that has shards.
pub fn staged(story: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, story);
}

impl Stage {
    /// A node that begins with the world, and `k1` in its tables.
    pub async fn new(world: World) -> Self {
        Self::with(world, Options::default()).await
    }

    pub async fn with(world: World, options: Options) -> Self {
        let tables = Arc::new(Memory::default());
        let opened = Opened {
            kind: ConversationKind::Group,
            title: None,
            description: None,
            announcements_only: false,
            avatar: None,
            by: user("owner"),
            at: 0,
            charge: 0,
        };
        let state = ConversationState { opened: Some(opened), members: 2, ..Conversations::fresh() };
        tables.row(&conversation("k1"), RowKey::state(), &avro::encode(&state));
        let log = Arc::new(MemoryLog { partitions: LANES.partitions, ..MemoryLog::default() });
        let (clock, key) = (Arc::new(SystemClock), CursorKey::new([7; 32]));
        let options = Options { shards: 1, ..options };
        let awareness = awareness(&tables);
        let (node, mut entrances) =
            Node::new(log, tables.clone(), clock, awareness, key, options).await.unwrap();
        let stands = Stands {
            node: node.clone(),
            executor: executor(&tables),
            admission: graphql::Admission::new(&rendering_schema(&tables).sdl(), false).unwrap(),
            limits: Limits::new(graphql::limits::Options::default()),
            rendering: rendering_schema(&tables),
            authenticator: Arc::new(Authenticator::development(&[7; 32])),
            draining: CancellationToken::new(),
        };
        let shard = Shard::new(stands, node.hubs[0].clone());
        let (running, entrance) = (shard.clone(), entrances.remove(0));
        spawn_local(async move {
            let (_door, arrivals) = mpsc::channel(1);
            running.run(entrance, arrivals).await;
        });
        Self { world, tables, node, shard }
    }

    /// The people of `k1` in its tables.
    pub fn has_people(&self, names: &[&str]) {
        let interval = MembershipInterval { from: 0, to: None, first_seq: 1, first_ordinal: 0 };
        let marks = Watermarks::default().with_read(9, 0, true);
        let member =
            Member { role: Rank::Member, joined_at: 0, intervals: vec![interval], marks, request: None };
        for name in names {
            self.tables.row(&conversation("k1"), RowKey::of::<Member>(&user(name)), &avro::encode(&member));
        }
    }

    pub fn enters(&self) {
        self.world.enters(&self.node.hubs[0]);
    }

    /// A cursor of somebody's before everything.
    pub fn start_of(&self, name: &str) -> String {
        let key = &self.node.cursor_key;
        Cursor::at(self.node.hubs[0].settled().id).encode(key, &key.tag(&user(name)))
    }

    /// `ann` is let in, and says nothing yet.
    pub async fn comes(&self) -> Client {
        self.has_rows_of_ann();
        Client::on(self.connects().await).await
    }

    /// The rows that `ann` has in the world.
    pub fn has_rows_of_ann(&self) {
        for (membership, version) in self.world.rows_of("ann").memberships {
            self.tables.view(membership.to_row(), version);
        }
    }

    /// The same, as a bare connection behind its handshake.
    pub async fn connects(&self) -> TcpStream {
        let (client, connection) = self.stands(Reading::default()).await;
        connection.admit(Viewer::plain(user("ann")), uuid::Uuid::nil(), PATIENCE * 10).unwrap();
        spawn_local(async move { connection.serve(&[]).await });
        client
    }

    /// A bare connection that nobody has been admitted on.
    pub async fn opens(&self) -> TcpStream {
        let (client, connection) = self.stands(Reading::default()).await;
        spawn_local(async move { connection.serve(&[]).await });
        client
    }

    /// Both ends of a socket that is not served yet.
    pub async fn stands(&self, reading: Reading) -> (TcpStream, Rc<Connection>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        (client, self.shard.connect(Stream::Tcp(server), reading, holds()))
    }

    /// `ann` subscribes to her inbox.
    pub async fn subscribes(&self, after: Option<String>) -> Client {
        let mut client = self.comes().await;
        client.subscribes("1", after).await;
        client
    }
}

/// What a socket of a test holds.
fn holds() -> Holds {
    let options = connections::Options { port: "stage", ..connections::Options::default() };
    let connection = Places::new(&options).take(Ipv4Addr::LOCALHOST.into()).ok().unwrap();
    Holds { peer: None, _node: TaskTracker::new().token(), _connection: connection }
}

pub struct Client {
    pub socket: WebSocketStream<TcpStream>,
}

impl Client {
    /// The client of a bare connection.
    pub async fn on(connection: TcpStream) -> Self {
        Self { socket: WebSocketStream::from_raw_socket(connection, Role::Client, None).await }
    }

    /// Subscribes to the inbox.
    pub async fn subscribes(&mut self, id: &str, after: Option<String>) {
        let payload = json!({ "query": INBOX, "variables": { "after": after } });
        self.says(&json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    pub async fn says(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, or the code that the socket is closed with.
    pub async fn hears(&mut self) -> Result<Value, u16> {
        let heard = timeout(PATIENCE, self.socket.next()).await.expect("something comes");
        match heard.expect("a close frame comes first").expect("a frame") {
            Message::Text(text) => Ok(serde_json::from_str(&text).unwrap()),
            Message::Close(close) => Err(close.expect("a code").code.into()),
            other => panic!("{other:?}"),
        }
    }

    /// The next frame's payload.
    pub async fn frame(&mut self) -> Value {
        let mut said = self.hears().await.expect("a frame");
        assert_eq!((&said["type"], &said["id"]), (&"next".into(), &"1".into()), "{said}");
        assert!(said["payload"].get("errors").is_none(), "{said}");
        said["payload"]["data"]["inbox"].take()
    }

    /// Frames of these kinds, one after the other; gives the cursor of the last.
    pub async fn frames(&mut self, kinds: &[&str]) -> Option<String> {
        let mut last = None;
        for kind in kinds {
            let frame = self.frame().await;
            assert_eq!(frame["event"]["__typename"], *kind);
            last = cursor(&frame);
        }
        last
    }

    /// The code that the socket is closed with; what comes before it is passed over.
    pub async fn end(&mut self) -> u16 {
        loop {
            if let Err(code) = self.hears().await {
                return code;
            }
        }
    }
}

/// The cursor of a frame.
pub fn cursor(frame: &Value) -> Option<String> {
    Some(frame["cursor"].as_str().expect("a cursor").to_owned())
}

/// The content of the message in a frame.
pub fn content(frame: &Value) -> &str {
    frame["event"]["message"]["content"].as_str().expect("a message")
}
