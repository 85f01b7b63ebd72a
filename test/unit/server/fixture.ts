// What tests of the server's parts share: a log that says nothing or is kept, and a clock that only goes on when it is told to.

import type { Clock, LogFields, Logger } from '../../../final/ports.ts';

type Line = readonly [level: string, msg: string, fields: LogFields];

/** A log whose lines are kept. */
export function keptLog(): { readonly log: Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (msg: string, fields: LogFields = {}) =>
      void lines.push([level, msg, fields]);
  const log: Logger = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    at: () => log,
  };
  return { log, lines };
}

export const silentLog: Logger = keptLog().log;

/** A clock on which sleeping takes no time, and whose ticks come by `pass`. */
export function steppedClock(): {
  readonly clock: Clock;
  /** Lets `ms` milliseconds pass: calls what is due. */
  readonly pass: (ms: number) => void;
  /** Milliseconds that were slept in all. */
  readonly slept: () => number;
} {
  let now = 0;
  let slept = 0;
  const timers = new Set<{ due: number; readonly every: number; readonly tick: () => void }>();
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    every: (ms, tick) => {
      const timer = { due: now + ms, every: ms, tick };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    soon: (task) => queueMicrotask(task),
    sleep: (ms) => {
      now += ms;
      slept += ms;
      return Promise.resolve();
    },
  };
  const pass = (ms: number): void => {
    const end = now + ms;
    for (;;) {
      const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      now = next.due;
      next.due += next.every;
      next.tick();
    }
    now = end;
  };
  return { clock, pass, slept: () => slept };
}
