// A client of MuscleMap Messaging: one inbox that resumes, timelines without holes, an outbox that survives
// reloads.

export { ApiError, codeOf } from "./errors.ts";
export { Client, type Options } from "./client.ts";
export { Conversations, endOf, isUnread, manages } from "./conversations.ts";
export {
  CONVERSATION, type ConversationView, LATEST, type LatestView, MESSAGE, type MessageView, USER, type UserView,
} from "./documents.ts";
export { type Connection } from "./inbox.ts";
export { type Entry, Outbox } from "./outbox.ts";
export { LoginRefused, type Session, devLogin, devSession, fixedSession } from "./session.ts";
export { MemoryStorage, type OutboxStorage, IndexedStorage } from "./storage.ts";
export { type Item, Timeline } from "./timeline.ts";
export type * as Schema from "./schema.ts";
