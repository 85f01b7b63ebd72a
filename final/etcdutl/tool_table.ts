// The tree of commands. Texts are those of etcdutl 3.5.30, byte for byte: they are what help prints; hashkv comes from 3.6.

import type { FlagSpec } from '../etcdctl/command.ts';
import { notYet, refuseSave, runDefrag, runHashKV, runRestore, runStatus, runVersion } from './commands.ts';
import type { Tool } from './tool.ts';

function text(name: string, help: string, value = ''): FlagSpec {
  return { name, type: 'string', default: value, help };
}

const restoreFlags: readonly FlagSpec[] = [
  text('data-dir', 'Path to the output data directory'),
  text('wal-dir', 'Path to the WAL directory (use --data-dir if none given)'),
  text('initial-cluster', 'Initial cluster configuration for restore bootstrap', 'default=http://localhost:2380'),
  text('initial-cluster-token', 'Initial cluster token for the etcd cluster during restore bootstrap', 'etcd-cluster'),
  text(
    'initial-advertise-peer-urls',
    "List of this member's peer URLs to advertise to the rest of the cluster",
    'http://localhost:2380',
  ),
  text('name', 'Human-readable name for this member', 'default'),
  {
    name: 'skip-hash-check',
    type: 'bool',
    default: 'false',
    help: 'Ignore snapshot integrity hash value (required if copied from data directory)',
  },
  // Nothing is mapped into memory here: the log names it, and that is all.
  {
    name: 'initial-memory-map-size',
    type: 'uint',
    default: '10737418240',
    help: 'Initial memory map size of the database in bytes. It uses the default value if not defined or defined to 0',
  },
  { name: 'bump-revision', type: 'uint', default: '0', help: 'How much to increase the latest revision after restore' },
  {
    name: 'mark-compacted',
    type: 'bool',
    default: 'false',
    help: 'Mark the latest revision after restore as the point of scheduled compaction (required if --bump-revision > 0, disallowed otherwise)',
  },
];

const snapshotTool: Tool = {
  name: 'snapshot',
  short: 'Manages etcd node snapshots',
  use: 'snapshot <subcommand>',
  flags: [],
  subcommands: [
    {
      name: 'save',
      short: 'Stores an etcd node backend snapshot to a given file',
      use: 'save <filename>',
      bareUsage: true,
      deprecated: 'Use `etcdctl snapshot save` to download snapshot',
      flags: [],
      run: refuseSave,
    },
    {
      name: 'restore',
      short: 'Restores an etcd member snapshot to an etcd directory',
      use: 'restore <filename> --data-dir {output dir} [options]',
      required: ['data-dir'],
      flags: restoreFlags,
      run: runRestore,
    },
    {
      name: 'status',
      short: 'Gets backend snapshot status of a given file',
      use: 'status <filename>',
      flags: [],
      run: runStatus,
    },
  ],
};

const backupTool: Tool = {
  name: 'backup',
  short: '[legacy] offline backup of etcd directory',
  use: 'backup',
  flags: [
    text('data-dir', 'Path to the etcd data dir'),
    text('wal-dir', 'Path to the etcd wal dir'),
    text('backup-dir', 'Path to the backup dir'),
    text('backup-wal-dir', 'Path to the backup wal dir'),
    { name: 'with-v3', type: 'bool', default: 'true', help: 'Backup v3 backend data' },
  ],
  run: notYet('backup'),
};

const checkTool: Tool = {
  name: 'check',
  short: 'commands for checking properties',
  use: 'check <subcommand>',
  flags: [],
  subcommands: [
    {
      name: 'v2store',
      short: 'Check custom content in v2store',
      use: 'v2store',
      flags: [
        text('data-dir', 'Required. A data directory not in use by etcd.'),
        text('wal-dir', 'Optional. A dedicated WAL directory.'),
      ],
      run: notYet('check v2store'),
    },
  ],
};

const completionTool: Tool = {
  name: 'completion',
  short: 'Generate the autocompletion script for the specified shell',
  use: 'completion',
  flags: [],
  subcommands: ['bash', 'fish', 'powershell', 'zsh'].map((shell) => ({
    name: shell,
    short: `Generate the autocompletion script for ${shell}`,
    use: shell,
    flags: [{ name: 'no-descriptions', type: 'bool', default: 'false', help: 'disable completion descriptions' }],
    run: notYet(`completion ${shell}`),
  })),
};

/** etcdutl help: main prints what it asks for. */
export const helpTool: Tool = {
  name: 'help',
  short: 'Help about any command',
  use: 'help [command]',
  flags: [],
};

/** `etcdutl` itself, with everything below it. */
export const rootTool: Tool = {
  name: 'etcdutl',
  short: 'An administrative command line tool for etcd3.',
  use: 'etcdutl',
  flags: [],
  persistentFlags: [
    {
      name: 'write-out',
      shorthand: 'w',
      type: 'string',
      default: 'simple',
      help: 'set the output format (fields, json, protobuf, simple, table)',
    },
  ],
  subcommands: [
    backupTool,
    {
      name: 'defrag',
      short: 'Defragments the storage of the etcd',
      use: 'defrag',
      required: ['data-dir'],
      flags: [text('data-dir', 'Required. Defragments a data directory not in use by etcd.')],
      run: runDefrag,
    },
    snapshotTool,
    {
      name: 'hashkv',
      short: 'Prints the KV history hash of a given file',
      use: 'hashkv <filename>',
      exactArgs: 1,
      flags: [
        { name: 'rev', type: 'int64', default: '0', help: 'maximum revision to hash (default: latest revision)' },
      ],
      run: runHashKV,
    },
    { name: 'version', short: 'Prints the version of etcdutl', use: 'version', flags: [], run: runVersion },
    checkTool,
    helpTool,
    completionTool,
  ],
};
