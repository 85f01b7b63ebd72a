// etcdctl check datascale: how much memory a server takes for many keys.

import http from 'node:http';
import type { Client } from '../../client/client.ts';
import { type CommandContext, Exit, ExitError } from '../command.ts';
import { givenEndpoints } from '../connect_options.ts';
import { ProgressBar } from '../progress_bar.ts';
import { cleanUp, connectClients, type Load, loadOf, pairMaker, refuseUsedPrefix, Results } from './check_load.ts';

interface Model {
  readonly pairs: number;
  readonly clients: number;
}

const models: Readonly<Record<Load, Model>> = {
  s: { pairs: 10_000, clients: 50 },
  m: { pairs: 100_000, clients: 200 },
  l: { pairs: 1_000_000, clients: 500 },
  xl: { pairs: 3_000_000, clients: 1_000 },
};

const sizes = { key: 512, value: 512 };

/** What a server tells of its memory, among its metrics. */
const memoryMetric = 'process_resident_memory_bytes';

/** Most bytes of an answer with metrics that are read; those of a server are some 100 KiB. */
const maxMetricsBytes = 16 * 1024 * 1024;

/** Writes keys, and tells by how much the memory of the first endpoint's server has grown. Exit status 1 when that is not known. */
export async function runCheckDatascale(context: CommandContext): Promise<void> {
  const { flags, io, globals } = context;
  const model = loadOf(context, models);
  const clients = await connectClients(context, model.clients);
  const endpoints = givenEndpoints(globals);
  const [[first], [endpoint = '']] = [clients, endpoints];
  if (first === undefined) throw new TypeError('a model without clients');
  const prefix = flags.text('prefix');
  await refuseUsedPrefix(first, prefix);
  const before = await residentMemory(context, endpoint, 'before');
  const load = `${model.pairs} key-value pairs, ${sizes.key + sizes.value} bytes per key-value`;
  io.stdout.write(`Start data scale check for work load [${load}, ${model.clients} concurrent clients].\n`);
  const bar = new ProgressBar(model.pairs, (text) => io.stdout.write(text));
  const results = await writePairs(clients, { model, bar, pair: pairMaker(prefix, sizes) });
  bar.finish();
  const after = await residentMemory(context, endpoint, 'after');
  await cleanUp(context, first, endpoints);
  if (results.errors.size > 0) {
    io.stdout.write(results.errorLines.map((line) => `${line}\n`).join(''));
    throw new ExitError(Exit.Error, '');
  }
  io.stdout.write(`PASS: Approximate system memory used : ${((after - before) / 1024 / 1024).toFixed(2)} MB.\n`);
}

interface Writes {
  readonly model: Model;
  readonly bar: ProgressBar;
  readonly pair: ReturnType<typeof pairMaker>;
}

async function writePairs(clients: readonly Client[], { model, bar, pair }: Writes): Promise<Results> {
  const results = new Results();
  let left = model.pairs;
  const write = async (client: Client): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await results.measure(() => client.put(pair()));
      bar.add(1);
    }
  };
  await Promise.all(clients.map(write));
  return results;
}

/** Bytes. Throws ExitError 1 when the server does not tell. */
async function residentMemory({ io }: CommandContext, endpoint: string, when: 'before' | 'after'): Promise<number> {
  try {
    const text = await metricsOf(endpoint);
    const [, bytes] = new RegExp(`^${memoryMetric} +(\\S+)$`, 'm').exec(text) ?? [];
    if (Number(bytes) > 0) return Number(bytes);
    io.stdout.write(`could not find: ${memoryMetric}\n`);
  } catch (error) {
    io.stdout.write(`fetch error: ${(error as Error).message}\n`);
  }
  io.stdout.write(`FAIL: Could not read ${memoryMetric} ${when} the put operations.\n`);
  throw new ExitError(Exit.Error, '');
}

/** As etcdctl 3.4, by plain HTTP alone. */
function metricsOf(endpoint: string): Promise<string> {
  const url = `${endpoint.startsWith('http://') ? '' : 'http://'}${endpoint}/metrics`;
  return new Promise((resolve, reject) => {
    const request = http.get(url, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > maxMetricsBytes) request.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
