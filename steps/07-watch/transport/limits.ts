// The bounds of the connections between members. Raft repeats what is dropped, and whoever asks about a lease asks again.

/** Time that the leader has for an answer about a lease, in ms. Then it is asked again. */
export const LEASE_ANSWER_MS = 5000;

/** The longest question about a lease, in bytes. Status 400. */
export const LEASE_BODY_BYTES = 64 * 1024;

/** The longest answer about a lease, which may name all its keys, in bytes. */
export const LEASE_ANSWER_BYTES = 64 * 1024 * 1024;

/** Messages that may wait for a POST to a peer. Those beyond it are dropped. */
export const PIPELINE_QUEUE_MESSAGES = 64;

/** The longest message in a POST, which is held in memory whole, in bytes. Status 400. */
export const PIPELINE_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Time that a peer has for answering a POST, in ms. */
export const PIPELINE_ANSWER_MS = 5000;
