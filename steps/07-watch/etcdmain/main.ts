// The program `etcd`: from a command line to a running server, and its end. Mirrors etcd's etcdmain.

import { type Etcd, startEtcd } from '../embed/etcd.ts';
import type { Logger } from '../ports.ts';
import { openLog } from '../ports_node.ts';
import { ConfigError, toConfig, validate } from './config.ts';
import { parseFlags, UsageError } from './flags.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
const LOG_CALLER = 'etcdmain/etcd.ts';

/** Runs the server until a signal ends it. Resolves as soon as it serves, or has set an exit status. */
export async function main(argv: readonly string[]): Promise<void> {
  const log = openLog().at(LOG_CALLER);
  try {
    const { values, positional } = parseFlags(argv);
    const [extra] = positional;
    if (extra !== undefined) throw new ConfigError(`'${extra}' is not a valid flag`);
    const config = toConfig(values);
    validate(config);
    requireAdvertisedUrls(values);
    log.info('Running: ', { args: ['etcd', ...argv] });
    const etcd = await startEtcd(config, { log });
    stopOnSignal(etcd, log);
  } catch (error) {
    fail(error, log);
  }
}

// Who chooses an address to listen on must say which one clients shall use.
function requireAdvertisedUrls(values: ReadonlyMap<string, string>): void {
  if (values.has('listen-client-urls') && !values.has('advertise-client-urls')) {
    throw new ConfigError('--advertise-client-urls is required when --listen-client-urls is set explicitly');
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
  if (error instanceof UsageError) return exit(EXIT_USAGE, `${error.message}\n`);
  if (error instanceof ConfigError) log.warn('failed to verify flags', { error: error.message });
  else log.fatal('discovery failed', { error: error instanceof Error ? error.message : String(error) });
  exit(EXIT_FAILURE, '');
}

function exit(status: number, text: string): void {
  process.stderr.write(text);
  process.exitCode = status;
}
