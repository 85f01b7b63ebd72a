// The npm client etcd3 in its own words against the real servers and final: what a program that uses it relies on. It shares no
// code with this project but the gRPC library.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Etcd3,
  EtcdLeaseInvalidError,
  EtcdLockFailedError,
  type IKeyValue,
  type IOptions,
  type Lease,
  type Namespace,
  STMConflictError,
  type Watcher,
} from 'etcd3';
import { within } from '../harness/process.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';
import { Server } from '../harness/server.ts';
import { findReal, parseTarget, type Target } from '../harness/target.ts';

const EVENT_LIMIT_MS = 15_000;
const TEST_LIMIT_MS = 60_000;
const BINARY = Buffer.from([0, 255, 128, 10, 13, 0]);

function optionsFor(server: Server): IOptions {
  return { hosts: server.clientUrl };
}

async function soon<T>(what: string, promise: Promise<T>): Promise<T> {
  const found = await within(
    EVENT_LIMIT_MS,
    promise.then((value) => ({ value })),
  );
  if (found === undefined) throw new Error(`${what} did not come within ${EVENT_LIMIT_MS} ms`);
  return found.value;
}

/** What a watcher tells, as `put KEY=VALUE` and `delete KEY`, with ` was VALUE` where it is told. */
class Log {
  readonly lines: string[] = [];
  #wake: (() => void) | undefined;

  constructor(watcher: Watcher) {
    // The client hands out null where there is no previous value, whatever its types say.
    const was = (previous: IKeyValue | null | undefined): string =>
      previous === null || previous === undefined ? '' : ` was ${previous.value.toString()}`;
    watcher.on('put', (kv, previous) => this.#add(`put ${kv.key.toString()}=${kv.value.toString()}${was(previous)}`));
    watcher.on('delete', (kv, previous) => this.#add(`delete ${kv.key.toString()}${was(previous)}`));
  }

  /** Waits for the next `count` lines and takes them. */
  async take(count: number): Promise<string[]> {
    const end = performance.now() + EVENT_LIMIT_MS;
    while (this.lines.length < count && performance.now() < end) await this.#more(end - performance.now());
    return this.lines.splice(0, count);
  }

  #add(line: string): void {
    this.lines.push(line);
    this.#wake?.();
  }

  #more(limitMs: number): Promise<unknown> {
    return within(
      limitMs,
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
    );
  }
}

function happens(lease: Lease, event: 'lost' | 'keepaliveSucceeded'): Promise<unknown> {
  return new Promise((resolve) => {
    if (event === 'lost') lease.on('lost', resolve);
    else lease.on('keepaliveSucceeded', resolve);
  });
}

type Fact = readonly [name: string, run: (space: Namespace, client: Etcd3) => Promise<void>];

const values: readonly Fact[] = [
  [
    'put and get as string, number, JSON and bytes',
    async (space) => {
      await space.put('text').value('grüße');
      await space.put('number').value(42.5);
      await space.put('json').value(JSON.stringify({ a: [1, 2] }));
      await space.put('binary').value(BINARY);
      assert.equal(await space.get('text').string(), 'grüße');
      assert.equal(await space.get('number').number(), 42.5);
      assert.deepEqual(await space.get('json').json(), { a: [1, 2] });
      assert.deepEqual(await space.get('binary').buffer(), BINARY);
      assert.deepEqual([await space.get('none'), await space.get('text').exists()], [null, true]);
      assert.equal(await space.get('none').exists(), false);
    },
  ],
  [
    'all keys of a prefix as strings, bytes, numbers, keys and count; limit and sort',
    async (space) => {
      for (const [i, name] of ['c', 'a', 'b', 'd'].entries()) await space.put(`n/${name}`).value(i);
      await space.put('o').value(9);
      const all = (): ReturnType<Namespace['getAll']> => space.getAll().prefix('n/');
      assert.deepEqual(await all().strings(), { 'n/a': '1', 'n/b': '2', 'n/c': '0', 'n/d': '3' });
      assert.deepEqual(await all().numbers(), { 'n/a': 1, 'n/b': 2, 'n/c': 0, 'n/d': 3 });
      assert.deepEqual(await all().keys(), ['n/a', 'n/b', 'n/c', 'n/d']);
      assert.equal(await all().count(), 4);
      assert.deepEqual(await all().sort('Value', 'Descend').limit(2).keys(), ['n/d', 'n/b']);
      assert.deepEqual(await all().sort('Create', 'Ascend').keys(), ['n/c', 'n/a', 'n/b', 'n/d']);
      const buffers = await all().limit(1).buffers();
      assert.deepEqual(buffers, { 'n/a': Buffer.from('1') });
    },
  ],
  [
    'a range of keys, an older revision, and the previous value of a put',
    async (space) => {
      for (const name of ['a', 'b', 'c']) await space.put(name).value(`${name}1`);
      assert.deepEqual(await space.getAll().inRange({ start: 'a', end: 'c' }).keys(), ['a', 'b']);
      const { header } = await space.get('a').exec();
      const previous = await space.put('a').value('a2').getPrevious();
      assert.equal(previous?.value.toString(), 'a1');
      assert.equal(await space.get('a').revision(header.revision), 'a1');
      assert.equal(await space.get('a'), 'a2');
      await space.put('a').touch();
      const { kvs } = await space.get('a').exec();
      assert.deepEqual([kvs[0]?.value.toString(), kvs[0]?.version], ['a2', '3']);
    },
  ],
  [
    'delete one key, a prefix and a range, with the number and the old values',
    async (space) => {
      for (const name of ['a', 'b1', 'b2', 'c', 'd']) await space.put(name).value(name);
      assert.equal((await space.delete().key('a').exec()).deleted, '1');
      assert.equal((await space.delete().key('a').exec()).deleted, '0');
      const old = await space.delete().prefix('b').getPrevious();
      assert.deepEqual(
        old.map(({ value }) => value.toString()),
        ['b1', 'b2'],
      );
      assert.equal((await space.delete().inRange({ start: 'c', end: 'd' }).exec()).deleted, '1');
      assert.deepEqual(await space.getAll().keys(), ['d']);
    },
  ],
  [
    'a namespace sees its own keys only, also when it is inside another',
    async (space, client) => {
      const inner = space.namespace('in/');
      await inner.put('k').value('v');
      assert.equal(await space.get('in/k'), 'v');
      assert.deepEqual(await inner.getAll().strings(), { k: 'v' });
      await inner.delete().all();
      assert.equal(await client.getAll().prefix('no such').count(), 0);
      assert.equal(await space.getAll().count(), 0);
    },
  ],
];

const leases: readonly Fact[] = [
  [
    'a lease is kept alive by the client, and its keys with it; a revoke takes them away',
    async (space) => {
      const lease = space.lease(2);
      const renewed = happens(lease, 'keepaliveSucceeded');
      await lease.put('k').value('v');
      await soon('a renewal', renewed);
      await delay(3500);
      assert.equal(await space.get('k'), 'v');
      await lease.revoke();
      assert.equal(await space.get('k'), null);
    },
  ],
  [
    'a lease that nobody renews ends, and a renewal by hand puts that off',
    async (space) => {
      const lease = space.lease(3, { autoKeepAlive: false });
      await lease.put('k').value('v');
      await delay(2000);
      assert.equal((await lease.keepaliveOnce()).TTL, '3');
      await delay(2000);
      assert.equal(await space.get('k'), 'v');
      const end = performance.now() + EVENT_LIMIT_MS;
      while ((await space.get('k')) !== null && performance.now() < end) await delay(100);
      assert.equal(await space.get('k'), null);
      await assert.rejects(lease.keepaliveOnce(), EtcdLeaseInvalidError);
    },
  ],
  [
    'the loss of a lease is told',
    async (space, client) => {
      const lease = space.lease(2);
      const lost = happens(lease, 'lost');
      const ID = await lease.grant();
      await client.leaseClient.leaseRevoke({ ID });
      assert.ok((await soon('the loss', lost)) instanceof EtcdLeaseInvalidError);
    },
  ],
];

const watchers: readonly Fact[] = [
  [
    'a watcher of a key and one of a prefix; previous values; one kind of events only; cancel',
    async (space) => {
      const one = await space.watch().key('a').create();
      const all = await space.watch().prefix('').withPreviousKV().create();
      const deletes = await space.watch().prefix('').only('delete').create();
      const [ofOne, ofAll, ofDeletes] = [new Log(one), new Log(all), new Log(deletes)];
      await space.put('a').value('1');
      await space.put('b').value('2');
      await space.put('a').value('3');
      await space.delete().key('b');
      assert.deepEqual(await ofOne.take(2), ['put a=1', 'put a=3']);
      assert.deepEqual(await ofAll.take(4), ['put a=1', 'put b=2', 'put a=3 was 1', 'delete b was 2']);
      assert.deepEqual(await ofDeletes.take(1), ['delete b']);
      await one.cancel();
      await space.put('a').value('4');
      assert.deepEqual(await ofAll.take(1), ['put a=4 was 3']);
      assert.deepEqual(ofOne.lines, []);
      await Promise.all([all.cancel(), deletes.cancel()]);
    },
  ],
  [
    'a watcher from an earlier revision begins there',
    async (space) => {
      await space.put('a').value('1');
      const { header } = await space.put('a').value('2');
      await space.put('a').value('3');
      const watcher = space.watch().key('a').startRevision(header.revision).watcher();
      const log = new Log(watcher);
      assert.deepEqual(await log.take(2), ['put a=2', 'put a=3']);
      await watcher.cancel();
    },
  ],
];

const together: readonly Fact[] = [
  [
    'if, then and else of a transaction',
    async (space) => {
      const attempt = () =>
        space.if('k', 'Create', '==', 0).then(space.put('k').value('mine')).else(space.get('k')).commit();
      const [first, second] = [await attempt(), await attempt()];
      assert.deepEqual([first.succeeded, second.succeeded], [true, false]);
      assert.equal(second.responses[0]?.response_range?.kvs[0]?.value.toString(), 'mine');
      const swap = await space
        .if('k', 'Value', '==', 'mine')
        .and('k', 'Version', '==', 1)
        .and('k', 'Mod', '>', 0)
        .then(space.put('k').value('yours'), space.delete().key('other'))
        .commit();
      assert.deepEqual([swap.succeeded, await space.get('k')], [true, 'yours']);
    },
  ],
  [
    'software transactions: transfers between two accounts by eight at once keep the sum',
    async (space) => {
      // In one transaction: the client takes keys of different revisions for changed.
      await space.if('a', 'Create', '==', 0).then(space.put('a').value(100), space.put('b').value(100)).commit();
      const transfer = (): Promise<void> =>
        space.stm({ retries: 100 }).transact(async (tx) => {
          const [a, b] = [(await tx.get('a').number()) ?? 0, (await tx.get('b').number()) ?? 0];
          await tx.put('a').value(a - 1);
          await tx.put('b').value(b + 1);
        });
      await Promise.all(Array.from({ length: 8 }, transfer));
      assert.deepEqual([await space.get('a').number(), await space.get('b').number()], [92, 108]);
    },
  ],
  [
    'a software transaction whose reads are overtaken fails when it may not be tried again',
    async (space) => {
      await space.put('a').value(1);
      const overtaken = space.stm({ retries: 0 }).transact(async (tx) => {
        const a = (await tx.get('a').number()) ?? 0;
        await space.put('a').value(50);
        await tx.put('a').value(a + 1);
      });
      await assert.rejects(overtaken, STMConflictError);
      assert.equal(await space.get('a').number(), 50);
    },
  ],
  [
    'a lock is held by one, and free after its release or when the lease of a dead holder ends',
    async (space) => {
      const first = await space.lock('l').ttl(5).acquire();
      await assert.rejects(space.lock('l').acquire(), EtcdLockFailedError);
      await first.release();
      assert.equal(await space.lock('l').do(() => 'done'), 'done');
      const dead = space.lease(2, { autoKeepAlive: false });
      await dead.put('l').value('');
      await assert.rejects(space.lock('l').acquire(), EtcdLockFailedError);
      const end = performance.now() + EVENT_LIMIT_MS;
      let taken = false;
      while (!taken && performance.now() < end) {
        taken = await space
          .lock('l')
          .do(() => true)
          .catch(() => delay(200, false));
      }
      assert.equal(taken, true);
    },
  ],
  [
    'an election: campaign, proclaim, observe, resign, and the next in the line',
    async (space) => {
      const election = space.election('e', 5);
      assert.equal(await election.leader(), undefined);
      const first = election.campaign('one');
      await soon('the first election', first.wait());
      const seen: (string | undefined)[] = [];
      const observer = await election.observe();
      const isSeen = (value: string) => () => seen.includes(value) || observer.leader() === value;
      observer.on('change', (value) => seen.push(value));
      assert.equal(observer.leader(), 'one');
      const second = election.campaign('two');
      second.on('error', () => undefined);
      await first.proclaim('uno');
      await until('uno', isSeen('uno'));
      assert.equal(await election.leader(), 'uno');
      await first.resign();
      await soon('the second election', second.wait());
      await until('two', isSeen('two'));
      assert.equal(await election.leader(), 'two');
      await observer.cancel();
      await second.resign();
    },
  ],
];

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + EVENT_LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > end) assert.fail(`not seen: ${what}`);
    await delay(20);
  }
}

/** The server is killed and started anew on its port: the client finds it again, its watcher goes on without a gap. */
async function reconnects(target: Target): Promise<void> {
  const folder = makeScratch();
  const first = await Server.start(target, { folder });
  const client = new Etcd3(optionsFor(first));
  try {
    const watcher = await client.watch().prefix('k').create();
    const log = new Log(watcher);
    await client.put('k').value('before');
    assert.deepEqual(await log.take(1), ['put k=before']);
    const disconnected = new Promise((resolve) => watcher.on('disconnected', resolve));
    await first.kill();
    await soon('the end of the connection', disconnected);
    const flags = { 'listen-client-urls': first.clientUrl, 'advertise-client-urls': first.clientUrl };
    const second = await Server.start(target, { folder, clientPort: first.clientPort, flags });
    try {
      const other = new Etcd3(optionsFor(second));
      for (let i = 0; i < 10; i++) await other.put(`k${i}`).value(i);
      other.close();
      assert.deepEqual(
        await log.take(10),
        Array.from({ length: 10 }, (_, i) => `put k${i}=${i}`),
      );
      await watcher.cancel();
    } finally {
      await second.kill();
    }
  } finally {
    client.close();
    await first.kill();
    removeScratch(folder);
  }
}

function register(target: Target): void {
  describe(`etcd3 with ${target.label}`, { concurrency: 1 }, () => {
    let server: Server;
    let client: Etcd3;
    before(async () => {
      server = await Server.start(target);
      client = new Etcd3(optionsFor(server));
    });
    after(async () => {
      client.close();
      await server.kill();
    });
    for (const [i, [name, run]] of [...values, ...leases, ...watchers, ...together].entries()) {
      it(name, { timeout: TEST_LIMIT_MS }, () => run(client.namespace(`${i}/`), client));
    }
    it('the client finds a server that was killed and is back, and its watcher misses nothing', () =>
      reconnects(target));
  });
}

register(parseTarget('final'));
for (const variable of ['ETCD_BIN', 'ETCD35_BIN'] as const) {
  const real = findReal(variable);
  if (real !== undefined) register(real);
  else it(`etcd3 with the real etcd of ${variable}`, { skip: `set ${variable} to run it` }, () => undefined);
}
