//! What clients ask: sends, repeats of sends, readings, and new policies meanwhile.

use std::collections::BTreeMap;

use rand::Rng;
use schemas::account::{AccountRequest, CreateConversation, GrantCredits, SendMessage};
use schemas::avro;
use schemas::control::{Control, Limit, Limits, Policy, PolicyVersion, Prices, RULES};
use schemas::conversation::{Content, ConversationKind, ConversationRequest, MarkRead, Mentions, ReplyStub};
use schemas::message::{Outgoing, Place};
use schemas::people::Profile;
use schemas::position::Offset;
use schemas::topics::{ACCOUNT_COMMANDS, CONVERSATION_COMMANDS};
use schemas::verdict::Reply;
use schemas::{ClientId, ConversationId, UserId};

use crate::PARTITIONS;
use crate::world::State;

/// Milli-credits that each user is granted at the start.
pub const GRANT: i64 = 3_000;
const USERS: usize = 3;

/// A send that a client has asked for, maybe more than once.
#[derive(Debug, Clone)]
pub struct Asked {
    pub user: UserId,
    pub client_id: ClientId,
    pub conversation: ConversationId,
    pub text: String,
    /// Number of the newest message of the conversation that was acknowledged when this was first asked.
    pub after: i64,
    /// Offset of this very command in its partition.
    pub command: Offset,
}

pub struct Clients {
    users: Vec<UserId>,
    /// Conversations, and who is in them.
    conversations: Vec<(ConversationId, Vec<usize>)>,
    /// By request.
    pub sends: BTreeMap<i64, Asked>,
    next_request: i64,
    policy: i64,
}

impl Clients {
    /// Puts a policy in force, grants credits, opens conversations.
    pub fn new(state: &mut State) -> Self {
        let users: Vec<UserId> = (0..USERS).filter_map(|i| format!("user-{i}").parse().ok()).collect();
        let mut clients =
            Self { users, conversations: vec![], sends: BTreeMap::new(), next_request: 1, policy: 0 };
        clients.change_policy(state, 100);
        for user in &clients.users {
            let grant = GrantCredits { once: "start".to_owned(), amount_milli: GRANT };
            state.append(Outgoing::account_command(user, AccountRequest::GrantCredits(grant), None));
        }
        for members in [vec![0, 1, 2], vec![1, 2], vec![0, 2]] {
            clients.open(state, members);
        }
        clients
    }

    fn open(&mut self, state: &mut State, members: Vec<usize>) {
        let creator = self.users[members[0]].clone();
        let create = CreateConversation {
            kind: ConversationKind::Group,
            participants: members[1..].iter().map(|i| self.users[*i].clone()).collect(),
            title: None,
            client_id: client_id(state),
        };
        self.conversations.push((ConversationId::created(&creator, &create.client_id), members));
        state.append(Outgoing::account_command(&creator, AccountRequest::CreateConversation(create), None));
    }

    /// One client does something.
    pub fn act(&mut self, state: &mut State) {
        match state.random.random_range(0..100) {
            0..2 => {
                let price = [0, 100, 200][state.random.random_range(0..3)];
                self.change_policy(state, price);
            }
            2..15 => self.mark_read(state),
            15..50 => self.repeat(state),
            _ => self.send(state),
        }
    }

    fn send(&mut self, state: &mut State) {
        let user = self.users[state.random.random_range(0..USERS)].clone();
        let (conversation, _) = &self.conversations[state.random.random_range(0..self.conversations.len())];
        let text = format!("text {}", state.random.random_range(0..1_000_000));
        let client_id = client_id(state);
        let conversation = conversation.clone();
        let after = state.acknowledged.get(&conversation).copied().unwrap_or(0);
        let asked = Asked { user, client_id, conversation, text, after, command: 0 };
        self.ask(state, asked);
        state.statistics.sends += 1;
    }

    /// A client asks again, now and then for something else under the same id, or twice at once.
    fn repeat(&mut self, state: &mut State) {
        if self.sends.is_empty() {
            return;
        }
        let recent = self.sends.len().min(12);
        let nth = self.sends.len() - 1 - state.random.random_range(0..recent);
        let Some(mut asked) = self.sends.values().nth(nth).cloned() else { return };
        if state.chance(0.07) {
            asked.text.push_str(" and more");
        }
        for _ in 0..state.random.random_range(1..3) {
            self.ask(state, asked.clone());
        }
    }

    fn ask(&mut self, state: &mut State, mut asked: Asked) {
        let request = self.next_request;
        self.next_request += 1;
        let members = self.conversations.iter().find(|(id, _)| *id == asked.conversation);
        // Now and then the message that is answered does not exist, which only the conversation knows.
        let lost = asked.text.ends_with('7');
        let send = SendMessage {
            conversation: asked.conversation.clone(),
            client_id: asked.client_id.clone(),
            content: Content::plain(&asked.text),
            reply_to: lost.then(|| ReplyStub {
                seq: 1_000_000,
                sender: profile(&asked.user),
                content: None,
                created_at: 0,
            }),
            recipients: members.map_or(0, |(_, members)| members.len() as i32 - 1),
            sender: profile(&asked.user),
            mentions: Mentions::default(),
        };
        let reply = Reply { slot: 0, request };
        let command = Outgoing::account_command(&asked.user, AccountRequest::SendMessage(send), Some(reply));
        asked.command = state.append(command);
        self.sends.insert(request, asked);
    }

    fn mark_read(&mut self, state: &mut State) {
        let user = self.users[state.random.random_range(0..USERS)].clone();
        let (conversation, _) = &self.conversations[state.random.random_range(0..self.conversations.len())];
        let read = MarkRead { user, up_to: state.random.random_range(1..20) };
        let request = ConversationRequest::MarkRead(read);
        state.append(Outgoing::conversation_command(conversation, request, None));
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
            },
        };
        let version = PolicyVersion { version: self.policy, policy };
        let control = avro::encode(&Control { policy: Some(version), rules: Some(RULES) });
        for topic in [&CONVERSATION_COMMANDS, &ACCOUNT_COMMANDS] {
            for partition in 0..PARTITIONS {
                let place = Place::Partition(partition);
                state.append(Outgoing { topic, place, key: None, headers: vec![], value: control.clone() });
            }
        }
    }

    pub fn conversations(&self) -> impl Iterator<Item = &ConversationId> {
        self.conversations.iter().map(|(id, _)| id)
    }

    pub fn users(&self) -> &[UserId] {
        &self.users
    }
}

fn client_id(state: &mut State) -> ClientId {
    let random: u128 = state.random.random();
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        (random >> 96) as u32,
        (random >> 80) as u16,
        (random >> 64) as u16,
        (random >> 48) as u16,
        random & 0xffff_ffff_ffff
    )
    .parse()
    .unwrap_or_else(|_| unreachable!("always the form of a UUID"))
}

fn profile(user: &UserId) -> Profile {
    let name = user.to_string();
    Profile { user: user.clone(), username: name.clone(), display_name: name, avatar_url: None }
}
