/**
 * A server can make us store or do only a bounded amount. All limits of the live side are here, and in docs/limits.md.
 */

/** Maximum size of a frame. A larger one ends the connection and causes a gap. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** Maximum of unsent bytes: beyond it the peer does not read, and no more is sent. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** Maximum length of an id; events with longer ids are dropped. */
export const MAX_ID_CHARS = 256;

/** Events handled in one turn of the event loop. Without it, a backlog of thousands would keep all other flows waiting. */
export const EVENTS_PER_TURN = 32;
/** Events held while a gap is being located or listeners are replaced. */
export const MAX_HELD_EVENTS = 10_000;
/** Total characters of the frames of held events. */
export const MAX_HELD_CHARS = 64 * 1024 * 1024;
/** Events waiting for a request about their conversation; beyond it they stop waiting. */
export const MAX_WAITING_EVENTS = 10_000;
/** Statuses waiting for their message. */
export const MAX_EARLY_STATUSES = 1000;

/** Keys of delivered events, and of webhook deliveries; each is kept for a day. */
export const MAX_EVENT_KEYS = 100_000;
export const MAX_WEBHOOK_KEYS = 250_000;
export const KEY_LIFE_MS = 24 * 3600 * 1000;

/** Polled conversations whose seen messages are tracked, and the number of ids of each. */
export const MAX_TRACKED_CONVERSATIONS = 2000;
export const MAX_SEEN_MESSAGES = 150;

/** Staff messages published by NATS whose conversation is remembered. */
export const MAX_PUBLISHED_ANSWERS = 10_000;

/** Conversations in the cache. */
export const MAX_CACHED_CONVERSATIONS = 20_000;
/** Conversations subscribed because all are wanted; the one without events for longest is evicted. */
export const MAX_SUBSCRIBED_CONVERSATIONS = 20_000;
/** Time without events after which a subscribed conversation is evicted, unless it is open. */
export const UNUSED_SUBSCRIPTION_MS = 24 * 3600 * 1000;

/** Concurrent look-ups of single conversations; the user's own calls have 50 slots. */
export const MAX_CONCURRENT_LOOKUPS = 8;
/** Queued look-ups; beyond it, events are delivered without the data of their conversation. */
export const MAX_WAITING_LOOKUPS = 1000;
/** Rate limit of look-ups: the sustained rate, and the burst after a quiet time. */
export const LOOKUPS_PER_SECOND = 10;
export const LOOKUP_BURST = 2000;

/** Conversations read by one listing. */
export const MAX_LISTED_CONVERSATIONS = 20_000;
/** Messages read to fill the gap of one conversation. */
export const MAX_BACKFILLED_MESSAGES = 10_000;
/** Rows read of one page of a list, when polling. */
export const MAX_PAGE_ITEMS = 1000;
/** Polled conversations with an outbound message that has no final status yet. */
export const MAX_PENDING_CONVERSATIONS = 1000;
/** Unreadable conversations remembered as already reported. */
export const MAX_UNREAD_CONVERSATIONS = 1000;
/** When an account starts: most recent conversations checked closely, and messages of each. */
export const MAX_BASELINE_CONVERSATIONS = 100;
export const MAX_BASELINE_MESSAGES = 500;
/** Formerly open conversations, now missing from the listing, that are checked one by one. */
export const MAX_RECHECKED_CONVERSATIONS = 100;
/** Conversations, and messages of each, read by the check of a silent connection. */
export const MAX_CHECKED_ITEMS = 20;
