// `read trace`: the recorded stacks of the book are those that a running server still has; the launch file starts what it says.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { freePorts, inScratch } from '../../docs/tools/servers.ts';
import { recordedTrace, tell } from '../../docs/tools/trace.ts';
import { recordTrace, type StackLine } from '../../docs/tools/trace_record.ts';
import { findLink, loadChain, REPOSITORY } from '../../steps/tool/chain.ts';
import { Codes, read } from './tools_code.ts';

const RECORDED = ['03-kv', '04-wal', '05-raft'];

// The frames of our code and where the stack is cut; those of libraries and Node may change with their versions.
function namesOf(stack: readonly StackLine[]): string[] {
  return stack.flatMap((line) =>
    'code' in line ? [`${line.code}:${line.line}`] : 'boundary' in line ? [line.boundary] : [],
  );
}

describe('the recorded stacks of a put', () => {
  const chain = loadChain();
  const codes = new Codes();

  for (const slug of RECORDED) {
    it(`${slug}: a put still has these stacks`, async () => {
      const fresh = await recordTrace(chain.root, findLink(chain, slug));
      const recorded = recordedTrace(chain.root, slug);
      const names = (stops: typeof fresh.stops): unknown => stops.map(({ stop, stack }) => [stop, namesOf(stack)]);
      assert.deepEqual(names(recorded.stops), names(fresh.stops), `run: npm run read -- trace --in ${slug} --record`);
    });

    it(`${slug}: the stacks name code that is there, and begin at the socket`, () => {
      const { stops } = recordedTrace(chain.root, slug);
      for (const { stop, stack } of stops) {
        for (const line of stack) {
          if (!('code' in line)) continue;
          const at = line.code.indexOf('#');
          const [file, symbol] = [line.code.slice(0, at), line.code.slice(at + 1)];
          const folder = file.startsWith('proto/') ? 'proto' : `steps/${slug}`;
          assert.ok(codes.of(folder).code.find(file, symbol), line.code);
        }
        assert.ok(
          stack.some((line) => 'hidden' in line && line.hidden.includes('the socket')),
          stop,
        );
      }
    });
  }

  it('show what each step adds', () => {
    const boundariesAt = (slug: string, stop: string): string[] => {
      const stack = recordedTrace(chain.root, slug).stops.find((one) => one.stop === stop)?.stack ?? [];
      return stack.flatMap((line) => ('boundary' in line ? [line.boundary] : []));
    };
    // 03 applies at once; 05 only when the loop of raft has its turn.
    assert.ok(!boundariesAt('03-kv', 'KVStore.put').includes('setImmediate'));
    assert.ok(boundariesAt('05-raft', 'KVStore.put').includes('setImmediate'));
    assert.ok(!recordedTrace(chain.root, '03-kv').stops.some(({ stop }) => stop === 'Wal.save'));
    assert.ok(recordedTrace(chain.root, '04-wal').stops.some(({ stop }) => stop === 'Wal.save'));
  });

  it('are told without repeating what an earlier stop has shown', () => {
    const text = tell(recordedTrace(chain.root, '05-raft'));
    assert.equal(text.match(/RaftLoop\.wake +server\/raft_loop\.ts/g)?.length, 2);
    assert.match(text, /RaftLoop\.#handle .*\n {5}… as at stop 3\n/);
  });

  it('are refused for a step without a store, and for nonsense', async () => {
    assert.match((await read('trace', '--in', '01')).text, /01-listeners has no method KVStore\.put/);
    assert.equal((await read('trace', '--in', '01')).code, 1);
    assert.equal((await read('trace', 'put')).code, 2);
  });
});

describe('the launch file', () => {
  interface Configuration {
    readonly name: string;
    readonly request: string;
    readonly program?: string;
    readonly runtimeArgs?: readonly string[];
    readonly args?: readonly string[];
    readonly port?: number;
  }
  const { configurations, inputs } = JSON.parse(
    fs.readFileSync(path.join(REPOSITORY, 'docs/method/launch.json'), 'utf8'),
  ) as {
    configurations: readonly Configuration[];
    inputs: readonly { readonly id: string; readonly options?: readonly string[] }[];
  };

  it('offers all steps', () => {
    const slugs = loadChain()
      .links.filter(({ step }) => step !== undefined)
      .map(({ slug }) => slug);
    assert.deepEqual(inputs.find(({ id }) => id === 'step')?.options, slugs);
  });

  it('attaches to the port that node --inspect opens', () => {
    assert.equal(configurations.find(({ request }) => request === 'attach')?.port, 9229);
  });

  const EXPECTED = {
    'Start a step': /now serving peer\/client\/metrics/,
    'Run one case against a step': /1 passed, 0 failed/,
  };
  for (const [name, expected] of Object.entries(EXPECTED)) {
    it(`starts under the inspector: ${name}`, async () => {
      const found = configurations.find((one) => one.name === name);
      assert.ok(found !== undefined);
      const output = await launch(found, expected);
      assert.match(output, /Debugger listening on ws:\/\/127\.0\.0\.1:\d+/);
      assert.match(output, expected);
    });
  }

  // What VS Code runs for a configuration: node with the inspector, and the inputs filled in.
  function launch({ runtimeArgs = [], program = '', args = [] }: Configuration, until: RegExp): Promise<string> {
    const fill = (text: string): string =>
      text
        .replace('${workspaceFolder}', REPOSITORY)
        .replace('${input:step}', '03-kv')
        .replace('${input:case}', 'a put keeps create_revision');
    return inScratch(async (cwd) => {
      const [client, peer] = await freePorts(2);
      const url = `http://127.0.0.1:${client}`;
      const own = [
        '--listen-client-urls',
        url,
        '--advertise-client-urls',
        url,
        '--listen-peer-urls',
        `http://127.0.0.1:${peer}`,
      ];
      const more = program.endsWith('etcd.ts') ? own : [];
      const imports = runtimeArgs.map((one) => (one === 'tsx' ? import.meta.resolve('tsx') : one));
      const command = ['--inspect=127.0.0.1:0', ...imports, fill(program), ...args.map(fill), ...more];
      // The sources are what is debugged, not a bundle of them.
      const { STEP_BUNDLES: _, ...env } = process.env;
      const child = spawn(process.execPath, command, { cwd, env });
      let output = '';
      return new Promise((resolve) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
        for (const stream of [child.stdout, child.stderr]) {
          stream.setEncoding('utf8').on('data', (chunk: string) => {
            output += chunk;
            if (until.test(output)) child.kill('SIGKILL');
          });
        }
        child.once('close', () => {
          clearTimeout(timer);
          resolve(output);
        });
      });
    });
  }
});
