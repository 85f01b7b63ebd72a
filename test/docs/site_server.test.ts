// The server of the built site gives what is in its folder, and nothing else.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { newSiteServer } from '../../docs/site/site_server.ts';
import { makeScratch, removeScratch } from '../harness/scratch.ts';

describe('the server of the site', () => {
  const root = makeScratch();
  const folder = path.join(root, 'dist');
  const server = newSiteServer(folder);

  before(async () => {
    fs.mkdirSync(path.join(folder, 'live'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'index.html'), 'home');
    fs.writeFileSync(path.join(folder, 'live', 'a b.js'), 'code');
    fs.writeFileSync(path.join(root, 'secret'), 'secret');
    fs.mkdirSync(path.join(root, 'dist2'));
    fs.writeFileSync(path.join(root, 'dist2', 'x'), 'secret');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  after(() => {
    server.close();
    removeScratch(root);
  });

  /** Sends a path as it stands: fetch would clean it. */
  function ask(url: string, method = 'GET'): Promise<{ status: number; type: string | undefined; text: string }> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const request = http.request({ port, host: '127.0.0.1', path: url, method }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], text }),
        );
      });
      request.on('error', reject).end();
    });
  }

  it('gives files with their types', async () => {
    assert.deepEqual(await ask('/'), { status: 200, type: 'text/html; charset=utf-8', text: 'home' });
    assert.deepEqual(await ask('/live/a%20b.js?x#y'), {
      status: 200,
      type: 'text/javascript; charset=utf-8',
      text: 'code',
    });
    assert.equal((await ask('/', 'HEAD')).status, 200);
  });

  for (const url of [
    '/no',
    '/live',
    '/../secret',
    '/%2e%2e/secret',
    '/..%2fdist2/x',
    '/%zz',
    '/a%00b',
    '/live/../../secret',
  ]) {
    it(`has nothing at ${url}`, async () => assert.equal((await ask(url)).status, 404));
  }

  it('takes no other method', async () => assert.equal((await ask('/', 'POST')).status, 405));
});
