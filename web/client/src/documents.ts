// Documents of the API, and the views that they select. A fragment is text, so an app can select more.

import type * as Schema from "./schema.ts";

export type UserView = Pick<Schema.User, "id" | "username" | "displayName" | "avatarUrl">;

export type StickerView = Pick<Schema.Sticker, "id" | "name" | "imageUrl" | "emojiShortcode">;

export type PackView = Pick<Schema.StickerPack, "id" | "name" | "isOfficial" | "isPublic"> & {
  creator: Pick<Schema.User, "id"> | null;
  stickers: StickerView[];
};

/** A message that another replies to. */
export type StubView = Pick<Schema.Message, "id" | "seq" | "contentType" | "content" | "deletedAt" | "hiddenAt"> & {
  sender: UserView;
  attachments: LengthView[];
  sticker: Pick<StickerView, "name"> | null;
};

/** How long a recording is. */
export type LengthView = Pick<Schema.Attachment, "durationSeconds">;

/** A file of a message, or one of the user's own on its way into one. */
export type AttachmentView = Pick<
  Schema.Attachment,
  | "id" | "contentType" | "fileName" | "byteSize" | "state" | "rejectedReason" | "url" | "thumbnailUrl"
  | "width" | "height" | "placeholder" | "durationSeconds" | "waveform"
>;

/** One emoji on a message. */
export type ReactionView = Pick<Schema.ReactionGroup, "emoji" | "count" | "hasReacted">;

/** A poll; its question is the content of its message. */
export type PollView = Pick<Schema.Poll, "multiple" | "anonymous" | "closesAt" | "closed"> & {
  options: Pick<Schema.PollOption, "id" | "text" | "votes" | "hasVoted">[];
};

export type LinkPreviewView = Pick<
  Schema.LinkPreview, "url" | "title" | "description" | "imageUrl" | "siteName" | "faviconUrl"
>;

export type MessageView = Pick<
  Schema.Message,
  | "id" | "conversationId" | "seq" | "clientMessageId" | "contentType" | "content" | "createdAt"
  | "editCount" | "deletedAt" | "hiddenAt" | "pinnedAt" | "mentionsAll" | "originalLanguage" | "status" | "readByCount"
  | "recipientCount"
> & {
  sender: UserView;
  replyTo: StubView | null;
  /** Whose text a copy is; null on a message that is none. */
  forwardedFrom: { sender: UserView | null } | null;
  attachments: AttachmentView[];
  sticker: StickerView | null;
  gif: GifView | null;
  mentions: UserView[];
  reactions: ReactionView[];
  card: PollView | null;
  linkPreviews: LinkPreviewView[];
  system: (Pick<Schema.SystemEvent, "kind" | "value"> & { actor: UserView; targets: UserView[] }) | null;
};

/** A message with what is known of its text in other languages. */
export type TranslatedView = Pick<Schema.Message, "id" | "editCount"> & {
  translations: Pick<Schema.MessageTranslation, "language" | "content">[];
};

/** How far a message has come. */
export type StatusView = Pick<MessageView, "id" | "status" | "readByCount" | "recipientCount">;

/** What the list of conversations shows of the newest message. */
export type LatestView = Pick<
  MessageView,
  "id" | "seq" | "contentType" | "content" | "deletedAt" | "hiddenAt" | "status" | "sender" | "system"
> & { attachments: LengthView[]; sticker: Pick<StickerView, "name"> | null };

export type FlagView = Pick<Schema.FeatureFlag, "key" | "enabled">;

export type PresenceView = Pick<Schema.UserPresence, "userId" | "status" | "lastSeen">;

export type MemberView = Pick<Schema.Participant, "role"> & { user: UserView };

export type ConversationView = Pick<
  Schema.Conversation,
  | "id" | "kind" | "title" | "description" | "avatarUrl" | "announcementsOnly" | "createdAt" | "participantCount"
  | "lastMessageAt" | "lastSeq" | "unreadCount" | "unreadMentionCount" | "archivedAt" | "starred" | "muted" | "mutedUntil"
  | "notificationLevel" | "labels" | "draft" | "markedUnread" | "isRequest" | "canPost"
> & {
  participants: { nodes: MemberView[] };
  viewer: (Pick<Schema.Participant, "role"> & { lastReadMessageId: string | null }) | null;
  lastMessage: LatestView | null;
};

/** A message that was found, and what its conversation is called by. */
export type FoundView = Pick<Schema.MessageSearchResult, "highlights"> & {
  message: Pick<Schema.Message, "id" | "createdAt"> & { sender: UserView };
  conversation: Pick<ConversationView, "id" | "kind" | "title" | "participants">;
};

export type PageView = Pick<Schema.PageInfo, "hasNextPage" | "hasPreviousPage" | "startCursor" | "endCursor">;

/** A GIF, with links of the API to its images. */
export type GifView = Pick<Schema.Gif, "id" | "title" | "url" | "previewUrl" | "width" | "height" | "provider">;

const GIF = "id title url previewUrl width height provider";

export const USER = "fragment UserParts on User { id username displayName avatarUrl }";

export const ATTACHMENT =
  "id contentType fileName byteSize state rejectedReason url thumbnailUrl width height placeholder durationSeconds waveform";

const STICKER = "id name imageUrl emojiShortcode";

const PACK = `id name isOfficial isPublic creator { id } stickers { ${STICKER} }`;

export const MESSAGE = `fragment MessageParts on Message {
  id conversationId seq clientMessageId contentType content createdAt editCount deletedAt hiddenAt
  pinnedAt mentionsAll originalLanguage status readByCount recipientCount
  sender { ...UserParts } mentions { ...UserParts }
  replyTo { id seq contentType content deletedAt hiddenAt sender { ...UserParts } attachments { durationSeconds } sticker { name } }
  forwardedFrom { sender { ...UserParts } } attachments { ${ATTACHMENT} } sticker { ${STICKER} } gif { ${GIF} }
  reactions { emoji count hasReacted }
  card { ... on Poll { multiple anonymous closesAt closed options { id text votes hasVoted } } }
  linkPreviews { url title description imageUrl siteName faviconUrl }
  system { kind value actor { ...UserParts } targets { ...UserParts } }
}`;

export const LATEST = `fragment LatestParts on Message {
  id seq contentType content deletedAt hiddenAt status sender { ...UserParts } attachments { durationSeconds } sticker { name }
  system { kind value actor { ...UserParts } targets { ...UserParts } }
}`;

export const CONVERSATION = `fragment ConversationParts on Conversation {
  id kind title description avatarUrl announcementsOnly createdAt participantCount lastMessageAt lastSeq
  unreadCount unreadMentionCount archivedAt starred muted mutedUntil notificationLevel labels draft markedUnread
  isRequest canPost
  participants(first: 8) { nodes { role user { ...UserParts } } }
  viewer { role lastReadMessageId }
  lastMessage { ...LatestParts }
}`;

const ROWS = `${CONVERSATION} ${LATEST} ${USER}`;
const MESSAGES = `${MESSAGE} ${USER}`;
const PAGE = "nodes { ...MessageParts } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

export const ME = `query Me { me { ...UserParts } featureFlags { key enabled } } ${USER}`;

export const FLAGS = "query Flags { featureFlags { key enabled } }";

/** No field that depends on the viewer of a conversation: those follow by a query. */
export const INBOX = `subscription Inbox($after: String) { inbox(after: $after) { cursor event {
  __typename
  ... on MessageCreated { message { ...MessageParts } }
  ... on MessageChanged { change message { ...MessageParts translations { language content } } }
  ... on ConversationChanged { left conversation { id } }
  ... on ReceiptAdvanced { receipt { messageId conversationId readAt user { id } } }
  ... on ReactionChanged { reaction { messageId conversationId } }
  ... on PinChanged { pin { message { ...MessageParts } } }
  ... on AttachmentChanged { attachment { ${ATTACHMENT} } }
  ... on AccountChanged { what }
  ... on TypingChanged { conversationId typing { userId username isTyping } }
  ... on PresenceChanged { presence { userId status lastSeen } }
  ... on UserChanged { user { ...UserParts } }
  ... on SendRejected { clientMessageId code detail }
  ... on ResumeGap { reason }
  ... on Drained { replayed }
} } } ${MESSAGES}`;

export const CONVERSATIONS = `query Conversations($first: Int, $after: String, $filter: ConversationFilter) {
  conversations(first: $first, after: $after, filter: $filter) {
    nodes { ...ConversationParts } pageInfo { hasNextPage endCursor }
  } } ${ROWS}`;

export const ONE_CONVERSATION =
  `query Conversation($id: ID!) { conversation(id: $id) { ...ConversationParts } } ${ROWS}`;

export const NEWEST = `query Newest($id: ID!, $count: Int) {
  messages(conversationId: $id, last: $count) { ${PAGE} } } ${MESSAGES}`;

export const OLDER = `query Older($id: ID!, $count: Int, $before: String) {
  messages(conversationId: $id, last: $count, before: $before) { ${PAGE} } } ${MESSAGES}`;

export const NEWER = `query Newer($id: ID!, $count: Int, $after: String) {
  messages(conversationId: $id, first: $count, after: $after) { ${PAGE} } } ${MESSAGES}`;

export const AROUND = `query Around($id: ID!, $message: ID!) {
  messages(conversationId: $id, around: $message) { ${PAGE} } } ${MESSAGES}`;

export const STATUSES = `query Statuses($id: ID!) { messages(conversationId: $id, last: 50) {
  nodes { id status readByCount recipientCount } } }`;

export const SEND = `mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) { ...MessageParts } } ${MESSAGES}`;

export const SPEAK = `mutation Speak($conversation: ID!, $attachment: ID!, $client: UUID!, $replyTo: ID) {
  message: sendVoiceMessage(conversationId: $conversation, attachmentId: $attachment, clientMessageId: $client,
    replyToId: $replyTo) { ...MessageParts } } ${MESSAGES}`;

export const EDIT = `mutation Edit($id: ID!, $content: String!) {
  editMessage(messageId: $id, content: $content) { ...MessageParts } } ${MESSAGES}`;

export const DELETE = `mutation Delete($id: ID!) { deleteMessage(messageId: $id) { ...MessageParts } } ${MESSAGES}`;

export const ONE_MESSAGE = `query Message($id: ID!) { message(id: $id) { ...MessageParts } } ${MESSAGES}`;

export const REACT = `mutation React($id: ID!, $emoji: String!) {
  message: addReaction(messageId: $id, emoji: $emoji) { ...MessageParts } } ${MESSAGES}`;

export const UNREACT = `mutation Unreact($id: ID!, $emoji: String!) {
  message: removeReaction(messageId: $id, emoji: $emoji) { ...MessageParts } } ${MESSAGES}`;

export const UPLOAD = `mutation Upload($input: CreateUploadInput!) {
  createUpload(input: $input) { attachmentId url method headers } }`;

export const COMPLETE = `mutation Complete($id: ID!) { completeUpload(attachmentId: $id) { ${ATTACHMENT} } }`;

export const ONE_ATTACHMENT = `query Attachment($id: ID!) { attachment(id: $id) { ${ATTACHMENT} } }`;

export const FORWARD = `mutation Forward($id: ID!, $to: [ID!]!, $comment: String, $client: UUID) {
  forwardMessage(messageId: $id, toConversationIds: $to, addComment: $comment, clientMessageId: $client) {
    ...MessageParts } } ${MESSAGES}`;

export const PINNED = `query Pinned($id: ID!) {
  getPinnedMessages(conversationId: $id) { ...MessageParts } } ${MESSAGES}`;

export const PIN = `mutation Pin($id: ID!) { message: pinMessage(messageId: $id) { ...MessageParts } } ${MESSAGES}`;

export const UNPIN = `mutation Unpin($id: ID!) { message: unpinMessage(messageId: $id) { ...MessageParts } } ${MESSAGES}`;
export const ASK = `mutation Ask($id: ID!, $question: String!, $options: [String!]!, $multiple: Boolean, $anonymous: Boolean,
  $closesAt: DateTime, $clientMessageId: UUID!) {
  message: createPoll(conversationId: $id, question: $question, options: $options, multiple: $multiple,
    anonymous: $anonymous, closesAt: $closesAt, clientMessageId: $clientMessageId) { ...MessageParts } } ${MESSAGES}`;

export const VOTE = `mutation Vote($id: ID!, $options: [ID!]!) {
  message: votePoll(messageId: $id, optionIds: $options) { ...MessageParts } } ${MESSAGES}`;

export const CLOSE = `mutation Close($id: ID!) { message: closePoll(messageId: $id) { ...MessageParts } } ${MESSAGES}`;

export const SMART_REPLIES = "query SmartReplies($id: ID!) { smartReplies(messageId: $id) }";
export const TRANSLATE = `mutation Translate($id: ID!, $language: Locale!) {
  message: translateMessage(messageId: $id, targetLanguage: $language) { id editCount translations { language content } } }`;

const TEMPLATE = "id name content shortcut category useCount";

export type TemplateView = Pick<Schema.MessageTemplate, "id" | "name" | "content" | "shortcut" | "category" | "useCount">;

export const TEMPLATES = `query Templates { getMessageTemplates { ${TEMPLATE} } }`;

export const SAVE_TEMPLATE = `mutation SaveTemplate($input: MessageTemplateInput!) {
  saveMessageTemplate(input: $input) { ${TEMPLATE} } }`;

export const DELETE_TEMPLATE = "mutation DeleteTemplate($id: ID!) { deleteMessageTemplate(id: $id) }";
export const PACKS = `query Packs { myStickerPacks { ${PACK} } }`;

export const PUBLIC_PACKS = `query PublicPacks($query: String, $after: String) {
  stickerPacks(query: $query, first: 20, after: $after) { nodes { ${PACK} } pageInfo { hasNextPage endCursor } } }`;

export const CREATE_PACK = `mutation CreatePack($name: String!, $isPublic: Boolean!, $id: UUID!) {
  pack: createStickerPack(name: $name, isPublic: $isPublic, clientPackId: $id) { ${PACK} } }`;

export const ADD_STICKER = `mutation AddSticker($pack: ID!, $file: ID!, $name: String!, $shortcode: String) {
  pack: addSticker(packId: $pack, attachmentId: $file, name: $name, emojiShortcode: $shortcode) { ${PACK} } }`;

export const REMOVE_STICKER = `mutation RemoveSticker($pack: ID!, $sticker: ID!) {
  pack: removeSticker(packId: $pack, stickerId: $sticker) { ${PACK} } }`;

export const DELETE_PACK = "mutation DeletePack($pack: ID!) { deleteStickerPack(packId: $pack) }";

export const ADD_PACK = "mutation AddPack($pack: ID!) { addStickerPack(packId: $pack) }";

export const REMOVE_PACK = "mutation RemovePack($pack: ID!) { removeStickerPack(packId: $pack) }";

export const ACCEPT = `mutation Accept($id: ID!) {
  acceptMessageRequest(conversationId: $id) { ...ConversationParts } } ${ROWS}`;

export const DECLINE = "mutation Decline($id: ID!) { declineMessageRequest(conversationId: $id) }";

export const CREATE = `mutation Create($input: CreateConversationInput!) {
  createConversation(input: $input) { ...ConversationParts } } ${ROWS}`;

export const DELIVERED = `mutation Delivered($id: ID!, $message: ID!) {
  acknowledgeDelivery(conversationId: $id, upToMessageId: $message) }`;

export const TYPING =
  "mutation Typing($id: ID!, $on: Boolean!) { setTypingStatus(conversationId: $id, isTyping: $on) }";

export const READ = `mutation Read($id: ID!, $message: ID!) {
  markRead(conversationId: $id, upToMessageId: $message) }`;

export const HEARTBEAT = "mutation Heartbeat($active: Boolean!) { heartbeat(device: WEB, active: $active) }";

export const PRESENCE = "query Presence($users: [ID!]!) { presence(userIds: $users) { userId status lastSeen } }";

export const WATCH = `subscription Watch($users: [ID!]!) {
  userPresence(userIds: $users) { userId status lastSeen } }`;

const FOUND = `nodes {
    highlights message { id createdAt sender { ...UserParts } }
    conversation { id kind title participants(first: 8) { nodes { role user { ...UserParts } } } }
  } hasMore pageInfo { endCursor }`;

export const SEARCH = `query Search($text: String!, $limit: Int, $page: Int, $hasUsers: Boolean!, $hasMessages: Boolean!) {
  conversations: searchConversations(query: $text, limit: $limit) { ...ConversationParts }
  users: searchUsers(query: $text, limit: $limit) @include(if: $hasUsers) { ...UserParts }
  messages: searchMessages(query: $text, limit: $page) @include(if: $hasMessages) { ${FOUND} }
} ${ROWS}`;

export const FOUND_MESSAGES = `query FoundMessages(
  $text: String!, $conversation: ID, $from: ID, $since: DateTime, $until: DateTime, $page: Int, $after: String) {
  messages: searchMessages(
    query: $text, conversationId: $conversation, from: $from, since: $since, until: $until, limit: $page, after: $after
  ) { ${FOUND} } } ${USER}`;

export const USERS = `query Users($text: String!) { searchUsers(query: $text, limit: 20) { ...UserParts } } ${USER}`;

export const GIFS = `query Gifs($text: String!, $after: ID, $locale: Locale) {
  searchGifs(query: $text, limit: 20, after: $after, locale: $locale) { ${GIF} } }`;
