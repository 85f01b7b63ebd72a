// What pages say about runs of the live cluster happens in them: every moment that stands behind a live block, as `1.312 s`, is one at
// which something happens in that run, to the member that the sentence names.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { loadParts } from '../../docs/site/book.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { loadRafts } from '../sim/step/raft_plugin.ts';
import type { NewNode } from '../sim/step/raft_port.ts';
import { SCENARIOS } from '../sim/step/scenarios.ts';
import type { TraceEvent } from '../sim/step/trace.ts';
import { StepWorld } from '../sim/step/world.ts';

const RUN_MS = 20_000;
// Moments that a reader is asked to go to need not be those of an event; they are round.
const ROUND_MS = 500;

interface Claim {
  readonly page: string;
  readonly block: ReadonlyMap<string, string>;
  readonly atMs: number;
  readonly sentence: string;
}

/** The moments that a page names behind each of its live blocks. */
export function claimsOf(page: string, text: string): Claim[] {
  const claims: Claim[] = [];
  const parts = text.split(/^```live\n/m).slice(1);
  for (const part of parts) {
    const [body = '', ...rest] = part.split(/^```$/m);
    const block = new Map(
      body
        .trim()
        .split('\n')
        .map((line) => line.split(/: */, 2) as [string, string]),
    );
    for (const sentence of rest
      .join('')
      .replace(/\s+/g, ' ')
      .split(/(?<=[.?!]) (?=[A-Z`<*[])/)) {
      for (const [, seconds] of sentence.matchAll(/(\d+\.\d{3}) s\b/g)) {
        claims.push({ page, block, atMs: Math.round(Number(seconds) * 1000), sentence });
      }
    }
  }
  return claims;
}

/** Whether `claim` is true of a run with `events`. */
export function isTrue({ atMs, sentence }: Claim, events: readonly TraceEvent[]): boolean {
  const there = events.filter(({ at }) => Math.round(at) === atMs);
  if (there.length === 0) return atMs % ROUND_MS === 0;
  const named = new Set(sentence.match(/\bn\d\b/g));
  return named.size === 0 || there.some(({ text }) => [...named].some((name) => text.includes(name)));
}

describe('what pages say about live clusters', () => {
  let rafts: Readonly<Record<string, NewNode>> = {};
  before(async () => {
    rafts = await loadRafts();
  });

  const pages = loadParts().flatMap(({ chapters }) => chapters.map(({ source }) => source));
  for (const page of pages) {
    const claims = claimsOf(page, fs.readFileSync(path.join(REPOSITORY, page), 'utf8'));
    if (claims.length === 0) continue;
    it(`happens: ${page}`, () => {
      for (const claim of claims) {
        const { block, sentence, atMs } = claim;
        const broken = block.get('broken');
        const newNode = rafts[broken === undefined ? (block.get('raft') ?? '') : `broken-${broken}`];
        const scenario = SCENARIOS[block.get('scenario') ?? ''];
        assert.ok(newNode !== undefined && scenario !== undefined, [...block].join(' '));
        const world = new StepWorld({
          newNode,
          members: Number(block.get('members')),
          seed: Number(block.get('seed')),
          actions: scenario.actions,
        });
        world.runTo(RUN_MS);
        assert.ok(isTrue(claim, world.trace.events), `${atMs} ms: ${sentence}`);
      }
    });
  }

  it('would be noticed if it did not', () => {
    const [claim] = claimsOf('x', 'a\n```live\nraft: r\n```\n\nAt 1.312 s n1 stands. Then.\n');
    assert.ok(claim !== undefined);
    assert.equal(claim.atMs, 1312);
    const event = { at: 1312, kind: 'role', member: 1, text: 'n1 stands' } as const;
    assert.ok(isTrue(claim, [event]));
    assert.ok(!isTrue(claim, [{ ...event, at: 1313 }]));
    assert.ok(!isTrue(claim, [{ ...event, text: 'n2 stands' }]));
  });
});
