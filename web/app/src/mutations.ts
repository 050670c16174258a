// Mutations that change a conversation for its user or its members; each takes it as `$id`.

export const ARCHIVE =
  "mutation Archive($id: ID!, $on: Boolean!) { archiveConversation(conversationId: $id, archived: $on) { id } }";
export const STAR =
  "mutation Star($id: ID!, $on: Boolean!) { starConversation(conversationId: $id, starred: $on) { id } }";
export const MUTE =
  "mutation Mute($id: ID!, $until: DateTime) { muteConversation(conversationId: $id, until: $until) { id } }";
export const UNMUTE = "mutation Unmute($id: ID!) { unmuteConversation(conversationId: $id) { id } }";
export const LEVEL = `mutation Level($id: ID!, $level: NotificationLevel!) {
  setNotificationLevel(conversationId: $id, level: $level) { id } }`;
export const LABELS = `mutation Labels($id: ID!, $labels: [String!]!) {
  setConversationLabels(conversationId: $id, labels: $labels) { id } }`;
export const UNREAD = "mutation Unread($id: ID!) { markUnread(conversationId: $id) { id } }";
export const DRAFT =
  "mutation Draft($id: ID!, $content: String) { saveDraft(conversationId: $id, content: $content) }";
export const UPDATE = `mutation Update($id: ID!, $title: String, $description: String, $announcementsOnly: Boolean, $avatar: ID) {
  updateConversation(id: $id, title: $title, description: $description, announcementsOnly: $announcementsOnly, avatarAttachmentId: $avatar) {
    id } }`;
export const ADD =
  "mutation Add($id: ID!, $users: [ID!]!) { addParticipants(conversationId: $id, userIds: $users) { id } }";
export const REMOVE =
  "mutation Remove($id: ID!, $user: ID!) { removeParticipant(conversationId: $id, userId: $user) { id } }";
export const ROLE = `mutation Role($id: ID!, $user: ID!, $role: ParticipantRole!) {
  setParticipantRole(conversationId: $id, userId: $user, role: $role) { id } }`;
export const LEAVE = "mutation Leave($id: ID!) { leaveConversation(conversationId: $id) }";
