// The bounds of what the client does in the background, each with its reason and what becomes of what is beyond it.

/**
 * Most bytes of events that wait for the reader of one watcher, by {@link WATCH_RESPONSE_COST} and what they hold. Beyond it
 * the watcher is cancelled at the server, and created again from where it was when all that waits has been read. One answer
 * can be larger: it is taken whole.
 */
export const WATCH_QUEUE_BYTES = 4 * 1024 * 1024;

/** What an answer or an event costs in that queue beside its keys and values: its objects take about so much memory. */
export const WATCH_RESPONSE_COST = 256;

/** The longest that a timer of Node can wait, in ms: one that is set for longer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * How long a change that was on its way when its caller gave up may still take, and how long taking it back may, in ms each.
 * What cannot be taken back by then goes with its lease.
 */
export const GIVE_UP_MS = 5_000;

/** Pauses before a broken stream is opened again, in ms: from the first, doubled each time in vain, to the last. */
export const STREAM_RETRY_MS = { first: 25, last: 1_000 } as const;

/** Answers to renewals of a lease that wait for a reader; the oldest are dropped: they say no more than the newest. */
export const KEEP_ALIVE_QUEUE = 16;

/** How long the first renewal of a lease may take, in ms: its TTL is not known before. Then the lease counts as lost. */
export const FIRST_KEEP_ALIVE_MS = 5_000;
