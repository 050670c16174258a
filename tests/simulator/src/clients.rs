//! Clients: who they are, what they have asked for, and how a request reaches the log.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::avro;
use schemas::control::{Control, Limit, Limits, Policy, PolicyVersion, Prices, RULES};
use schemas::creating::ConversationKind;
use schemas::flags::{Features, Flag, FlagRule};
use schemas::gifs::{GifRating, GifRules};
use schemas::message::{Content, Mentions, Message, ReplyStub};
use schemas::moderation::{Action, Moderation, ModerationRule};
use schemas::operations::{CreateConversation, ForwardMessage, GrantCredits, SendMessage};
use schemas::people::Profile;
use schemas::position::Offset;
use schemas::record::{Origin, Outgoing, Output, Place};
use schemas::stickers::ChosenSticker;
use schemas::tables::views::{CREATED, MessageRow};
use schemas::tables::{MESSAGES, Value};
use schemas::topics::{ACCOUNT_COMMANDS, CONVERSATION_COMMANDS};
use schemas::verdict::Reply;
use schemas::{
    AccountRequest, AttachmentId, ClientId, ConversationId, ConversationKey, ConversationRequest, TemplateId,
    UserId,
};

use crate::tables::QUORUMS;
use crate::world::State;
use crate::{PARTITIONS, operations};

/// Milli-credits that each user is granted at the start.
const GRANT: i64 = 3_000;
const USERS: usize = 4;
/// Templates that an account may have.
pub const MOST_TEMPLATES: usize = 4;

/// A send that a client has asked for, maybe more than once.
#[derive(Debug, Clone)]
pub struct Asked {
    pub user: UserId,
    pub client_id: ClientId,
    pub conversation: ConversationId,
    pub text: String,
    pub reply_to: Option<Box<ReplyStub>>,
    pub attachments: Vec<AttachmentId>,
    pub template: Option<TemplateId>,
    pub sticker: Option<Box<ChosenSticker>>,
    /// Number of the newest message of the conversation that was acknowledged when this was first asked.
    pub after: i64,
    /// Offset of this very command in its partition.
    pub command: Offset,
}

/// A forward that a client has asked for, maybe more than once.
#[derive(Debug, Clone)]
pub struct Forwarded {
    pub request: i64,
    pub asked: ForwardMessage,
    /// Offset of this very command in its partition.
    pub command: Offset,
}

pub struct Clients {
    users: Vec<UserId>,
    /// Conversations that were asked for, with their first members.
    conversations: Vec<(ConversationId, ConversationKind, usize)>,
    /// Sends, by request.
    pub sends: BTreeMap<i64, Asked>,
    /// What was asked of conversations beside sends and creations, by request.
    pub directs: BTreeMap<i64, (ConversationId, ConversationRequest)>,
    pub forwards: Vec<Forwarded>,
    /// Keys of grants, with their amounts.
    grants: BTreeMap<UserId, BTreeMap<String, i64>>,
    next_request: i64,
    policy: i64,
}

impl Clients {
    /// Puts a policy in force, grants credits, opens conversations.
    pub fn new(state: &mut State) -> Self {
        let users: Vec<UserId> = (0..USERS).filter_map(|i| format!("user-{i}").parse().ok()).collect();
        let mut clients = Self {
            users,
            conversations: vec![],
            sends: BTreeMap::new(),
            directs: BTreeMap::new(),
            forwards: vec![],
            grants: BTreeMap::new(),
            next_request: 1,
            policy: 0,
        };
        clients.change_policy(state, 100);
        for user in clients.users.clone() {
            clients.grant(state, &user, "start".to_owned(), GRANT);
        }
        for people in [&[0, 1, 2][..], &[1, 2, 3], &[0, 2]] {
            clients.create(state, ConversationKind::Group, people);
        }
        clients.create(state, ConversationKind::Direct, &[0, 1]);
        clients
    }

    /// One client does something, or an operator changes the policy.
    pub fn act(&mut self, state: &mut State) {
        if state.chance(0.02) {
            let price = [0, 100, 200][state.random.random_range(0..3)];
            self.change_policy(state, price);
        } else {
            operations::ask(self, state);
        }
    }

    /// Asks an account for something that no conversation decides.
    pub fn own(&mut self, state: &mut State, user: &UserId, request: impl Into<AccountRequest>) {
        let reply = self.reply();
        self.account(state, user, request, Some(reply));
    }

    /// Appends a request to an account; gives its offset.
    fn account(
        &self,
        state: &mut State,
        user: &UserId,
        request: impl Into<AccountRequest>,
        reply: Option<Reply>,
    ) -> Offset {
        let (user, request) = (user.clone(), request.into());
        append(state, Output::ToAccount { user, request, reply })
    }

    fn reply(&mut self) -> Reply {
        let request = self.next_request;
        self.next_request += 1;
        Reply { slot: 0, request }
    }

    /// Asks a conversation for something, without its account.
    pub fn direct(
        &mut self,
        state: &mut State,
        id: &ConversationId,
        request: impl Into<ConversationRequest>,
    ) {
        let (reply, request) = (self.reply(), request.into());
        self.directs.insert(reply.request, (id.clone(), request.clone()));
        let conversation = id.clone();
        append(state, Output::ToConversation { conversation, request, reply: Some(reply), charge: None });
    }

    /// Asks an account for something that it passes on to a conversation as `passed`.
    pub fn counted(
        &mut self,
        state: &mut State,
        user: &UserId,
        request: impl Into<AccountRequest>,
        (id, passed): (&ConversationId, ConversationRequest),
    ) {
        let reply = self.reply();
        self.directs.insert(reply.request, (id.clone(), passed));
        self.account(state, user, request, Some(reply));
    }

    /// Asks for a forward, whose copies are answered by requests of their own.
    pub fn forward(&mut self, state: &mut State, mut asked: ForwardMessage) {
        let reply = self.reply();
        for copy in &mut asked.copies {
            copy.request = self.reply().request;
        }
        let user = asked.sender.user.clone();
        let command = self.account(state, &user, asked.clone(), Some(reply));
        self.forwards.push(Forwarded { request: reply.request, asked, command });
    }

    /// Members of a conversation but one, as ingest found them once: they come and go meanwhile.
    pub fn recipients(&self, id: &ConversationId) -> i32 {
        let people = self.conversations.iter().find(|(known, ..)| known == id);
        people.map_or(0, |(_, _, people)| *people as i32 - 1)
    }

    pub fn send(&mut self, state: &mut State, mut asked: Asked) {
        let reply = self.reply();
        let send = SendMessage {
            conversation: asked.conversation.clone(),
            client_id: asked.client_id.clone(),
            content: Content::plain(&asked.text),
            reply_to: asked.reply_to.clone(),
            recipients: self.recipients(&asked.conversation),
            sender: Box::new(profile(&asked.user)),
            mentions: Mentions::default(),
            attachments: asked.attachments.clone(),
            template: asked.template.clone().map(Box::new),
            sticker: asked.sticker.clone(),
            gif: None,
        };
        asked.command = self.account(state, &asked.user, send, Some(reply));
        self.sends.insert(reply.request, asked);
    }

    pub fn create(&mut self, state: &mut State, kind: ConversationKind, people: &[usize]) {
        let creator = self.users[people[0]].clone();
        let mut participants: Vec<UserId> = people[1..].iter().map(|i| self.users[*i].clone()).collect();
        participants.sort();
        let client_id = client_id(state);
        let id = match kind {
            ConversationKind::Direct => ids().direct(&creator, &participants[0]),
            ConversationKind::Group => ids().created(&creator, &client_id),
        };
        let requests = participants.iter().filter(|_| state.chance(0.3)).cloned().collect();
        let (conversation, title) = (id.clone(), None);
        let create = CreateConversation { conversation, kind, participants, requests, title, client_id };
        if !self.conversations.iter().any(|(known, ..)| *known == id) {
            self.conversations.push((id, kind, people.len()));
        }
        self.account(state, &creator, create, None);
    }

    pub fn grant(&mut self, state: &mut State, user: &UserId, once: String, amount_milli: i64) {
        self.grants.entry(user.clone()).or_default().insert(once.clone(), amount_milli);
        self.account(state, user, GrantCredits { once, amount_milli }, None);
    }

    fn change_policy(&mut self, state: &mut State, message_per_recipient: i64) {
        self.policy += 1;
        let wide = Limit { count: 1_000, seconds: 1 };
        let policy = Policy {
            prices: Prices { message_per_recipient },
            limits: Limits {
                send: Limit { count: 5, seconds: 2 },
                create_conversation: wide,
                identical_text: wide,
                identical_text_conversations: wide,
                group_members: 10,
                message_characters: 100,
                edit_window_seconds: 900,
                edits_per_message: 5,
                suspension_seconds: 2,
                edit: Limit { count: 4, seconds: 2 },
                react: Limit { count: 6, seconds: 2 },
                report: Limit { count: 4, seconds: 2 },
                emoji_per_message: 3,
                pins_per_conversation: 2,
                forward_conversations: 2,
                change_members: Limit { count: 5, seconds: 2 },
                block: Limit { count: 5, seconds: 2 },
                upload: wide,
                attachment_bytes: 1_000,
                attachments_per_message: 10,
                voice_seconds: 120,
                templates: MOST_TEMPLATES as i32,
                sticker_pack: Limit { count: 4, seconds: 2 },
                own_sticker_packs: 2,
                added_sticker_packs: 2,
                stickers_per_pack: 2,
                translate: Limit { count: 4, seconds: 2 },
            },
            features: features(state),
            moderation: moderation(),
            gifs: GifRules { rating: GifRating::G },
        };
        let version = PolicyVersion { version: self.policy, policy };
        let value = avro::encode(&Control { policy: Some(version), rules: Some(RULES) });
        for topic in [&CONVERSATION_COMMANDS, &ACCOUNT_COMMANDS] {
            for partition in 0..PARTITIONS {
                let place = Place::Partition(partition);
                let headers = origin(state).headers("Control");
                state.append(Outgoing { topic, place, key: None, headers, value: value.clone() });
            }
        }
    }

    pub fn user(&self, state: &mut State) -> UserId {
        self.users[state.random.random_range(0..self.users.len())].clone()
    }

    pub fn conversation(&self, state: &mut State) -> ConversationId {
        self.conversations[state.random.random_range(0..self.conversations.len())].0.clone()
    }

    /// Some message of a conversation, as ingest reads it.
    pub fn message(&self, state: &mut State, id: &ConversationId) -> Option<Message> {
        let quorum = QUORUMS[state.random.random_range(0..QUORUMS.len())];
        let rows = state.replicas.merged(quorum, &(MESSAGES.name, MessageRow::partition(id, 1)));
        let is_core = |key: &&Vec<Value>| key.get(1) == Some(&Value::text(CREATED));
        let keys: Vec<&Vec<Value>> = rows.keys().filter(is_core).collect();
        let nth = state.random.random_range(0..keys.len().max(1));
        let (_, columns) = rows.get(*keys.get(nth)?)?;
        Some(MessageRow::from_row(id, columns).ok()?.message)
    }

    /// A text of its own, now and then one that no policy allows.
    pub fn text(&self, state: &mut State) -> String {
        let number = state.random.random_range(0..1_000_000);
        match number % 50 {
            0 => format!("{FORBIDDEN} {number}"),
            1..=3 => format!("{DOUBTFUL} {number}"),
            _ => format!("text {number}"),
        }
    }

    pub fn users(&self) -> &[UserId] {
        &self.users
    }

    /// Conversations that were asked for.
    pub fn created(&self) -> impl Iterator<Item = (&ConversationId, &ConversationKind)> {
        self.conversations.iter().map(|(id, kind, _)| (id, kind))
    }

    /// Milli-credits that a user was granted under different keys.
    pub fn granted(&self, user: &UserId) -> i64 {
        self.grants.get(user).into_iter().flat_map(BTreeMap::values).sum()
    }
}

/// Every feature is on, but for some that are off now and then; not attachments, push and templates, whose models
/// follow the requests alone.
fn features(state: &mut State) -> Features {
    let mut rule = |flag: &Flag| FlagRule {
        key: flag.key().to_owned(),
        percentage: 100,
        tiers: vec![],
        users: vec![],
        off: !matches!(flag, Flag::Attachments | Flag::PushNotifications | Flag::MessageTemplates)
            && state.chance(0.1),
    };
    Features { flags: Flag::ALL.iter().map(&mut rule).collect() }
}

/// A word that no text which others read may have.
pub const FORBIDDEN: &str = "forbidden";

/// A word that asks for attention to a text that has it.
pub const DOUBTFUL: &str = "doubtful";

fn moderation() -> Moderation {
    let rule = |word: &str, action| ModerationRule {
        id: word.to_owned(),
        action,
        exempt_roles: vec![],
        words: vec![word.to_owned()],
        patterns: vec![],
        domains: vec![],
        links: vec![],
        shouting: None,
        mentions_above: None,
    };
    Moderation::new(vec![], vec![rule(FORBIDDEN, Action::Reject), rule(DOUBTFUL, Action::Flag)])
}

/// As every ingest derives ids.
pub fn ids() -> ConversationKey {
    ConversationKey::new([7; 32])
}

fn append(state: &mut State, output: Output) -> Offset {
    let record = output.record(&origin(state));
    state.append(record)
}

/// As an ingest's, but for its id, which is drawn from the seed.
fn origin(state: &mut State) -> Origin<'static> {
    let id = uuid(state).parse().unwrap_or_else(|_| unreachable!("always the form of a UUID"));
    Origin { id, ..Origin::client(state.now, None) }
}

pub fn client_id(state: &mut State) -> ClientId {
    uuid(state).parse().unwrap_or_else(|_| unreachable!("always the form of a UUID"))
}

fn uuid(state: &mut State) -> String {
    let random: u128 = state.random.random();
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        (random >> 96) as u32,
        (random >> 80) as u16,
        (random >> 64) as u16,
        (random >> 48) as u16,
        random & 0xffff_ffff_ffff
    )
}

pub fn profile(user: &UserId) -> Profile {
    let name = user.to_string();
    Profile { user: user.clone(), username: name.clone(), display_name: name, avatar_url: None }
}
