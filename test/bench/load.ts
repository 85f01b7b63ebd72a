// One cell of the benchmark: one load on one server, measured, and proved to have succeeded. HTTP says 200 for a gRPC
// call that failed as well, so two more things are held against what one call before and one after it got: the store's
// revision has risen by exactly the number of requests that change something, and the answers have that call's length.

import type { Server } from '../harness/server.ts';
import { cpuSeconds, machineSeconds } from './cpu.ts';
import { type Entry, runH2load, type Summary } from './h2load.ts';
import { percentile, steadyRate } from './statistics.ts';
import { grpcBody, type Workload } from './workloads.ts';

/** A load is not longer than this many requests, whatever the rate: its log is read into memory. */
export const MAX_REQUESTS = 2_000_000;
/** Nor is it shorter than this many requests for each client: the rate needs a middle. */
export const MIN_REQUESTS_PER_CLIENT = 10;

const PREFIX_BYTES = 5;

/** What one load measured. */
export interface Sample {
  readonly requests: number;
  /** Answers per second. */
  readonly rate: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU seconds of the server's processes, all members together, per 1000 requests. */
  readonly cpuPer1000: number;
  /** CPU seconds per second: 1 = one core all the time. */
  readonly serverCores: number;
  readonly generatorCores: number;
  /** All else that runs on the machine. */
  readonly otherCores: number;
}

/** One successful call. */
export interface Probe {
  readonly revision: number;
  /** Length of the response message. */
  readonly bytes: number;
}

/** Number of requests that take about `seconds` at `rate` per second. */
export function requestsFor(rate: number, seconds: number, clients: number): number {
  return Math.min(Math.max(Math.round(rate * seconds), clients * MIN_REQUESTS_PER_CLIENT), MAX_REQUESTS);
}

/** Runs one load and measures it. Throws an Error when a single request did not succeed. */
export async function measure(cell: {
  readonly server: Server;
  /** All members of its cluster; absent: it is alone. */
  readonly members?: readonly Server[];
  readonly workload: Workload;
  readonly clients: number;
  readonly requests: number;
  readonly folder: string;
}): Promise<Sample> {
  const { server, members = [server], workload, clients, requests, folder } = cell;
  const before = await probe(server, workload);
  const cpuOfServer = (): number => members.reduce((sum, { pid = 0 }) => sum + cpuSeconds(pid).own, 0);
  const [serverBefore, selfBefore, machineBefore] = [cpuOfServer(), cpuSeconds(process.pid), machineSeconds()];
  const start = performance.now();
  const url = server.clientUrl + workload.path;
  const result = await runH2load({ url, body: grpcBody(workload.request), clients, requests, folder });
  const seconds = (performance.now() - start) / 1000;
  const [serverAfter, selfAfter, machineAfter] = [cpuOfServer(), cpuSeconds(process.pid), machineSeconds()];
  checkSuccess({ ...result, requests, isChange: workload.isChange, before, after: await probe(server, workload) });
  const took = result.entries.map((entry) => entry.tookUs);
  const serverCpu = serverAfter - serverBefore;
  // h2load is the only child that this process waits for in between.
  const generatorCpu = selfAfter.children - selfBefore.children;
  const otherCpu = Math.max(machineAfter - machineBefore - serverCpu - generatorCpu, 0);
  return {
    requests,
    rate: steadyRate(result.entries),
    p50Us: percentile(took, 0.5),
    p99Us: percentile(took, 0.99),
    cpuPer1000: (serverCpu / requests) * 1000,
    serverCores: serverCpu / seconds,
    generatorCores: generatorCpu / seconds,
    otherCores: otherCpu / seconds,
  };
}

/** Throws an Error unless all requests of a load got the answer of a success and had their effect. */
export function checkSuccess(load: {
  readonly summary: Summary;
  readonly entries: readonly Entry[];
  readonly requests: number;
  readonly isChange: boolean;
  readonly before: Probe;
  readonly after: Probe;
}): void {
  const { summary, entries, requests, before, after } = load;
  const ok = entries.filter((entry) => entry.status === 200).length;
  if (summary.succeeded !== requests || summary.failed !== 0 || ok !== requests) {
    throw new Error(
      `of ${requests} requests ${summary.succeeded} succeeded and ${summary.failed} failed; ${ok} got HTTP status 200`,
    );
  }
  // The call behind the load is a change like the others.
  const expectedRise = load.isChange ? requests + 1 : 0;
  const rise = after.revision - before.revision;
  if (rise !== expectedRise) {
    throw new Error(`the revision has risen by ${rise}, not by ${expectedRise}: not every request succeeded`);
  }
  // The header tells the revision: answers grow by a byte now and then.
  const [least, most] = [before, after].map(({ bytes }) => requests * (PREFIX_BYTES + bytes)) as [number, number];
  if (summary.dataBytes < least || summary.dataBytes > most) {
    throw new Error(
      `${summary.dataBytes} bytes of answers, expected ${least} to ${most}: not every request got its answer`,
    );
  }
}

async function probe(server: Server, workload: Workload): Promise<Probe> {
  const client = server.grpc();
  try {
    const answer = await client.unaryBytes(workload.path, workload.request);
    if (answer.response === undefined) {
      throw new Error(`${server.target.label}: ${workload.title}: status ${answer.code} ${answer.message}`);
    }
    return { revision: workload.check(answer.response).revision, bytes: answer.response.length };
  } finally {
    client.close();
  }
}
