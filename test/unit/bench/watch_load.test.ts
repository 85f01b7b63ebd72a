// What the watch benchmark reads out of an answer, against the codec.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecs } from '../../../proto/load.ts';
import { scanResponse } from '../../bench/watch_load.ts';

const header = { cluster_id: 2n ** 63n, member_id: 7n, revision: 2 ** 40, raft_term: 300 };

function event(number: number, revision: number) {
  const value = Buffer.alloc(32, 'v');
  value.writeUInt32BE(number, 0);
  const kv = { key: Buffer.alloc(200, 'k'), create_revision: 300, mod_revision: revision, version: 129, value };
  return { kv };
}

test('the ID of the watcher, and number and revision of every event', () => {
  for (const watch_id of [0n, 5n, 300n]) {
    for (const events of [[], [event(70_000, 2 ** 33)], [event(1, 2), event(2, 300), event(3, 301)]]) {
      const message = codecs['etcdserverpb.WatchResponse'].encode({ header, watch_id, events });
      const bytes = Buffer.concat([Buffer.alloc(7, 0xff), message, Buffer.alloc(7, 0xff)]);
      const seen: [number, number, number][] = [];
      scanResponse(bytes, { start: 7, end: 7 + message.length }, (...found) => seen.push(found));
      const expected = events.map(({ kv }) => [Number(watch_id), kv.value.readUInt32BE(0), kv.mod_revision]);
      assert.deepEqual(seen, expected);
    }
  }
});
