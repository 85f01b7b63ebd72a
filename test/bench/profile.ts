// Where final spends its time under one load of the benchmark: `node --import tsx test/bench/profile.ts --help`.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { parseTarget, type Target } from '../harness/target.ts';
import { BUNDLE, freshBundle, partsOf } from './bundle.ts';
import { cpuSeconds } from './cpu.ts';
import { measure, requestsFor } from './load.ts';
import { breakDown, type Breakdown, type Profile, type Share } from './profile_groups.ts';
import { leaderOf, startMembers } from './servers.ts';
import { WORKLOADS } from './workloads.ts';

const HELP = `usage: node --import tsx test/bench/profile.ts [--workload NAME] [--clients N] [--members N]
       [--follower] [--seconds N] [--out FILE]

Takes a CPU profile of final (the bundle) under one load and prints its self time by part of the program and the
functions that take most. NAME is one of ${[...WORKLOADS.keys()].join(', ')} (default put); 64 clients and
3 seconds unless said otherwise. With --members, the leader of
a cluster of so many gets the load and is profiled, or with --follower another member. --out keeps the profile, for the developer tools of a browser (name it *.cpuprofile).`;

const TOP = 25;
const WARM_UP_REQUESTS = 10_000;
/** A signal acts when the server gets to it; a profile is written within this time. */
const SIGNAL_MS = 300;
const WRITE_LIMIT_MS = 30_000;

async function main(args: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { workload: text, clients: text, members: text, seconds: text, out: text, follower: flag, help: flag },
  });
  if (values.help) return console.log(HELP);
  const workload = WORKLOADS.get(values.workload ?? 'put');
  if (workload === undefined)
    throw new Error(`workload "${values.workload}" is none of ${[...WORKLOADS.keys()].join(', ')}`);
  const [clients, seconds] = [Number(values.clients ?? 64), Number(values.seconds ?? 3)];
  if (!freshBundle()) throw new Error('only the bundle can be profiled');
  const folder = makeScratch();
  const file = values.out === undefined ? path.join(folder, 'profile') : path.resolve(values.out);
  fs.rmSync(file, { force: true });
  const target = withRecorder(parseTarget('dist'));
  const members = await startMembers(target, Number(values.members ?? 1), { env: { BENCH_PROFILE: file } });
  try {
    const server = await leaderOf(members);
    const profiled = (values.follower ? members.find((member) => member !== server) : server) ?? server;
    // A range needs a key.
    const put = WORKLOADS.get('put') as typeof workload;
    await measure({ server, workload: put, clients, requests: clients * 10, folder });
    const cell = { server, workload, clients, folder };
    const { rate } = await measure({ ...cell, requests: WARM_UP_REQUESTS });
    profiled.signal('SIGUSR2');
    await delay(SIGNAL_MS);
    const before = cpuSeconds(profiled.pid ?? 0).own;
    const sample = await measure({ ...cell, requests: requestsFor(rate, seconds, clients) });
    const cpu = cpuSeconds(profiled.pid ?? 0).own - before;
    profiled.signal('SIGUSR2');
    await waitForFile(file);
    console.log(`${workload.title}, ${clients} clients: ${sample.rate.toFixed(0)} requests/s while profiled\n`);
    const profile = JSON.parse(fs.readFileSync(file, 'utf8')) as Profile;
    print(breakDown(profile, partsOf(fs.readFileSync(path.join(REPOSITORY, BUNDLE), 'utf8')), cpu));
  } finally {
    await Promise.all(members.map((member) => member.stop()));
    removeScratch(folder);
  }
}

function withRecorder(target: Target): Target {
  const [node = '', ...rest] = target.command;
  return { ...target, command: [node, '--import', import.meta.resolve('./recorder.mjs'), ...rest] };
}

async function waitForFile(file: string): Promise<void> {
  const end = performance.now() + WRITE_LIMIT_MS;
  while (!fs.existsSync(file)) {
    if (performance.now() > end) throw new Error('the server has written no profile');
    await delay(50);
  }
}

function print({ groups, functions, cores }: Breakdown): void {
  const line = ({ name, share }: Share): string => `${(share * 100).toFixed(1).padStart(6)} %  ${name}`;
  console.log(`${cores.toFixed(2)} cores busy; self time, as a share of the CPU time:`);
  for (const share of groups) console.log(line(share));
  console.log(`\nthe ${TOP} functions that take most:`);
  for (const share of functions.slice(0, TOP)) console.log(line(share));
}

if (process.argv[1] === import.meta.filename) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
