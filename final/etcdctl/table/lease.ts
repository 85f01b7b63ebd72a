// Commands on leases and what is built from them: lease, lock, elect. The texts are those of etcdctl 3.4.23, byte for byte
// (spec/cli.md C.7, C.8): they are what help prints.

import type { Command } from '../command.ts';
import { runElect } from '../commands/elect.ts';
import {
  runLeaseGrant,
  runLeaseKeepAlive,
  runLeaseList,
  runLeaseRevoke,
  runLeaseTimeToLive,
} from '../commands/lease.ts';
import { runLock } from '../commands/lock.ts';

/** etcdctl lease */
export const leaseCommand: Command = {
  name: 'lease',
  short: 'Lease related commands',
  use: 'lease <subcommand>',
  flags: [],
  subcommands: [
    { name: 'grant', short: 'Creates leases', use: 'grant <ttl>', flags: [], run: runLeaseGrant },
    { name: 'revoke', short: 'Revokes leases', use: 'revoke <leaseID>', flags: [], run: runLeaseRevoke },
    {
      name: 'timetolive',
      short: 'Get lease information',
      use: 'timetolive <leaseID> [options]',
      flags: [{ name: 'keys', type: 'bool', default: 'false', help: 'Get keys attached to this lease' }],
      run: runLeaseTimeToLive,
    },
    { name: 'list', short: 'List all active leases', use: 'list', flags: [], run: runLeaseList },
    {
      name: 'keep-alive',
      short: 'Keeps leases alive (renew)',
      use: 'keep-alive [options] <leaseID>',
      flags: [
        {
          name: 'once',
          type: 'bool',
          default: 'false',
          help: 'Resets the keep-alive time to its original value and exits immediately',
        },
      ],
      run: runLeaseKeepAlive,
    },
  ],
};

/** etcdctl lock */
export const lockCommand: Command = {
  name: 'lock',
  short: 'Acquires a named lock',
  use: 'lock <lockname> [exec-command arg1 arg2 ...]',
  flags: [{ name: 'ttl', type: 'int64', default: '10', help: 'timeout for session' }],
  run: runLock,
};

/** etcdctl elect */
export const electCommand: Command = {
  name: 'elect',
  short: 'Observes and participates in leader election',
  use: 'elect <election-name> [proposal]',
  flags: [{ name: 'listen', shorthand: 'l', type: 'bool', default: 'false', help: 'observation mode' }],
  run: runElect,
};
