// A client of MuscleMap Messaging: one inbox that resumes, timelines without holes, an outbox that survives
// reloads.

export { ApiError, codeOf, waitOf } from "./errors.ts";
export { Client, type Options } from "./client.ts";
export { Conversations, type List, type Shelf, endOf, isUnread, manages, shelfOf } from "./conversations.ts";
export {
  ATTACHMENT, type AttachmentView, CONVERSATION, type ConversationView, type FoundView, type GifView, LATEST, type LatestView, type LengthView,
  type LinkPreviewView, MESSAGE, type MessageView, type PackView, type PollView, type PresenceView, type StickerView, type TemplateView, USER,
  type UserView,
} from "./documents.ts";
export { FILE_TYPES, IMAGE_TYPES, isImage } from "./filetypes.ts";
export { Files } from "./files.ts";
export { type Forward, MOST_FORWARDS } from "./forwards.ts";
export { type Connection } from "./inbox.ts";
export { type Entry, type Made, Outbox } from "./outbox.ts";
export { Polls, type Question } from "./polls.ts";
export { MOST_SECONDS, Recordings } from "./recordings.ts";
export { type Found, type FoundMessages, type Within, isSearchable } from "./search.ts";
export { LoginRefused, type Session, devLogin, devSession, fixedSession, moderates } from "./session.ts";
export { MemoryStorage, type OutboxStorage, IndexedStorage } from "./storage.ts";
export { Templates, filled } from "./templates.ts";
export { type PackPage, Stickers } from "./stickers.ts";
export { type Item, Timeline } from "./timeline.ts";
export { Translations } from "./translations.ts";
export { MOST_FILES, type Upload, Uploads } from "./uploads.ts";
export type * as Schema from "./schema.ts";
