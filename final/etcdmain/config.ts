// The configuration of a server: values with types, made from the texts of flags, environment or file, and checked as
// etcd checks them. Mirrors etcd's embed/config.go.

import { isIP } from 'node:net';
import { MAX_ELECTION_TIMEOUT_MS } from '../limits.ts';
import { LOG_LEVELS, type LogLevel } from '../ports_node.ts';
import { FLAGS, type FlagSpec } from './config_table.ts';
import { parseDuration } from './duration.ts';
import { isTrue, parseInteger } from './flags.ts';
import { type EtcdUrl, hostAndPort, parseUrls } from './urls.ts';

export interface Config {
  readonly name: string;
  readonly dataDir: string;
  /** Empty = inside the data directory. */
  readonly walDir: string;
  /** Entries after which a raft snapshot is written. */
  readonly snapshotCount: number;
  /** Entries in front of a snapshot that stay in memory, for followers that are a little behind. */
  readonly snapshotCatchUpEntries: number;
  /** Files to keep; 0 = all. */
  readonly maxSnapshots: number;
  readonly maxWals: number;
  /** Bytes; 0 = the default, negative = none. */
  readonly quotaBackendBytes: number;
  /** When a commit of the database is due: after so many ms, after so many changes; 0 = the default. */
  readonly backendBatchIntervalMs: number;
  readonly backendBatchLimit: number;
  /** As it was given: hours, a duration or a number of revisions; 0 = never. */
  readonly autoCompactionRetention: string;
  readonly autoCompactionMode: string;
  /** Records that a compaction looks at in one go, and the pause behind it. */
  readonly compactionBatchLimit: number;
  readonly compactionSleepMs: number;
  readonly unsafeNoFsync: boolean;
  /** Whether the leader tells the others how long leases live yet, and whether the members keep that over a restart. */
  readonly leaseCheckpoint: boolean;
  readonly leaseCheckpointPersist: boolean;
  /** Raft tick and election timeout, in ms. */
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly listenPeerUrls: readonly EtcdUrl[];
  readonly listenClientUrls: readonly EtcdUrl[];
  readonly initialAdvertisePeerUrls: readonly EtcdUrl[];
  readonly advertiseClientUrls: readonly EtcdUrl[];
  /** name=url,name=url,… */
  readonly initialCluster: string;
  /** `new`, or `existing` to join a running one. */
  readonly initialClusterState: string;
  readonly initialClusterToken: string;
  /** Whether the cluster at hand is given up: this member becomes its only one. */
  readonly forceNewCluster: boolean;
  /** Whether a change of the members that could cost the quorum is refused. */
  readonly strictReconfigCheck: boolean;
  /** Whether a member asks if it could win an election before it begins one. */
  readonly preVote: boolean;
  /** Whether the first election after a start may begin sooner. */
  readonly initialElectionTickAdvance: boolean;
  /** Interval of progress notices to watchers, in ms; 0 or less = the default. */
  readonly watchProgressIntervalMs: number;
  readonly maxTxnOps: number;
  readonly maxRequestBytes: number;
  readonly maxConcurrentStreams: number;
  /** In ms; 0 = off. */
  readonly keepalive: { readonly minTimeMs: number; readonly intervalMs: number; readonly timeoutMs: number };
  /** Allowed origins of web pages; `*` = any. */
  readonly cors: readonly string[];
  /** Allowed host names of HTTP requests; `*` = any. */
  readonly hostWhitelist: readonly string[];
  readonly logger: string;
  readonly logLevel: LogLevel;
  readonly logOutputs: readonly string[];
}

const CHECKPOINT_PERSIST = 'experimental-enable-lease-checkpoint-persist';
// What 0 means for --snapshot-count.
const DEFAULT_SNAPSHOT_COUNT = 100_000;

/** Value texts by flag name: what was given. The rest has the table's defaults. */
export type ConfigValues = ReadonlyMap<string, string>;

/** A configuration that is refused: exit status 1. */
export class ConfigError extends Error {}

/** Turns texts, each of them already well-formed for its flag, into a configuration. Throws {@link ConfigError}. */
export function toConfig(values: ConfigValues): Config {
  refuseWhatIsNotReady(values);
  const text = (flag: string): string => values.get(flag) ?? specOf(flag).default;
  const number = (flag: string): number => Number(parseInteger(text(flag)));
  const ms = (flag: string): number => parseDuration(text(flag)) as number;
  const urls = (flag: string): EtcdUrl[] => parseUrls(text(flag) || specOf(flag).default);
  const list = (flag: string): string[] => text(flag).split(',');
  const name = text('name');
  const advertisedPeers = urls('initial-advertise-peer-urls');
  return {
    name,
    dataDir: text('data-dir') || `${name}.etcd`,
    walDir: text('wal-dir'),
    snapshotCount: number('snapshot-count') || DEFAULT_SNAPSHOT_COUNT,
    snapshotCatchUpEntries: number('experimental-snapshot-catchup-entries'),
    maxSnapshots: number('max-snapshots'),
    maxWals: number('max-wals'),
    quotaBackendBytes: number('quota-backend-bytes'),
    backendBatchIntervalMs: ms('backend-batch-interval'),
    backendBatchLimit: number('backend-batch-limit'),
    autoCompactionRetention: text('auto-compaction-retention'),
    autoCompactionMode: text('auto-compaction-mode'),
    compactionBatchLimit: number('experimental-compaction-batch-limit'),
    compactionSleepMs: ms('experimental-compaction-sleep-interval'),
    unsafeNoFsync: isTrue(text('unsafe-no-fsync')),
    leaseCheckpoint: isTrue(text('experimental-enable-lease-checkpoint')),
    leaseCheckpointPersist: isTrue(text('experimental-enable-lease-checkpoint-persist')),
    heartbeatMs: number('heartbeat-interval'),
    electionMs: number('election-timeout'),
    listenPeerUrls: urls('listen-peer-urls'),
    listenClientUrls: urls('listen-client-urls'),
    initialAdvertisePeerUrls: advertisedPeers,
    advertiseClientUrls: urls('advertise-client-urls'),
    initialCluster: values.get('initial-cluster') ?? defaultInitialCluster(name, advertisedPeers),
    initialClusterState: text('initial-cluster-state'),
    initialClusterToken: text('initial-cluster-token'),
    forceNewCluster: isTrue(text('force-new-cluster')),
    strictReconfigCheck: isTrue(text('strict-reconfig-check')),
    preVote: isTrue(text('pre-vote')),
    initialElectionTickAdvance: isTrue(text('initial-election-tick-advance')),
    watchProgressIntervalMs: ms('experimental-watch-progress-notify-interval'),
    maxTxnOps: number('max-txn-ops'),
    maxRequestBytes: number('max-request-bytes'),
    maxConcurrentStreams: number('max-concurrent-streams'),
    keepalive: {
      minTimeMs: ms('grpc-keepalive-min-time'),
      intervalMs: ms('grpc-keepalive-interval'),
      timeoutMs: ms('grpc-keepalive-timeout'),
    },
    cors: list('cors'),
    hostWhitelist: list('host-whitelist'),
    logger: text('logger'),
    logLevel: toLogLevel(text('log-level')) ?? 'info',
    logOutputs: list('log-outputs'),
  };
}

// It follows the advertised peer URLs only when the member has a name of its own, as in etcd.
function defaultInitialCluster(name: string, advertisedPeers: readonly EtcdUrl[]): string {
  if (name === specOf('name').default) return `${name}=${specOf('initial-advertise-peer-urls').default}`;
  return advertisedPeers.map((url) => `${name}=${url.text}`).join(',');
}

/** Checks what no single flag can tell. Throws {@link ConfigError} with etcd's text. */
export function validate(config: Config): void {
  if (config.logger === 'capnslog') throw new ConfigError('--logger=capnslog is removed in v3.5');
  if (config.logger !== 'zap') throw new ConfigError(`unknown logger option "${config.logger}"`);
  checkLogOutputs(config.logOutputs);
  checkBindUrls(config.listenPeerUrls);
  checkBindUrls(config.listenClientUrls);
  checkHosts('--initial-advertise-peer-urls', config.initialAdvertisePeerUrls);
  checkHosts('--advertise-client-urls', config.advertiseClientUrls);
  checkTimes(config);
  if (config.leaseCheckpointPersist && !config.leaseCheckpoint) {
    throw new ConfigError(`setting ${CHECKPOINT_PERSIST} requires experimental-enable-lease-checkpoint`);
  }
}

/** What an operator should know about a valid configuration, in etcd's words. */
export function warningsOf(config: Config): string[] {
  if (!config.leaseCheckpoint || config.leaseCheckpointPersist) return [];
  return [`Detected that checkpointing is enabled without persistence. Consider enabling ${CHECKPOINT_PERSIST}`];
}

/** The level of the log that `text` means, in any case; nothing means info. Undefined when it means none. */
export function toLogLevel(text: string): LogLevel | undefined {
  if (text === '') return 'info';
  return LOG_LEVELS.find((level) => level === text.toLowerCase());
}

/** The default of a flag and what else the table says of it. */
export function specOf(flag: string): FlagSpec {
  const spec = FLAGS.get(flag);
  if (spec === undefined) throw new Error(`no flag ${flag} in the table`);
  return spec;
}

function refuseWhatIsNotReady(values: ConfigValues): void {
  for (const [name, text] of values) {
    const flag = FLAGS.get(name);
    if (flag !== undefined && !flag.isReady && !isDefault(flag, text)) {
      throw new ConfigError(`--${name} is not yet implemented (set to "${text}")`);
    }
  }
}

// Equal in meaning: 0x64 is 100 and 1h0m is 60m.
function isDefault(flag: FlagSpec, text: string): boolean {
  if (text === flag.default) return true;
  switch (flag.type) {
    case 'bool':
      return isTrue(text) === isTrue(flag.default);
    case 'int':
    case 'uint':
    case 'uint32':
      return parseInteger(text) === parseInteger(flag.default);
    case 'duration':
      return parseDuration(text) === parseDuration(flag.default);
    case 'string':
    case 'strings':
    case 'urls':
    case 'origins':
      return false;
  }
}

function checkLogOutputs(outputs: readonly string[]): void {
  if (outputs.length > 1 && outputs.includes('default')) {
    throw new ConfigError('multi logoutput for "default" is not supported yet');
  }
  if (outputs.includes('systemd/journal'))
    throw new ConfigError('--log-outputs systemd/journal is not yet implemented');
}

// A listener is bound to an address; a name could mean several. localhost is the one exception.
function checkBindUrls(urls: readonly EtcdUrl[]): void {
  for (const url of urls) {
    if (url.scheme === 'https' || url.scheme === 'unixs') {
      throw new ConfigError(`TLS is not yet implemented: cannot listen on ${url.text}`);
    }
    if (url.scheme === 'unix') continue;
    const { host } = hostAndPort(url);
    if (host !== 'localhost' && isIP(host) === 0) throw new ConfigError(`expected IP in URL for binding (${url.text})`);
  }
}

function checkHosts(flag: string, urls: readonly EtcdUrl[]): void {
  for (const url of urls) {
    const problem = hostProblem(url);
    if (problem !== undefined) throw new ConfigError(`${flag} "${url.text}" must be "host:port" (${problem})`);
  }
}

// Others shall reach it, so even the path of a socket must look like host:port.
function hostProblem(url: EtcdUrl): string | undefined {
  const host = url.address.split('/', 1)[0] as string;
  if (!host.includes(':')) return `${host === '' ? '' : `address ${host}: `}missing port in address`;
  return host.startsWith(':') ? `unexpected empty host (${url.text})` : undefined;
}

function checkTimes({ heartbeatMs, electionMs }: Config): void {
  if (heartbeatMs <= 0) throw new ConfigError(`--heartbeat-interval must be >0 (set to ${heartbeatMs}ms)`);
  if (electionMs <= 0) throw new ConfigError(`--election-timeout must be >0 (set to ${electionMs}ms)`);
  if (5 * heartbeatMs > electionMs) {
    throw new ConfigError(
      `--election-timeout[${electionMs}ms] should be at least as 5 times as --heartbeat-interval[${heartbeatMs}ms]`,
    );
  }
  if (electionMs > MAX_ELECTION_TIMEOUT_MS) {
    const most = `${MAX_ELECTION_TIMEOUT_MS}ms`;
    throw new ConfigError(`--election-timeout[${electionMs}ms] is too long, and should be set less than ${most}`);
  }
}
