// Free TCP ports for test servers. They come from a fixed range below the ephemeral ports: inside that range an outgoing
// connection can hold a port just when a server wants to listen on it (spec/cli.md, head).

import net from 'node:net';

/** First and last port that tests use. */
export const TEST_PORTS = { first: 10_000, last: 31_999 } as const;

const COUNT = TEST_PORTS.last - TEST_PORTS.first + 1;

// Test files run as parallel processes: each starts somewhere else in the range.
let next = (process.pid * 7919) % COUNT;

/** A port on 127.0.0.1 that nothing listens on right now. Throws an Error when the whole range is taken. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried += 1) {
    const port = TEST_PORTS.first + next;
    next = (next + 1) % COUNT;
    if (await canListen(port)) return port;
  }
  throw new Error(`no free port between ${TEST_PORTS.first} and ${TEST_PORTS.last}`);
}

/** Whether a listener on 127.0.0.1:`port` can be opened now. */
export function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
