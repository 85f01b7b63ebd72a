// Every flag that etcd 3.5 knows, in one table: flag, environment variable, key of the configuration file, type, default
// and help come from here (spec/cli.md A.1). A flag that is not ready is refused when it is set to anything but its
// default, never ignored.

/** How a value is written and checked; the names follow Go's flag package and etcd's own value types. */
export type FlagType = 'string' | 'bool' | 'int' | 'uint' | 'uint32' | 'duration' | 'urls' | 'origins' | 'strings';

export interface FlagSpec {
  /** Without dashes; the environment variable is ETCD_ + this in upper case, `-` as `_`. */
  readonly name: string;
  readonly type: FlagType;
  /** As it would be written on the command line. */
  readonly default: string;
  /** One sentence for --help. */
  readonly help: string;
  /** Key in the configuration file, with dots for nesting, where it is not the name; `none` = not settable there. */
  readonly yaml?: string;
  /** The only values allowed, for a string. */
  readonly choices?: readonly string[];
  /** False: known, but this server cannot do it yet. */
  readonly isReady: boolean;
}

export interface FlagSection {
  readonly title: string;
  readonly flags: readonly FlagSpec[];
}

type Extra = Pick<FlagSpec, 'yaml' | 'choices'>;

// Positional, so that the table reads as one.
function ready(name: string, type: FlagType, byDefault: string, help: string, extra: Extra = {}): FlagSpec {
  return { name, type, default: byDefault, help, ...extra, isReady: true };
}

function later(name: string, type: FlagType, byDefault: string, help: string, extra: Extra = {}): FlagSpec {
  return { name, type, default: byDefault, help, ...extra, isReady: false };
}

const NONE: Extra = { yaml: 'none' };
const client = (key: string): Extra => ({ yaml: `client-transport-security.${key}` });
const peer = (key: string): Extra => ({ yaml: `peer-transport-security.${key}` });
const ON_OFF = { choices: ['off', 'readonly', 'on'] };

export const FLAG_SECTIONS: readonly FlagSection[] = [
  {
    title: 'Member',
    flags: [
      ready('name', 'string', 'default', 'Name of this member; unique in its cluster.'),
      ready('data-dir', 'string', '', 'Directory of this member; ${name}.etcd when empty.'),
      ready('wal-dir', 'string', '', 'Directory of the write-ahead log, when not inside the data directory.'),
      ready('snapshot-count', 'uint', '100000', 'Applied entries after which a raft snapshot is written.'),
      ready('heartbeat-interval', 'uint', '100', 'Milliseconds between two heartbeats of a leader.'),
      ready('election-timeout', 'uint', '1000', 'Milliseconds without a leader after which an election begins.'),
      ready('initial-election-tick-advance', 'bool', 'true', 'Begin the first election sooner after a start.'),
      ready('listen-peer-urls', 'urls', 'http://localhost:2380', 'URLs to listen on for other members.'),
      ready('listen-client-urls', 'urls', 'http://localhost:2379', 'URLs to listen on for clients, gRPC and HTTP.'),
      later('listen-client-http-urls', 'urls', '', 'URLs for HTTP clients only; listen-client-urls is then gRPC only.'),
      ready('max-snapshots', 'uint', '5', 'Snapshot files to keep; 0 = all.'),
      ready('max-wals', 'uint', '5', 'Closed log segments to keep; 0 = all.'),
      ready('quota-backend-bytes', 'int', '0', 'Size of the database that raises the NOSPACE alarm; 0 = 2 GiB.'),
      later('backend-bbolt-freelist-type', 'string', 'map', 'Free list of the database file: array or map.'),
      ready('backend-batch-interval', 'duration', '0s', 'Longest time between two commits of the database; 0 = 100ms.'),
      ready('backend-batch-limit', 'int', '0', 'Most changes between two commits of the database; 0 = 10000.'),
      ready('max-txn-ops', 'uint', '128', 'Most operations in one transaction.'),
      ready('max-request-bytes', 'uint', '1572864', 'Largest request in bytes.'),
      ready('max-concurrent-streams', 'uint32', '4294967295', 'Most open streams of one client connection.'),
      ready('grpc-keepalive-min-time', 'duration', '5s', 'Shortest time that a client must leave between two pings.'),
      ready('grpc-keepalive-interval', 'duration', '2h0m0s', 'Idle time after which a client is pinged; 0 = never.'),
      ready('grpc-keepalive-timeout', 'duration', '20s', 'Time without an answer to a ping that ends the connection.'),
      later('socket-reuse-port', 'bool', 'false', 'Set SO_REUSEPORT on listeners.', {
        yaml: 'socket-options.reuse-port',
      }),
      later('socket-reuse-address', 'bool', 'false', 'Set SO_REUSEADDR on listeners.', {
        yaml: 'socket-options.reuse-address',
      }),
      later('raft-read-timeout', 'duration', '5s', 'Read timeout of peer connections.', NONE),
      later('raft-write-timeout', 'duration', '5s', 'Write timeout of peer connections.', NONE),
    ],
  },
  {
    title: 'Clustering',
    flags: [
      ready(
        'initial-advertise-peer-urls',
        'urls',
        'http://localhost:2380',
        'Peer URLs told to the rest of the cluster.',
      ),
      ready('initial-cluster', 'string', '', 'Members at the first start, as name=url,name=url.'),
      ready('initial-cluster-state', 'string', 'new', 'new, or existing to join a running cluster.', {
        choices: ['new', 'existing'],
      }),
      ready('initial-cluster-token', 'string', 'etcd-cluster', 'Makes member and cluster IDs unlike those of others.'),
      ready('advertise-client-urls', 'urls', 'http://localhost:2379', 'Client URLs told to the rest of the cluster.'),
      later('discovery', 'string', '', 'URL of a discovery service that knows the initial members.'),
      later('discovery-fallback', 'string', 'proxy', 'What to do when the discovered cluster is full: exit or proxy.', {
        choices: ['exit', 'proxy'],
      }),
      later('discovery-proxy', 'string', '', 'HTTP proxy for the discovery service.'),
      later('discovery-srv', 'string', '', 'Domain whose SRV records name the initial members.'),
      later('discovery-srv-name', 'string', '', 'Suffix of the SRV service name.'),
      ready('strict-reconfig-check', 'bool', 'true', 'Refuse a change of members that would lose the quorum.'),
      ready('pre-vote', 'bool', 'true', 'Ask whether an election could be won before beginning it.'),
      ready(
        'auto-compaction-retention',
        'string',
        '0',
        'How much history to keep: hours, a duration or revisions; 0 = all.',
      ),
      ready('auto-compaction-mode', 'string', 'periodic', 'What the retention counts: periodic = time, or revision.'),
      later('enable-v2', 'bool', 'false', 'Serve the v2 API.'),
      later('v2-deprecation', 'string', 'not-yet', 'How far the v2 store is given up.', {
        choices: ['not-yet', 'write-only', 'write-only-drop-data', 'gone'],
      }),
    ],
  },
  {
    title: 'Security',
    flags: [
      later('cert-file', 'string', '', 'Certificate of the client listeners.', client('cert-file')),
      later('key-file', 'string', '', 'Key of the client listeners.', client('key-file')),
      later(
        'client-cert-file',
        'string',
        '',
        'Certificate of this server as a client of itself.',
        client('client-cert-file'),
      ),
      later('client-key-file', 'string', '', 'Key of this server as a client of itself.', client('client-key-file')),
      later('client-cert-auth', 'bool', 'false', 'Clients must show a certificate.', client('client-cert-auth')),
      later('client-crl-file', 'string', '', 'Client certificates that are revoked.', NONE),
      later('client-cert-allowed-hostname', 'string', '', 'Names that a client certificate must be valid for.', {
        yaml: 'client-transport-security.allowed-hostname',
      }),
      later('trusted-ca-file', 'string', '', 'Authority of client certificates.', client('trusted-ca-file')),
      later('auto-tls', 'bool', 'false', 'Client listeners use a certificate made at the start.', client('auto-tls')),
      later('peer-cert-file', 'string', '', 'Certificate of the peer listeners.', peer('cert-file')),
      later('peer-key-file', 'string', '', 'Key of the peer listeners.', peer('key-file')),
      later('peer-client-cert-file', 'string', '', 'Certificate for connections to peers.', peer('client-cert-file')),
      later('peer-client-key-file', 'string', '', 'Key for connections to peers.', peer('client-key-file')),
      later('peer-client-cert-auth', 'bool', 'false', 'Peers must show a certificate.', peer('client-cert-auth')),
      later('peer-trusted-ca-file', 'string', '', 'Authority of peer certificates.', peer('trusted-ca-file')),
      later('peer-cert-allowed-cn', 'string', '', 'Common names that a peer may have.', peer('allowed-cn')),
      later('peer-cert-allowed-hostname', 'string', '', 'Names that a peer certificate must be valid for.', {
        yaml: 'peer-transport-security.allowed-hostname',
      }),
      later('peer-auto-tls', 'bool', 'false', 'Peer listeners use a certificate made at the start.', peer('auto-tls')),
      later('peer-crl-file', 'string', '', 'Peer certificates that are revoked.', NONE),
      later('self-signed-cert-validity', 'uint', '1', 'Years that a certificate made at the start is valid.'),
      later('cipher-suites', 'strings', '', 'TLS cipher suites of the listeners; empty = chosen by the runtime.'),
      later('tls-min-version', 'string', 'TLS1.2', 'Oldest TLS version.'),
      later('tls-max-version', 'string', '', 'Newest TLS version; empty = no bound.'),
      ready('cors', 'origins', '*', 'Origins that web pages may call from; * = any.'),
      ready('host-whitelist', 'strings', '*', 'Host names that HTTP requests may carry; * = any.'),
    ],
  },
  {
    title: 'Auth',
    flags: [
      later('auth-token', 'string', 'simple', 'Kind of token: simple, or jwt with its options.'),
      later('bcrypt-cost', 'uint', '10', 'Cost of a password hash, from 4 to 31.'),
      later('auth-token-ttl', 'uint', '300', 'Seconds that an unused simple token lives.'),
    ],
  },
  {
    title: 'Profiling and Monitoring',
    flags: [
      later('enable-pprof', 'bool', 'false', 'Serve profiles under /debug/pprof.'),
      later('metrics', 'string', 'basic', 'Detail of the metrics: basic or extensive.'),
      later('listen-metrics-urls', 'urls', '', 'Extra URLs for /metrics and /health.'),
    ],
  },
  {
    title: 'Logging',
    flags: [
      ready('logger', 'string', 'zap', 'Form of the log: zap, that is a JSON object a line.'),
      ready('log-outputs', 'strings', 'default', 'Where the log goes: default, stderr, stdout or file paths.'),
      ready('log-level', 'string', 'info', 'Least level that is logged: debug, info, warn, error, panic or fatal.'),
      later('enable-log-rotation', 'bool', 'false', 'Rotate the one log file.'),
      later(
        'log-rotation-config-json',
        'string',
        '{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}',
        'How to rotate it.',
      ),
    ],
  },
  {
    title: 'v2 Proxy (to be deprecated in v4)',
    flags: [
      later('proxy', 'string', 'off', 'Run as a v2 proxy: off, readonly or on.', ON_OFF),
      later('proxy-failure-wait', 'uint', '5000', 'Milliseconds that a failed endpoint is left out.'),
      later('proxy-refresh-interval', 'uint', '30000', 'Milliseconds between two refreshes of the endpoints.'),
      later('proxy-dial-timeout', 'uint', '1000', 'Milliseconds to connect; 0 = no bound.'),
      later('proxy-write-timeout', 'uint', '5000', 'Milliseconds to write; 0 = no bound.'),
      later('proxy-read-timeout', 'uint', '0', 'Milliseconds to read; 0 = no bound.'),
    ],
  },
  {
    title: 'Experimental feature',
    flags: [
      later('experimental-initial-corrupt-check', 'bool', 'false', 'Compare hashes with the peers before serving.'),
      later('experimental-corrupt-check-time', 'duration', '0s', 'Interval of comparing hashes; 0 = never.'),
      later('experimental-compact-hash-check-enabled', 'bool', 'false', 'Compare the hashes of compactions.'),
      later('experimental-compact-hash-check-time', 'duration', '1m0s', 'Interval of comparing compaction hashes.'),
      later('experimental-enable-v2v3', 'string', '', 'Keep the v2 API in v3 keys under this prefix.'),
      ready('experimental-enable-lease-checkpoint', 'bool', 'false', 'Tell the remaining TTLs to other members.'),
      ready('experimental-enable-lease-checkpoint-persist', 'bool', 'false', 'Keep remaining TTLs over a restart.'),
      ready('experimental-compaction-batch-limit', 'int', '1000', 'Revisions deleted in one batch of a compaction.'),
      ready('experimental-compaction-sleep-interval', 'duration', '10ms', 'Pause between two batches of a compaction.'),
      later(
        'experimental-peer-skip-client-san-verification',
        'bool',
        'false',
        'Do not check the names of a peer.',
        NONE,
      ),
      ready('experimental-watch-progress-notify-interval', 'duration', '0s', 'Interval of progress notices; 0 = 10m.'),
      later('experimental-warning-apply-duration', 'duration', '100ms', 'A request that takes longer is logged.'),
      later('experimental-downgrade-check-time', 'duration', '5s', 'Interval of checking for a downgrade.'),
      later('experimental-memory-mlock', 'bool', 'false', 'Lock the pages of the database in memory.'),
      later('experimental-txn-mode-write-with-shared-buffer', 'bool', 'true', 'Reads of a write txn share a buffer.'),
      later(
        'experimental-bootstrap-defrag-threshold-megabytes',
        'uint',
        '0',
        'Defragment at a start if it frees this.',
      ),
      later('experimental-stop-grpc-service-on-defrag', 'bool', 'false', 'Be unhealthy while defragmenting.'),
      ready('experimental-snapshot-catchup-entries', 'uint', '5000', 'Entries kept for slow followers.', {
        yaml: 'experimental-snapshot-catch-up-entries',
      }),
      later('experimental-enable-distributed-tracing', 'bool', 'false', 'Send traces to a collector.'),
      later('experimental-distributed-tracing-address', 'string', 'localhost:4317', 'Address of the collector.'),
      later('experimental-distributed-tracing-service-name', 'string', 'etcd', 'Service name in traces.'),
      later('experimental-distributed-tracing-instance-id', 'string', '', 'Instance in traces.'),
      later('experimental-distributed-tracing-sampling-rate', 'int', '0', 'Traces per million requests.'),
      later('enable-grpc-gateway', 'bool', 'true', 'Serve the API as JSON under /v3/; it answers 501 so far.'),
    ],
  },
  {
    title: 'Unsafe feature',
    flags: [
      ready('force-new-cluster', 'bool', 'false', 'Make this member the only one of its cluster.'),
      ready('unsafe-no-fsync', 'bool', 'false', 'Do not wait for the disk: data can be lost.'),
    ],
  },
];

/** All flags of the table by name; --config-file, --version and --help are handled by main.ts. */
export const FLAGS: ReadonlyMap<string, FlagSpec> = new Map(
  FLAG_SECTIONS.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag]),
);

/** Flags that were given up long ago: accepted as bool flags, with a warning. */
export const IGNORED_FLAGS: readonly string[] = [
  'cluster-active-size',
  'cluster-remove-delay',
  'cluster-sync-interval',
  'config',
  'force',
  'max-result-buffer',
  'max-retry-attempts',
  'peer-heartbeat-interval',
  'peer-election-timeout',
  'retry-interval',
  'snapshot',
  'v',
  'vv',
  'test.coverprofile',
  'test.outputdir',
];
