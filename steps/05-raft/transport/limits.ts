// The bounds of the connections between members. Raft repeats what is dropped.

/** Messages that may wait for a POST to a peer. Those beyond it are dropped. */
export const PIPELINE_QUEUE_MESSAGES = 64;

/** The longest message in a POST, which is held in memory whole, in bytes. Status 400. */
export const PIPELINE_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Time that a peer has for answering a POST, in ms. */
export const PIPELINE_ANSWER_MS = 5000;
