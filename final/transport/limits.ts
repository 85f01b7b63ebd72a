// The bounds of a client connection, each with its reason and what the client sees when it is hit. Those that an operator
// can set are in etcdmain/config_table.ts.

/** Header of a call in bytes, names and values. A larger one resets the stream; grpc-go clients send a few hundred. */
export const MAX_HEADER_LIST_BYTES = 16 * 1024;

/** Bytes of one call that may be on the way to us unread. Large enough that a big put needs few round trips. */
export const STREAM_WINDOW_BYTES = 1024 * 1024;

/** The same for all calls of a connection together. */
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/** Memory that one connection may hold, in MiB: a client that opens streams and does not read is cut off here. */
export const CONNECTION_MEMORY_MIB = 256;

/** SETTINGS entries and unanswered PINGs of one connection; beyond it the connection is closed. */
export const MAX_SETTINGS_ENTRIES = 64;

/** Invalid frames and unanswered rejections that are tolerated before the connection is closed. */
export const MAX_INVALID_FRAMES = 1000;

/** Bytes of a response stream that may wait for a slow reader; then write() asks to wait. */
export const WRITE_BUFFER_BYTES = 64 * 1024;

/** A client that pings too often this many times more is sent away, as grpc-go does. */
export const MAX_PING_STRIKES = 2;

/** Least time between two pings of a client without an open call, in ms. */
export const IDLE_PING_MIN_TIME_MS = 2 * 60 * 60 * 1000;
