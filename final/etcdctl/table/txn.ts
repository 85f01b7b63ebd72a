// The command txn. The texts are those of etcdctl 3.4.23, byte for byte (spec/cli.md C.5): they are what help prints. It has
// a file of its own because its requests are written like the commands of kv.ts.

import type { Command } from '../command.ts';
import { runTxn } from '../commands/txn.ts';

/** etcdctl txn */
export const txnCommand: Command = {
  name: 'txn',
  short: 'Txn processes all the requests in one transaction',
  use: 'txn [options]',
  flags: [
    {
      name: 'interactive',
      shorthand: 'i',
      type: 'bool',
      default: 'false',
      help: 'Input transaction in interactive mode',
    },
  ],
  run: runTxn,
};
