// `npm run docs:serve [-- --port N]`: serves docs/dist on this machine, for browsers that restrict pages opened from files, and
// for a phone beside it with `--host 0.0.0.0`.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { REPOSITORY } from '../../steps/tool/chain.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};
const FOLDER = path.join(REPOSITORY, 'docs/dist');

/** The file that a request means, or undefined when the site has none. */
function fileOf(url: string): string | undefined {
  let name: string;
  try {
    name = decodeURIComponent(url.split(/[?#]/, 1)[0] ?? '/');
  } catch {
    return undefined;
  }
  const file = path.join(FOLDER, name.endsWith('/') ? `${name}index.html` : name);
  const isInside = file.startsWith(FOLDER + path.sep);
  return isInside && fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : undefined;
}

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8080' }, host: { type: 'string', default: '127.0.0.1' } },
});
if (!fs.existsSync(FOLDER)) {
  console.error('no docs/dist yet: npm run docs');
  process.exit(1);
}
const server = http.createServer((request, response) => {
  const file = fileOf(request.url ?? '/');
  if (file === undefined) return void response.writeHead(404, { 'Content-Type': 'text/plain' }).end('no such page\n');
  response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
  fs.createReadStream(file).pipe(response);
});
server.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
server.listen(Number(values.port), values.host, () => console.log(`http://${values.host}:${values.port}/`));
