// Short forms for cases about how a server starts, refuses to start, and ends.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpAnswer, type HttpOptions, httpRequest } from '../harness/http.ts';
import { freePort } from '../harness/ports.ts';
import type { Server, StartOptions } from '../harness/server.ts';
import type { Case, CaseContext } from './case.ts';

/** A server that will not start says so within this time, in ms; it needs a few hundred, a busy machine more. */
export const REFUSAL_LIMIT_MS = 10_000;

/** A stop should take less than a second; the rest is for a busy machine. */
export const STOP_LIMIT_MS = 2500;

/** How a start fails: exit status and what stderr says (a text is looked for as it is). */
export interface Refusal {
  readonly status: number;
  readonly text: string | RegExp;
}

/** Starts a server that must end by itself in the way that `refusal` says. */
export async function refusedStart(t: CaseContext, options: StartOptions, refusal: Refusal): Promise<void> {
  const server = await t.launch(options);
  const exit = await server.ended(REFUSAL_LIMIT_MS);
  const { text } = refusal;
  const says = typeof text === 'string' ? unescaped(server.stderr).includes(text) : text.test(unescaped(server.stderr));
  assert.ok(says, `stderr does not say ${String(text)}:\n${server.stderr.slice(0, 2000)}`);
  assert.deepEqual(exit, { code: refusal.status, signal: undefined }, server.stderr.slice(-500));
}

/** Cases of one kind of refusal: a name, what is given, and how the start fails. */
export function refusals(
  common: Pick<Case, 'since' | 'only' | 'notOnReal'>,
  rows: readonly (readonly [name: string, given: StartOptions, refusal: Refusal, only?: '3.5'])[],
): Case[] {
  return rows.map(
    ([name, given, refusal, only]): Case => ({
      ...common,
      ...(only === undefined ? {} : { only }),
      name,
      server: 'none',
      run: (t) => refusedStart(t, given, refusal),
    }),
  );
}

/** GET of a path on the client port. */
export function get(server: Server, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  return httpRequest(server.clientUrl + path, options);
}

/** Two URLs of 127.0.0.1 on free ports. */
export async function twoUrls(): Promise<readonly [string, string]> {
  return [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
}

/** Calls `probe` until it gives something other than undefined, for at most `limitMs`. */
export async function eventually<T>(limitMs: number, probe: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    assert.ok(performance.now() < end, `nothing within ${limitMs} ms`);
    await delay(20);
  }
}

// Texts with quotes are escaped in a log of JSON objects, and so are the signs that HTML would take for its own.
function unescaped(log: string): string {
  return log
    .replaceAll('\\"', '"')
    .replaceAll('\\\\', '\\')
    .replaceAll('\\u003e', '>')
    .replaceAll('\\u003c', '<')
    .replaceAll('\\u0026', '&');
}
