// `npm run docs:serve [-- --port N --host ADDRESS]`: serves docs/dist on this machine, for browsers that restrict pages opened
// from files; with `--host 0.0.0.0` also for a phone beside it.

import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from '../../steps/tool/chain.ts';
import { newSiteServer } from './site_server.ts';

const USAGE = 'usage: npm run docs:serve [-- --port N --host ADDRESS]';

function serve(): void {
  const { port, host } = readOptions();
  const folder = path.join(REPOSITORY, 'docs/dist');
  if (!fs.existsSync(folder)) throw new Error('no docs/dist yet: npm run docs');
  const server = newSiteServer(folder);
  server.on('error', fail);
  server.listen(port, host, () => console.log(`http://${host}:${port}/`));
}

function readOptions(): { port: number; host: string } {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '8080' }, host: { type: 'string', default: '127.0.0.1' } },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535) throw new Error(`no port: ${values.port}\n${USAGE}`);
  return { port, host: values.host };
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

try {
  serve();
} catch (error) {
  fail(error);
}
