// `grade N [--cmd "any server command"] [--on TARGET]`: judges step N, or another program that claims to be as far as
// step N, by the cases that belong to N. The same cases judge the steps, final and the real etcd.

import { parseArgs } from 'node:util';
import { runAndPrint } from '../../test/cases/run.ts';
import { commandTarget, parseTarget, stepTarget, type Target } from '../../test/harness/target.ts';
import { findLink } from './chain.ts';
import { type Command, UsageError } from './command.ts';

const USAGE = 'usage: grade N [--cmd "program and arguments"] [--on final|dist|real|real35] [--only REGEX] [--verbose]';

/** Exit code 1 when a case failed. */
export const grade: Command = async (args, { chain, print }) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      cmd: { type: 'string' },
      on: { type: 'string' },
      only: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new UsageError(USAGE);
  if (values.cmd !== undefined && values.on !== undefined) throw new UsageError('either --cmd or --on');
  const { slug } = findLink(chain, name);
  const totals = await runAndPrint({ ...values, target: targetOf(slug, values), print });
  return totals.failed > 0 ? 1 : 0;
};

function targetOf(slug: string, values: { cmd?: string | undefined; on?: string | undefined }): Target {
  if (values.cmd !== undefined) return commandTarget(values.cmd, slug);
  if (values.on !== undefined) return { ...parseTarget(values.on), slug };
  return stepTarget(slug);
}
