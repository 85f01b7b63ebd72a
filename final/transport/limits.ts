// The bounds of a client connection, each with its reason and what the client sees when it is hit. Those that an operator
// can set are in etcdmain/config_table.ts.

/** Header of a call in bytes, names and values. A larger one resets the stream; grpc-go clients send a few hundred. */
export const MAX_HEADER_LIST_BYTES = 16 * 1024;

/** Bytes of one call that may be on the way to us unread. Large enough that a big put needs few round trips. */
export const STREAM_WINDOW_BYTES = 1024 * 1024;

/** The same for all calls of a connection together. */
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Memory that one connection may hold for calls that are not over, in MiB: input that waits, output that waits, and the
 * calls themselves. Beyond it new calls are reset with ENHANCE_YOUR_CALM; a client that reads its answers stays far below.
 */
export const CONNECTION_MEMORY_MIB = 256;

/** What an open call counts for in that, in bytes, beside its input and output. */
export const OPEN_STREAM_BYTES = 2048;

/**
 * Header block of a call as it is sent, in bytes, and CONTINUATION frames it may be cut into. Blocks beyond
 * MAX_HEADER_LIST_BYTES must be decoded for the sake of those that follow; beyond these bounds the connection ends with
 * GOAWAY ENHANCE_YOUR_CALM "too_large_headers" (CVE-2024-27316: a block without an end). Clients need no CONTINUATION.
 */
export const MAX_HEADER_BLOCK_BYTES = 64 * 1024;
export const MAX_CONTINUATIONS = 16;

/**
 * Calls that a client may reset before they are answered, or get reset by a mistake, at once and per second in the long
 * run (CVE-2023-44487: each call costs work, a reset next to nothing). Beyond it GOAWAY ENHANCE_YOUR_CALM
 * "too_many_resets". A program that gives up thousands of calls at once, when it stops, passes.
 */
export const MAX_RESET_BURST = 10_000;
export const MAX_RESETS_PER_SECOND = 1000;

/**
 * SETTINGS, PING and WINDOW_UPDATE of less than SMALL_WINDOW_UPDATE_BYTES, at once and per second, beyond
 * CONTROLS_PER_MESSAGE for each message or full frame that was sent. Beyond it GOAWAY ENHANCE_YOUR_CALM
 * "too_many_control_frames" (CVE-2019-9512 and 9515: each wants an answer; 9511: windows of a few bytes make us send a
 * large answer in tiny frames). Clients of grpc-go send a PING and a WINDOW_UPDATE or two for nearly every message that
 * they get, to measure the connection.
 */
export const MAX_CONTROL_BURST = 10_000;
export const MAX_CONTROLS_PER_SECOND = 1000;
export const CONTROLS_PER_MESSAGE = 4;
export const SMALL_WINDOW_UPDATE_BYTES = 1024;

/**
 * DATA frames without data that end nothing, at once and per second (CVE-2019-9518). Beyond it GOAWAY ENHANCE_YOUR_CALM
 * "too_many_empty_frames". No client needs them.
 */
export const MAX_EMPTY_BURST = 1000;
export const MAX_EMPTY_PER_SECOND = 100;

/** Calls that we have ended before the client, of which what still comes is ignored. Of older ones it is a mistake. */
export const MAX_EARLY_CLOSED = 1024;

/** How long a client that was sent away may take to read why, in ms, before its connection is cut. */
export const GOAWAY_LINGER_MS = 1000;

/** Output that is gathered before it goes to the socket: the answers to all that one read of a socket can bring. */
export const OUTPUT_BUFFER_BYTES = 64 * 1024;

/** Such buffers that are kept for the next connection that writes; the others are left to the garbage collector. */
export const SPARE_OUTPUT_BUFFERS = 64;

/** Bytes that may wait in a socket before messages wait with their calls instead, where they get their turn in order. */
export const MAX_SOCKET_BACKLOG_BYTES = 256 * 1024;

/** Bytes that may wait in a socket before nothing more is read from it: a client that does not read is not listened to. */
export const MAX_UNREAD_OUTPUT_BYTES = 1024 * 1024;

/** Bytes of a response stream that may wait for a slow reader; then write() asks to wait. */
export const WRITE_BUFFER_BYTES = 64 * 1024;

/** A client that pings too often this many times more is sent away, as grpc-go does. */
export const MAX_PING_STRIKES = 2;

/** Least time between two pings of a client without an open call, in ms. */
export const IDLE_PING_MIN_TIME_MS = 2 * 60 * 60 * 1000;

// ---- between members (spec/raft.md C6, C9). Raft repeats what is dropped.

/** Messages that may wait for a stream to a peer that does not read. Beyond it they are dropped and the peer is reported. */
export const PEER_QUEUE_MESSAGES = 4096;

/** Messages from one peer that raft has not seen yet; those beyond it are dropped. Proposals count on their own. */
export const PEER_RECEIVED_MESSAGES = 4096;
export const PEER_RECEIVED_PROPOSALS = 4096;

/** Messages that may wait for a POST to a peer, and POSTs at once. Only what no stream takes goes this way. */
export const PIPELINE_QUEUE_MESSAGES = 64;
export const PIPELINE_REQUESTS = 4;

/** Bytes that may wait in the socket of a stream before messages wait in the queue instead, where they share their entries. */
export const PEER_SOCKET_BACKLOG_BYTES = 1024 * 1024;

/** The longest message on a stream, in bytes, and the part of a snapshot before the database. The connection ends. */
export const PEER_MESSAGE_BYTES = 512 * 1024 * 1024;

/** The longest message in a POST, which is held in memory whole, in bytes. Status 400. etcd has no such bound. */
export const PIPELINE_MESSAGE_BYTES = 64 * 1024 * 1024;

/** The longest answer to a request of ours that is read, in bytes: a list of members, or what became of a renewal. */
export const PEER_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The same for the times of a lease, which come with the keys of it: as much as a message on a stream, which is held in memory too.
 * Beyond it a member that does not lead answers RequestTooLarge. etcd has no such bound.
 */
export const LEASE_TIMES_BYTES = PEER_MESSAGE_BYTES;

/** How often a stream shows that it is alive, in ms: three times within the silence that ends it. */
export const PEER_HEARTBEAT_MS = 1667;

/** Silence that ends a stream, and a request whose body does not come, in ms. */
export const PEER_SILENCE_MS = 5000;

/** Time between two attempts to dial a stream, in ms. */
export const PEER_REDIAL_MS = 100;

/** Time to connect to a peer, in ms, beyond the election timeout. */
export const PEER_DIAL_MS = 1000;

/** Time that a peer has for answering a POST, in ms. A snapshot may take this long to reach its disk. */
export const PIPELINE_ANSWER_MS = 30_000;
export const SNAPSHOT_ANSWER_MS = 5 * 60_000;

/** Databases on their way to peers at once; each holds one state of the database. A snapshot beyond it failed. */
export const PEER_SNAPSHOT_SENDS = 16;

/** Bytes of the database that are read for one write. */
export const PEER_SNAPSHOT_CHUNK_BYTES = 64 * 1024;

/** Members that wrote to us before the log told of them. Others beyond it get no answer until it does. */
export const MAX_REMOTES = 256;

/** Idle connections to a peer that are kept for the next POST. */
export const PEER_IDLE_CONNECTIONS = 16;

/** How long the peer port keeps an idle connection, in ms; peers use theirs every 4 s or less. */
export const PEER_KEEP_ALIVE_MS = 60_000;

/** How often a peer is asked whether it lives and what time it has, in ms, and the difference that is worth a warning. */
export const PROBE_INTERVAL_MS = 4000;
export const CLOCK_DIFFERENCE_MS = 1000;
