// Sends the same random requests to a real etcd and to final and compares the answers:
//   node --import tsx test/compat/differential.ts --requests 10000 --seed N --real real|real35 [--ours final|step:…|cmd:…]
// A difference is printed with seed, number, request and both answers; exit code 1 when there was one.

import { parseArgs } from 'node:util';
import { KV } from '../../proto/load.ts';
import type { GrpcClient } from '../harness/grpc_client.ts';
import { Server } from '../harness/server.ts';
import { parseTarget, type Target } from '../harness/target.ts';
import { dangerOf } from './differential_bytes.ts';
import { explain, methodAt, plain, type PlainAnswer, plainAnswer } from './differential_compare.ts';
import { Random } from './differential_random.ts';
import { EVERYTHING, type GeneratedRequest, HASH, nextRequest } from './differential_requests.ts';

/** Behind so many differences a run stops: the stores have gone different ways. */
const MAX_DIFFERENCES = 5;
/** After so many requests the whole stores are compared. */
const WHOLE_EVERY = 250;

/** One difference. */
export interface Difference {
  readonly number: number;
  readonly request: string;
  readonly real: string;
  readonly ours: string;
}

/** What a run found. */
export interface Report {
  readonly seed: number;
  readonly sent: number;
  readonly differences: readonly Difference[];
  /** How often each known difference came, by name. */
  readonly known: ReadonlyMap<string, number>;
  /** How often each gRPC code was answered. */
  readonly codes: ReadonlyMap<number, number>;
  /** Requests that only final got, because they would end the real server. */
  readonly apart: number;
}

/** Runs `requests` requests. Throws an Error when a server does not start. */
export async function runDifferential(options: {
  real: Target;
  ours: Target;
  seed: number;
  requests: number;
}): Promise<Report> {
  const servers = await startBoth(options.real, options.ours);
  try {
    return await new Run(options, servers).go();
  } finally {
    await Promise.all(servers.map((server) => server.kill()));
  }
}

async function startBoth(real: Target, ours: Target): Promise<[Server, Server]> {
  const first = await Server.start(real);
  try {
    return [first, await Server.start(ours)];
  } catch (error) {
    await first.kill();
    throw error;
  }
}

class Run {
  readonly #options: { readonly real: Target; readonly seed: number; readonly requests: number };
  readonly #servers: readonly [Server, Server];
  readonly #real: GrpcClient;
  readonly #ours: GrpcClient;
  readonly #differences: Difference[] = [];
  readonly #known = new Map<string, number>();
  readonly #codes = new Map<number, number>();
  #apart = 0;
  #number = 0;
  #revision = 1;
  #compactRevision = -1;

  constructor(options: { real: Target; seed: number; requests: number }, servers: readonly [Server, Server]) {
    this.#options = options;
    this.#servers = servers;
    this.#real = servers[0].grpc();
    this.#ours = servers[1].grpc();
  }

  async go(): Promise<Report> {
    const random = new Random(this.#options.seed);
    while (this.#number < this.#options.requests && this.#differences.length < MAX_DIFFERENCES) {
      this.#number += 1;
      const state = { revision: this.#revision, compactRevision: this.#compactRevision };
      const request = nextRequest(random, state);
      if (request.expected !== undefined) await this.#apartWith(request);
      else if (dangerOf(request.path, request.bytes) !== 'deadly') await this.#both(request);
      if (this.#number % WHOLE_EVERY === 0 || this.#number === this.#options.requests) await this.#wholeStores();
      if (this.#isOver()) break;
    }
    const { seed } = this.#options;
    const counts = { known: this.#known, codes: this.#codes, apart: this.#apart };
    return { seed, sent: this.#number, differences: this.#differences, ...counts };
  }

  async #wholeStores(): Promise<void> {
    await this.#both(EVERYTHING);
    await this.#both(HASH);
  }

  async #both(request: GeneratedRequest): Promise<void> {
    const [real, ours] = (
      await Promise.all([
        this.#real.unaryBytes(request.path, request.bytes),
        this.#ours.unaryBytes(request.path, request.bytes),
      ])
    ).map((answer) => plainAnswer(request.path, answer)) as [PlainAnswer, PlainAnswer];
    const name = explain({ request, real, ours, line: this.#options.real.line });
    if (name === undefined) this.#differ(request, real, ours);
    else if (name !== 'none') count(this.#known, name);
    count(this.#codes, ours.code);
    this.#observe(request, ours);
  }

  async #apartWith(request: GeneratedRequest): Promise<void> {
    this.#apart += 1;
    const ours = plainAnswer(request.path, await this.#ours.unaryBytes(request.path, request.bytes));
    if (JSON.stringify(ours) !== JSON.stringify(request.expected)) this.#differ(request, request.expected, ours);
  }

  #observe({ path, bytes }: GeneratedRequest, { response }: PlainAnswer): void {
    const header = (response as { header?: { revision?: number } } | undefined)?.header;
    if (header?.revision !== undefined) this.#revision = Math.max(this.#revision, header.revision);
    if (response === undefined || path !== KV.methods.Compact.path) return;
    this.#compactRevision = KV.methods.Compact.request.decode(bytes).revision;
  }

  #differ(request: GeneratedRequest, real: unknown, ours: unknown): void {
    this.#differences.push({
      number: this.#number,
      request: describe(request),
      real: JSON.stringify(real),
      ours: JSON.stringify(ours),
    });
  }

  // A server that is gone answers nothing more; its last words are worth more than the differences that follow.
  #isOver(): boolean {
    for (const server of this.#servers) {
      if (server.exit === undefined) continue;
      const log = server.stderr.trim().slice(-1500);
      this.#differences.push({
        number: this.#number,
        request: 'the last one',
        real: server === this.#servers[0] ? `gone: ${log}` : 'lives',
        ours: server === this.#servers[1] ? `gone: ${log}` : 'lives',
      });
      return true;
    }
    return false;
  }
}

function describe({ path, bytes }: GeneratedRequest): string {
  const hex = Buffer.from(bytes.subarray(0, 400)).toString('hex');
  try {
    return JSON.stringify({ path, message: plain(methodAt(path)?.request.decode(bytes)), hex }).slice(0, 4000);
  } catch (error) {
    return JSON.stringify({ path, undecodable: (error as Error).message, hex });
  }
}

function count<K>(counts: Map<K, number>, name: K): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** A report for people, a line each. */
export function reportLines({ seed, sent, differences, known, codes, apart }: Report, label: string): string[] {
  const lines = differences.flatMap(({ number, request, real, ours }) => [
    `difference at seed ${seed}, request ${number}: ${request}`,
    `  ${label}: ${real}`,
    `  ours: ${ours}`,
  ]);
  for (const [name, times] of known) lines.push(`known, ${times} times: ${name}`);
  const shown = [...codes].sort(([a], [b]) => a - b).map(([code, times]) => `${code}: ${times}`);
  lines.push(`answers by code: ${shown.join(', ')}`);
  lines.push(
    `seed ${seed}: ${sent} requests, ${apart} of them to ours alone, ${differences.length} differences (${label})`,
  );
  return lines;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      real: { type: 'string', default: 'real35' },
      ours: { type: 'string', default: 'final' },
    },
  });
  const real = parseTarget(values.real);
  const report = await runDifferential({
    real,
    ours: parseTarget(values.ours),
    seed: Number(values.seed),
    requests: Number(values.requests),
  });
  for (const line of reportLines(report, real.label)) console.log(line);
  process.exitCode = report.differences.length > 0 ? 1 : 0;
}
