// /health, and the checks of Kubernetes, /livez and /readyz (spec/rpc.md 14.4, 14.5). Mirrors etcd's etcdhttp/health.go.

import type { IncomingMessage } from 'node:http';
import type { HttpHandler } from './base.ts';
import { getOnly, send, sendText } from './base.ts';

interface ReadOptions {
  readonly serializable: boolean;
  readonly isBounded: boolean;
}

/** What the checks ask the member. */
export interface HealthApi {
  /** Names of the active alarms, as NOSPACE. */
  readonly alarmNames: readonly string[];
  /** The member that leads; 0 = none is known. */
  readonly leader: bigint;
  readonly isLearner: boolean;
  /**
   * Reads one key; `isBounded`: for no longer than a request may take. Rejects with an Error when that cannot be; its message
   * is what a client would get.
   */
  tryRead(options: ReadOptions): Promise<void>;
}

/** GET /health: 503 while there is an alarm that `?exclude=` does not name, no leader, or no answer to a read. */
export function healthHandler(api: HealthApi): HttpHandler {
  return getOnly((request, response) => {
    void healthProblem(api, queryOf(request)).then((problem) => {
      const body = JSON.stringify({ health: String(problem === undefined), reason: problem ?? '' });
      if (problem !== undefined) return sendText(response, 503, `${body}\n`);
      send(response, { status: 200, type: 'text/plain; charset=utf-8', text: body });
    });
  });
}

async function healthProblem(api: HealthApi, query: URLSearchParams): Promise<string | undefined> {
  const excluded = query.getAll('exclude');
  const serializable = query.get('serializable') === 'true';
  const alarm = api.alarmNames.find((name) => !excluded.includes(name));
  if (alarm !== undefined) return `ALARM ${alarm}`;
  if (!serializable && api.leader === 0n) return 'RAFT NO LEADER';
  const problem = await readProblem(api, { serializable, isBounded: true });
  return problem === undefined ? undefined : `RANGE ERROR:${problem}`;
}

async function readProblem(api: HealthApi, options: ReadOptions): Promise<string | undefined> {
  try {
    await api.tryRead(options);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** One check; resolves to what is wrong. */
interface Check {
  readonly name: string;
  readonly problem: (api: HealthApi) => Promise<string | undefined>;
}

const serializableRead: Check = {
  name: 'serializable_read',
  problem: (api) => readProblem(api, { serializable: true, isBounded: false }),
};

/** The checks behind /livez. */
export const LIVE_CHECKS: readonly Check[] = [serializableRead];

/** The checks behind /readyz. */
export const READY_CHECKS: readonly Check[] = [
  {
    name: 'data_corruption',
    problem: async ({ alarmNames }) => (alarmNames.includes('CORRUPT') ? 'alarm activated: CORRUPT' : undefined),
  },
  serializableRead,
  { name: 'linearizable_read', problem: (api) => readProblem(api, { serializable: false, isBounded: false }) },
  {
    name: 'non_learner',
    problem: async ({ isLearner }) => (isLearner ? 'not supported for learner' : undefined),
  },
];

/**
 * GET /livez or /readyz, or one check of them: `ok`, or 503 with a line for each check; `?verbose` has the lines always, and
 * `?exclude=` leaves checks out.
 */
export function checksHandler(checks: readonly Check[], api: HealthApi): HttpHandler {
  return getOnly((request, response) => {
    const query = queryOf(request);
    const excluded = query.getAll('exclude');
    const wanted = checks.filter(({ name }) => !excluded.includes(name));
    void Promise.all(wanted.map((check) => check.problem(api))).then((problems) => {
      const lines = wanted.map(({ name }, i) =>
        problems[i] === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${problems[i]}\n`,
      );
      if (problems.some((problem) => problem !== undefined)) return sendText(response, 503, `${lines.join('')}\n`);
      sendText(response, 200, `${query.has('verbose') ? lines.join('') : ''}ok\n`);
    });
  });
}

function queryOf(request: IncomingMessage): URLSearchParams {
  return new URL(request.url ?? '/', 'http://localhost').searchParams;
}
