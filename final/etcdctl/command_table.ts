// The tree of commands. The order is the one in which commands are suggested to someone who mistyped one; help sorts them.

import type { Command } from './command.ts';
import { authCommand, roleCommand, userCommand } from './table/auth.ts';
import { alarmCommand, defragCommand, endpointCommand, memberCommand, moveLeaderCommand } from './table/cluster.ts';
import { globalFlags } from './table/globals.ts';
import { compactionCommand, delCommand, getCommand, putCommand, watchCommand } from './table/kv.ts';
import { electCommand, leaseCommand, lockCommand } from './table/lease.ts';
import { completionCommand, helpCommand, versionCommand } from './table/meta.ts';
import { checkCommand, makeMirrorCommand, migrateCommand, snapshotCommand } from './table/tools.ts';
import { txnCommand } from './table/txn.ts';

/** `etcdctl` itself, with everything below it. */
export const rootCommand: Command = {
  name: 'etcdctl',
  short: 'A simple command line client for etcd3.',
  use: 'etcdctl',
  flags: [],
  persistentFlags: globalFlags,
  subcommands: [
    getCommand,
    putCommand,
    delCommand,
    txnCommand,
    compactionCommand,
    alarmCommand,
    defragCommand,
    endpointCommand,
    moveLeaderCommand,
    watchCommand,
    versionCommand,
    leaseCommand,
    memberCommand,
    snapshotCommand,
    makeMirrorCommand,
    migrateCommand,
    lockCommand,
    electCommand,
    authCommand,
    userCommand,
    roleCommand,
    checkCommand,
    helpCommand,
    completionCommand,
  ],
};
