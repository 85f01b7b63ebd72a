// The built site over HTTP: files of one folder, and nothing else.

import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** A server, not listening yet, for the files below `folder`, an absolute path. Only GET and HEAD are answered. */
export function newSiteServer(folder: string): http.Server {
  return http.createServer((request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'only GET and HEAD\n');
    const file = fileOf(folder, request.url ?? '/');
    if (file === undefined) return refuse(response, 404, 'no such page\n');
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    if (request.method === 'HEAD') response.end();
    else fs.createReadStream(file).pipe(response);
  });
}

function refuse(response: http.ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end(text);
}

/** The file that a request means, or undefined when the site has none. */
function fileOf(folder: string, url: string): string | undefined {
  const name = decoded(url.split(/[?#]/, 1)[0] ?? '/');
  if (name === undefined || name.includes('\0')) return undefined;
  const file = path.join(folder, name.endsWith('/') ? `${name}index.html` : name);
  const isInside = file.startsWith(folder + path.sep);
  return isInside && fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
