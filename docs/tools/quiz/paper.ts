// A whole test: questions of all kinds that a step has something for, from one seed.

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Chain, findLink, positionOf } from '../../../steps/tool/chain.ts';
import { Sources } from '../../site/source/program.ts';
import { CallGraph } from '../../site/source/call_graph.ts';
import { TsCode } from '../../site/source/code.ts';
import { callQuestions, flagQuestions, logQuestions } from './code.ts';
import { type LeaseModules, leaseQuestions } from './lease.ts';
import { type Maker, type Question, toQuestion } from './question.ts';
import { commitQuestions, followerQuestions, type RaftModules } from './raft.ts';
import { SeededRandom } from './random.ts';
import { type StoreModules, storeQuestions } from './store.ts';
import { type WalModules, walQuestions } from './wal.ts';
import { type WatchModules, watchQuestions } from './watch.ts';

// How often chance is asked for a question before its kind is left out.
const TRIES = 60;

/** What makes the questions about one step; to be made once for many tests. */
export interface Examiner {
  readonly step: string;
  readonly makers: readonly Maker[];
}

/** Reads a step and loads its modules. Rejects with an Error for a name that is none, and for final, which is no lesson. */
export async function openExaminer(chain: Chain, name: string): Promise<Examiner> {
  const { slug, folder, step } = findLink(chain, name);
  if (step === undefined) throw new Error('final has no test: choose a step');
  const has = (since: string): boolean => positionOf(chain, slug) >= positionOf(chain, since);
  const load = async <T>(...files: readonly string[]): Promise<T & { folder: string }> => {
    const modules = await Promise.all(
      files.map((file) => import(pathToFileURL(path.join(chain.root, folder, file)).href)),
    );
    return Object.assign({ folder }, ...modules);
  };
  const makers: Maker[] = codeMakers(chain.root, folder);
  if (has('03-kv'))
    makers.push(
      storeQuestions(await load<StoreModules>('core/mvcc/kvstore.ts', 'server/apply.ts', 'core/txn/range.ts')),
    );
  if (has('04-wal')) makers.push(walQuestions(await load<WalModules>('storage/wal/wal.ts', 'storage/wal/record.ts')));
  if (has('05-raft')) {
    const modules = await load<RaftModules>('core/raft/raft.ts', 'core/raft/messages.ts', 'core/raft/replication.ts');
    makers.push(followerQuestions(modules), commitQuestions(modules));
  }
  if (has('06-lease')) makers.push(leaseQuestions(await load<LeaseModules>('core/lease/lessor.ts')));
  if (has('07-watch')) {
    makers.push(
      watchQuestions(
        await load<WatchModules>('core/mvcc/kvstore.ts', 'core/mvcc/revision_log.ts', 'core/mvcc/watchable_store.ts'),
      ),
    );
  }
  return { step: slug, makers };
}

function codeMakers(root: string, folder: string): Maker[] {
  const sources = new Sources(root);
  try {
    const code = new TsCode(sources, folder);
    const graph = new CallGraph(code);
    return [callQuestions(code, graph), logQuestions(code, graph), flagQuestions(code, graph)];
  } finally {
    sources.close();
  }
}

/**
 * The test of a seed: `count` questions, no two alike, kinds in turn. Fewer when a step has no more to ask.
 */
export function makePaper({ makers }: Examiner, seed: number, count: number): Question[] {
  const random = new SeededRandom(seed);
  const questions: Question[] = [];
  const asked = new Set<string>();
  let order: Maker[] = [];
  let failures = 0;
  while (questions.length < count && failures < makers.length) {
    if (order.length === 0) order = random.shuffled(makers);
    const question = ask(order.pop() as Maker, random, asked);
    if (question === undefined) {
      failures++;
      continue;
    }
    failures = 0;
    asked.add(question.text);
    questions.push(question);
  }
  return questions;
}

function ask(maker: Maker, random: SeededRandom, asked: ReadonlySet<string>): Question | undefined {
  for (let tried = 0; tried < TRIES; tried++) {
    const draft = maker(random);
    const question = draft === undefined || asked.has(draft.text) ? undefined : toQuestion(draft, random);
    if (question !== undefined) return question;
  }
  return undefined;
}
