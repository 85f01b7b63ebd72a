// Commands on whole stores: snapshot, make-mirror, migrate, check. The texts are those of etcdctl 3.4.23, byte for byte
// (spec/cli.md C.10, C.12): they are what help prints.

import type { Command } from '../command.ts';
import { runCheckDatascale } from '../commands/check_datascale.ts';
import { runCheckPerf } from '../commands/check_perf.ts';
import { runMakeMirror } from '../commands/make_mirror.ts';
import { runSnapshotRestore, runSnapshotSave, runSnapshotStatus } from '../commands/snapshot.ts';
import { notYet } from './not_yet.ts';

/** etcdctl snapshot */
export const snapshotCommand: Command = {
  name: 'snapshot',
  short: 'Manages etcd node snapshots',
  use: 'snapshot <subcommand>',
  flags: [],
  subcommands: [
    {
      name: 'save',
      short: 'Stores an etcd node backend snapshot to a given file',
      use: 'save <filename>',
      flags: [],
      run: runSnapshotSave,
    },
    {
      name: 'restore',
      short: 'Restores an etcd member snapshot to an etcd directory',
      use: 'restore <filename> [options]',
      flags: [
        { name: 'data-dir', type: 'string', default: '', help: 'Path to the data directory' },
        {
          name: 'initial-advertise-peer-urls',
          type: 'string',
          default: 'http://localhost:2380',
          help: "List of this member's peer URLs to advertise to the rest of the cluster",
        },
        {
          name: 'initial-cluster',
          type: 'string',
          default: 'default=http://localhost:2380',
          help: 'Initial cluster configuration for restore bootstrap',
        },
        {
          name: 'initial-cluster-token',
          type: 'string',
          default: 'etcd-cluster',
          help: 'Initial cluster token for the etcd cluster during restore bootstrap',
        },
        { name: 'name', type: 'string', default: 'default', help: 'Human-readable name for this member' },
        {
          name: 'skip-hash-check',
          type: 'bool',
          default: 'false',
          help: 'Ignore snapshot integrity hash value (required if copied from data directory)',
        },
        {
          name: 'wal-dir',
          type: 'string',
          default: '',
          help: 'Path to the WAL directory (use --data-dir if none given)',
        },
      ],
      run: runSnapshotRestore,
    },
    {
      name: 'status',
      short: 'Gets backend snapshot status of a given file',
      use: 'status <filename>',
      long: [
        'When --write-out is set to simple, this command prints out comma-separated status lists for each endpoint.',
        'The items in the lists are hash, revision, total keys, total size.',
      ].join('\n'),
      flags: [],
      run: runSnapshotStatus,
    },
  ],
};

/** etcdctl make-mirror */
export const makeMirrorCommand: Command = {
  name: 'make-mirror',
  short: 'Makes a mirror at the destination etcd cluster',
  use: 'make-mirror [options] <destination>',
  flags: [
    {
      name: 'dest-cacert',
      type: 'string',
      default: '',
      help: 'Verify certificates of TLS enabled secure servers using this CA bundle',
    },
    {
      name: 'dest-cert',
      type: 'string',
      default: '',
      help: 'Identify secure client using this TLS certificate file for the destination cluster',
    },
    {
      name: 'dest-insecure-transport',
      type: 'bool',
      default: 'true',
      help: 'Disable transport security for client connections',
    },
    { name: 'dest-key', type: 'string', default: '', help: 'Identify secure client using this TLS key file' },
    {
      name: 'dest-prefix',
      type: 'string',
      default: '',
      help: 'destination prefix to mirror a prefix to a different prefix in the destination cluster',
    },
    {
      name: 'no-dest-prefix',
      type: 'bool',
      default: 'false',
      help: 'mirror key-values to the root of the destination cluster',
    },
    { name: 'prefix', type: 'string', default: '', help: 'Key-value prefix to mirror' },
  ],
  run: runMakeMirror,
};

/** etcdctl migrate */
export const migrateCommand: Command = {
  name: 'migrate',
  short: 'Migrates keys in a v2 store to a mvcc store',
  use: 'migrate',
  flags: [
    { name: 'data-dir', type: 'string', default: '', help: 'Path to the data directory' },
    { name: 'no-ttl', type: 'bool', default: 'false', help: 'Do not convert TTL keys' },
    { name: 'transformer', type: 'string', default: '', help: 'Path to the user-provided transformer program' },
    { name: 'wal-dir', type: 'string', default: '', help: 'Path to the WAL directory' },
  ],
  ...notYet('migrate'),
};

/** etcdctl check */
export const checkCommand: Command = {
  name: 'check',
  short: 'commands for checking properties of the etcd cluster',
  use: 'check <subcommand>',
  flags: [],
  subcommands: [
    {
      name: 'perf',
      short: 'Check the performance of the etcd cluster',
      use: 'perf [options]',
      flags: [
        {
          name: 'auto-compact',
          type: 'bool',
          default: 'false',
          help: 'Compact storage with last revision after test is finished.',
        },
        { name: 'auto-defrag', type: 'bool', default: 'false', help: 'Defragment storage after test is finished.' },
        {
          name: 'load',
          type: 'string',
          default: 's',
          help: "The performance check's workload model. Accepted workloads: s(small), m(medium), l(large), xl(xLarge)",
        },
        {
          name: 'prefix',
          type: 'string',
          default: '/etcdctl-check-perf/',
          help: "The prefix for writing the performance check's keys.",
        },
      ],
      run: runCheckPerf,
    },
    {
      name: 'datascale',
      short: 'Check the memory usage of holding data for different workloads on a given server endpoint.',
      use: 'datascale [options]',
      long: [
        'If no endpoint is provided, localhost will be used. If multiple endpoints are provided, first endpoint will be used.',
      ].join('\n'),
      flags: [
        {
          name: 'auto-compact',
          type: 'bool',
          default: 'false',
          help: 'Compact storage with last revision after test is finished.',
        },
        { name: 'auto-defrag', type: 'bool', default: 'false', help: 'Defragment storage after test is finished.' },
        {
          name: 'load',
          type: 'string',
          default: 's',
          help: "The datascale check's workload model. Accepted workloads: s(small), m(medium), l(large), xl(xLarge)",
        },
        {
          name: 'prefix',
          type: 'string',
          default: '/etcdctl-check-datascale/',
          help: "The prefix for writing the datascale check's keys.",
        },
      ],
      run: runCheckDatascale,
    },
  ],
};
