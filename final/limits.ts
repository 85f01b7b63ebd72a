// The bounds of the server outside the transport, each with its reason and what a client sees when it is hit. Bounds that
// an operator can set have their defaults in etcdmain/config_table.ts; those of connections are in transport/limits.ts.

/** What a gRPC message may be larger than a request, in bytes: room for what surrounds the request in a message. */
export const GRPC_OVERHEAD_BYTES = 512 * 1024;

/** Longest time a connection may stay silent before it has shown whether it speaks HTTP/1 or HTTP/2. It is closed then. */
export const SNIFF_TIMEOUT_MS = 5 * 60_000;

/** Longest request line and header of an HTTP/1 request, in bytes. A larger one gets status 431. */
export const HTTP_HEADER_BYTES = 16 * 1024;

/** Longest body of an HTTP/1 request, in bytes; no path takes one so far. The connection is closed behind the answer. */
export const HTTP_BODY_BYTES = 64 * 1024;

/** How long a stopping server waits for running calls. Below the second within which a stop must be over. */
export const SHUTDOWN_GRACE_MS = 500;

/** How often leases are looked at for expiry, in ms: a lease lives at most this much longer than its TTL. */
export const LEASE_EXPIRY_INTERVAL_MS = 500;

/** Most leases that are revoked in one look, so that a mass expiry does not stop the server. */
export const LEASES_REVOKED_PER_LOOK = 500;

/** Most ends of leases that are on their way through the log, so that clients' proposals have their turn too. */
export const LEASE_REVOKES_IN_FLIGHT = 16;

/** How often the remaining time of a lease is written down, in ms, when that is asked for: a new leader may give it so much more. */
export const LEASE_CHECKPOINT_INTERVAL_MS = 5 * 60_000;

/** Most remaining times in one entry of the log, which every member applies in one go. */
export const LEASE_CHECKPOINT_BATCH = 1000;

/** Most renewals of one stream that wait for their answers; a client with more is not read until some are answered. */
export const RENEWALS_PER_STREAM = 64;

/**
 * How long the leader lets another member wait for the end of a lease whose time is over, in ms: the renewals of leases that live
 * come behind it on the same connection. The member asks again a moment later.
 */
export const LEASE_END_WAIT_MS = 100;

/** Most connections from one member to the leader for the renewals of its clients. */
export const LEASE_CONNECTIONS = 32;

/** Renewals without an answer on each of these, where the leader takes several: all wait where one waits. */
export const POSTS_PER_CONNECTION = 16;

/** A leader that has missed so many heartbeats of its own asks a quorum whether it leads yet, before it renews a lease. */
export const ACTIVE_HEARTBEATS = 3;

/** How long a question about a lease waits for what is committed to be applied, in ms (spec/rpc.md 4). */
export const APPLY_WAIT_MS = 1_000;

/** The largest election timeout that makes sense, in ms. */
export const MAX_ELECTION_TIMEOUT_MS = 50_000;

/** Most proposals of one member that may be on their way through the log. Beyond it a client gets "too many requests". */
export const MAX_PENDING_PROPOSALS = 10_000;

/** Most bytes of proposals that may be on their way; the same answer. */
export const MAX_PENDING_BYTES = 256 * 1024 * 1024;

/** How long a request may take beside two election timeouts, in ms. Then a client gets one of the "timed out" errors. */
export const REQUEST_TIMEOUT_MS = 5_000;

/** How long a question for the read index stays without an answer before it is asked again, in ms (spec/raft.md E7). */
export const READ_INDEX_RETRY_MS = 500;

/** Most bytes of entries in one message to a peer, and in one Ready; a single larger entry goes alone (spec/raft.md A1). */
export const MAX_MESSAGE_ENTRY_BYTES = 1024 * 1024;

/** Most append messages to one peer without an answer (spec/raft.md A1). */
export const MAX_INFLIGHT_APPENDS = 512;

/** Most databases that are on their way to peers; a further one is reported as failed, and raft tries again. */
export const MAX_SNAPSHOTS_IN_FLIGHT = 16;

/** How long the log is kept whole after a database was sent, in ms, so that its receiver can go on from there. */
export const KEEP_LOG_AFTER_SNAPSHOT_MS = 30_000;

/** How long a member that was removed goes on, in ms, so that its last answers leave (spec/raft.md C12). */
export const REMOVED_MEMBER_GRACE_MS = 1_000;

/** A sync of the log that takes less than this, in ms, is waited for in place when only one proposal needs it. */
export const INLINE_SYNC_MS = 0.5;

/** Changes of the database that may wait for a commit that is on its way, as a multiple of the batch limit; then proposals wait. */
export const MAX_UNCOMMITTED_BATCHES = 2;

/** How often old snapshot files and log segments are removed, in ms. */
export const PURGE_INTERVAL_MS = 30_000;

/** Bytes of one message of a snapshot stream. */
export const SNAPSHOT_CHUNK_BYTES = 32 * 1024;

/**
 * Bytes that may wait for the reader of a watch stream, and for all those of a connection: beyond it its watchers get
 * nothing more, and are caught up from the history when it has read. Events are shared, so what waits costs less than it
 * counts. Enough for one event to some ten thousand watchers of a stream; etcd keeps 128 answers for a stream.
 */
export const WATCH_STREAM_BUFFER_BYTES = 1024 * 1024;
export const WATCH_CONNECTION_BUFFER_BYTES = 16 * 1024 * 1024;

/** Bytes of answers to requests that may wait on a full watch stream. Beyond it neither requests are read nor events sent until the
 * client has read everything. Below it a client that reads slowly can still cancel what it has too much of. */
export const WATCH_ANSWER_BYTES = 64 * 1024;

/** How often watchers are looked at that lag behind, in ms (spec/rpc.md 7.5). Nearly all are caught up at once. */
export const WATCH_SYNC_INTERVAL_MS = 100;

/** Most watchers that are caught up in one round, and most distinct revisions in one answer to them (spec/rpc.md 7.5). */
export const WATCHERS_PER_ROUND = 512;
export const WATCH_RESPONSE_REVISIONS = 1000;

/**
 * Most bytes of key-values in such an answer; a single larger revision goes alone. Far above what history usually holds: a
 * client sees as few answers as from etcd, and a stream that is not read keeps no more than this and its buffer.
 */
export const WATCH_RESPONSE_BYTES = 8 * 1024 * 1024;

/** Records of the history, and bytes of events, behind which a round ends: it takes some ten milliseconds at most. */
export const WATCH_ROUND_RECORDS = 10_000;
export const WATCH_ROUND_BYTES = 16 * 1024 * 1024;

/** Memory that all watchers of a member may take, in bytes: about 380,000. Beyond it a watcher is refused, "too many requests". */
export const MAX_WATCHER_BYTES = 512 * 1024 * 1024;

/** The shortest interval of progress notices, in ms (spec/rpc.md 4); anything shorter means this. */
export const MIN_WATCH_PROGRESS_MS = 100;

/** Bytes of events that wait for their reader inside the server, as for the Lock service; then it is treated as a client that does not read. */
export const INTERNAL_WATCH_BUFFER_BYTES = 1024 * 1024;
