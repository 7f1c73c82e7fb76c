/**
 * What a server can make us keep or do is bounded. All bounds of the live side stand here, and in docs/limits.md.
 */

/** A larger frame ends the connection and is a gap. */
export const MAX_FRAME_BYTES = 1024 * 1024;
/** With more than that waiting to leave, the other side does not read: nothing more is sent. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** An event with a longer id is not delivered. */
export const MAX_ID_CHARS = 256;

/** Events held back while a gap is being found or listeners are replaced. */
export const MAX_HELD_EVENTS = 10_000;
/** Characters of the frames that the held events were decoded from. */
export const MAX_HELD_CHARS = 64 * 1024 * 1024;
/** Events that wait for a request about their conversation; with more, they stop waiting. */
export const MAX_WAITING_EVENTS = 10_000;
/** Statuses that wait for their message. */
export const MAX_EARLY_STATUSES = 1000;

/** Keys of delivered events, and of webhook deliveries; each for a day. */
export const MAX_EVENT_KEYS = 100_000;
export const MAX_WEBHOOK_KEYS = 250_000;
export const KEY_LIFE_MS = 24 * 3600 * 1000;

/** Polled conversations of which it is kept which messages were seen, and so many ids of each. */
export const MAX_TRACKED_CONVERSATIONS = 2000;
export const MAX_SEEN_MESSAGES = 150;

/** Messages of people that NATS has told, of which it is kept where they belong. */
export const MAX_PUBLISHED_ANSWERS = 10_000;

/** Conversations in memory. */
export const MAX_CACHED_CONVERSATIONS = 20_000;
/** Conversations that the socket is asked for because all are wanted; the one without events for longest makes way. */
export const MAX_SUBSCRIBED_CONVERSATIONS = 20_000;
/** A subscribed conversation without events for so long makes way, unless it is open. */
export const UNUSED_SUBSCRIPTION_MS = 24 * 3600 * 1000;

/** Requests of ours about single conversations at the same time: the user's own calls have 50 places. */
export const MAX_CONCURRENT_LOOKUPS = 8;
/** Such requests that wait; with more, events are delivered without the facts of their conversation. */
export const MAX_WAITING_LOOKUPS = 1000;
/** Such requests over a long time: so many a second, and so many at once after a quiet time. */
export const LOOKUPS_PER_SECOND = 10;
export const LOOKUP_BURST = 2000;

/** Conversations that one listing reads. */
export const MAX_LISTED_CONVERSATIONS = 20_000;
/** Messages that are read to fill the gap of one conversation. */
export const MAX_BACKFILLED_MESSAGES = 10_000;
/** Rows of one page of a list, where messages are asked for. */
export const MAX_PAGE_ITEMS = 1000;
/** Polled conversations in which a message of ours is still to be delivered or read. */
export const MAX_PENDING_CONVERSATIONS = 1000;
/** Conversations of which it is kept that they could not be read, as has been reported. */
export const MAX_UNREAD_CONVERSATIONS = 1000;
/** When an account begins: so many conversations of the newest moment, and messages of each, are looked at closely. */
export const MAX_BASELINE_CONVERSATIONS = 100;
export const MAX_BASELINE_MESSAGES = 500;
/** Conversations that were open and are not listed any more: so many are looked at by themselves. */
export const MAX_RECHECKED_CONVERSATIONS = 100;
/** Conversations, and messages of each, that the look at a silent connection reads. */
export const MAX_CHECKED_ITEMS = 20;
