// Runs the tests: every *.test.ts below test/, or those whose path contains a word of the command line. Node 20 takes no
// patterns, so the files are passed one by one.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { loadChain } from '../steps/tool/chain.ts';
import { bundleSteps, freshBundle } from './bench/bundle.ts';

const words = process.argv.slice(2);
const files = fs
  .readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((file) => path.join('test', file))
  .filter((file) => file.endsWith('.test.ts') && words.every((word) => file.includes(word)))
  .sort();

const args = ['--import', 'tsx', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files];
// Hundreds of servers are started: a bundle is there five times sooner than the sources.
const env = { ...process.env };
if (freshBundle()) env['FINAL_BUNDLE'] = '1';
bundleSteps(loadChain().links.filter(({ step }) => step !== undefined));
env['STEP_BUNDLES'] = '1';
const child = spawn(process.execPath, args, { stdio: 'inherit', env });
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
