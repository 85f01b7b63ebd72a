// The program `etcd`: from a command line to a running server, and its end. Mirrors etcd's etcdmain.

import { type Etcd, startEtcd } from '../embed/etcd.ts';
import type { Logger } from '../ports.ts';
import { crashWith, nodeClock, nodeRandom, openLog } from '../ports_node.ts';
import { nodeFileSystem } from '../storage/fs_node.ts';
import { type Config, ConfigError, specOf, toConfig, toLogLevel, validate, warningsOf } from './config.ts';
import { readConfigFile } from './config_file.ts';
import { FLAGS } from './config_table.ts';
import { envName, isTrue, type ParsedFlags, parseFlags, UsageError, valueProblem } from './flags.ts';
import { flagList, USAGE, versionText } from './help.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
const LOG_CALLER = 'etcdmain/etcd.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Runs the server until a signal ends it. Resolves as soon as it serves, or has set an exit status. */
export async function main(argv: readonly string[], env: Env): Promise<void> {
  let log = openLog({ level: 'info', outputs: ['default'] }).at(LOG_CALLER);
  try {
    const flags = parseFlags(argv);
    if (answered(flags)) return;
    const { values, source } = collectValues(flags, env, log);
    const level = values.get('log-level') ?? specOf('log-level').default;
    if (toLogLevel(level) === undefined) return exit(EXIT_USAGE, `unrecognized level: "${level}"\n`);
    const config = toConfig(values);
    validate(config);
    if (source === 'flags') requireAdvertisedUrls(values);
    log = openConfiguredLog(config);
    for (const text of warningsOf(config)) log.at('embed/config.ts').warn(text);
    log.info('Running: ', { args: ['etcd', ...argv] });
    for (const name of flags.ignored) log.warn(`flag "-${name}" is no longer supported - ignoring.`);
    const etcd = await startEtcd(config, {
      clock: nodeClock,
      random: nodeRandom,
      fs: nodeFileSystem,
      log,
      crash: crashWith(log),
    });
    stopOnSignal(etcd, log);
    void etcd.removed.then(() => etcd.close()).then(() => process.exit(0));
  } catch (error) {
    fail(error, log);
  }
}

// --help and --version are answered whatever else was given.
function answered(flags: ParsedFlags): boolean {
  if (flags.values.has('help') || flags.values.has('h')) {
    process.stderr.write(USAGE);
    process.stdout.write(flagList());
    return true;
  }
  if (isTrue(flags.values.get('version') ?? 'false')) {
    process.stdout.write(versionText());
    return true;
  }
  return false;
}

interface Collected {
  readonly values: ReadonlyMap<string, string>;
  readonly source: 'flags' | 'file';
}

// A file replaces flags and environment; otherwise a variable fills in for a flag that was not given.
function collectValues(flags: ParsedFlags, env: Env, log: Logger): Collected {
  const [extra] = flags.positional;
  if (extra !== undefined) throw new ConfigError(`'${extra}' is not a valid flag`);
  const file = flags.values.get('config-file') ?? env['ETCD_CONFIG_FILE'] ?? '';
  if (file !== '') {
    const values = readConfigFile(file);
    const msg =
      'loaded server configuration, other configuration command line flags and environment variables will be ignored if provided';
    log.info(msg, { path: file });
    return { values, source: 'file' };
  }
  const values = new Map([...flags.values].filter(([name]) => FLAGS.has(name)));
  for (const flag of FLAGS.values()) {
    const variable = envName(flag.name);
    const text = env[variable];
    if (text === undefined) continue;
    if (flags.values.has(flag.name)) throw new ShadowedVariable(variable);
    if (text === '') continue;
    const problem = valueProblem(flag, text);
    if (problem !== undefined) throw new ConfigError(`invalid value "${text}" for ${variable}: ${problem}`);
    values.set(flag.name, text);
    log.info('recognized and used environment variable', { 'variable-name': variable, 'variable-value': text });
  }
  warnOfUnknownVariables(env, log);
  return { values, source: 'flags' };
}

class ShadowedVariable extends Error {
  readonly variable: string;

  constructor(variable: string) {
    super(
      'conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag))',
    );
    this.variable = variable;
  }
}

function warnOfUnknownVariables(env: Env, log: Logger): void {
  const known = new Set([...FLAGS.keys(), 'config-file'].map(envName));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('ETCD_') || (known.has(name) && text !== '')) continue;
    log.warn('unrecognized environment variable', { 'environment-variable': `${name}=${text}` });
  }
}

// Who chooses an address to listen on must say which one clients shall use.
function requireAdvertisedUrls(values: ReadonlyMap<string, string>): void {
  if (values.has('listen-client-urls') && !values.has('advertise-client-urls')) {
    throw new ConfigError('--advertise-client-urls is required when --listen-client-urls is set explicitly');
  }
}

function openConfiguredLog(config: Config): Logger {
  try {
    return openLog({ level: config.logLevel, outputs: config.logOutputs }).at(LOG_CALLER);
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? `open ${path}: no such file or directory` : message;
    throw new ConfigError(`open sink "${path}": ${reason}`);
  }
}

// The first signal stops the server; then the process ends itself with that signal, so that whoever started it sees it.
function stopOnSignal(etcd: Etcd, log: Logger): void {
  const names = { SIGTERM: 'terminated', SIGINT: 'interrupt' } as const;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.at('osutil/interrupt.ts').info('received signal; shutting down', { signal: names[signal] });
      process.removeAllListeners('SIGTERM');
      process.removeAllListeners('SIGINT');
      etcd.close().then(
        () => process.kill(process.pid, signal),
        (error) => fail(error, log),
      );
    });
  }
}

function fail(error: unknown, log: Logger): void {
  if (error instanceof UsageError) return exit(EXIT_USAGE, `${error.message}\n${USAGE}`);
  if (error instanceof ConfigError) log.warn('failed to verify flags', { error: error.message });
  else if (error instanceof ShadowedVariable) log.fatal(error.message, { 'environment-variable': error.variable });
  else log.fatal('discovery failed', { error: error instanceof Error ? error.message : String(error) });
  exit(EXIT_FAILURE, '');
}

function exit(status: number, text: string): void {
  process.stderr.write(text);
  process.exitCode = status;
}
