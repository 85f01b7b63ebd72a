// Commands on keys: get, put, del, compaction, watch. The texts are those of etcdctl 3.4.23, byte for byte
// (spec/cli.md C.4, C.6): they are what help prints.

import type { Command } from '../command.ts';
import { runCompaction } from '../commands/compaction.ts';
import { runDel } from '../commands/del.ts';
import { runGet } from '../commands/get.ts';
import { runPut } from '../commands/put.ts';
import { runWatch } from '../commands/watch.ts';
import { keyVariable, rangeEndVariable, watchFlags } from '../commands/watch_words.ts';

/** etcdctl get */
export const getCommand: Command = {
  name: 'get',
  short: 'Gets the key or a range of keys',
  use: 'get [options] <key> [range_end]',
  flags: [
    { name: 'consistency', type: 'string', default: 'l', help: 'Linearizable(l) or Serializable(s)' },
    {
      name: 'from-key',
      type: 'bool',
      default: 'false',
      help: 'Get keys that are greater than or equal to the given key using byte compare',
    },
    { name: 'keys-only', type: 'bool', default: 'false', help: 'Get only the keys' },
    { name: 'limit', type: 'int64', default: '0', help: 'Maximum number of results' },
    { name: 'order', type: 'string', default: '', help: 'Order of results; ASCEND or DESCEND (ASCEND by default)' },
    { name: 'prefix', type: 'bool', default: 'false', help: 'Get keys with matching prefix' },
    {
      name: 'print-value-only',
      type: 'bool',
      default: 'false',
      help: 'Only write values when using the "simple" output format',
    },
    { name: 'rev', type: 'int64', default: '0', help: 'Specify the kv revision' },
    { name: 'sort-by', type: 'string', default: '', help: 'Sort target; CREATE, KEY, MODIFY, VALUE, or VERSION' },
  ],
  run: runGet,
};

/** etcdctl put */
export const putCommand: Command = {
  name: 'put',
  short: 'Puts the given key into the store',
  use: 'put [options] <key> <value> (<value> can also be given from stdin)',
  long: [
    'Puts the given key into the store.',
    '',
    "When <value> begins with '-', <value> is interpreted as a flag.",
    "Insert '--' for workaround:",
    '',
    '$ put <key> -- <value>',
    '$ put -- <key> <value>',
    '',
    "If <value> isn't given as a command line argument and '--ignore-value' is not specified,",
    'this command tries to read the value from standard input.',
    '',
    "If <lease> isn't given as a command line argument and '--ignore-lease' is not specified,",
    'this command tries to read the value from standard input.',
    '',
    'For example,',
    '$ cat file | put <key>',
    'will store the content of the file to <key>.',
  ].join('\n'),
  flags: [
    { name: 'ignore-lease', type: 'bool', default: 'false', help: 'updates the key using its current lease' },
    { name: 'ignore-value', type: 'bool', default: 'false', help: 'updates the key using its current value' },
    { name: 'lease', type: 'string', default: '0', help: 'lease ID (in hexadecimal) to attach to the key' },
    { name: 'prev-kv', type: 'bool', default: 'false', help: 'return the previous key-value pair before modification' },
  ],
  run: runPut,
};

/** etcdctl del */
export const delCommand: Command = {
  name: 'del',
  short: 'Removes the specified key or range of keys [key, range_end)',
  use: 'del [options] <key> [range_end]',
  flags: [
    {
      name: 'from-key',
      type: 'bool',
      default: 'false',
      help: 'delete keys that are greater than or equal to the given key using byte compare',
    },
    { name: 'prefix', type: 'bool', default: 'false', help: 'delete keys with matching prefix' },
    { name: 'prev-kv', type: 'bool', default: 'false', help: 'return deleted key-value pairs' },
  ],
  run: runDel,
};

/** etcdctl compaction */
export const compactionCommand: Command = {
  name: 'compaction',
  short: 'Compacts the event history in etcd',
  use: 'compaction [options] <revision>',
  flags: [
    {
      name: 'physical',
      type: 'bool',
      default: 'false',
      help: "'true' to wait for compaction to physically remove all old revisions",
    },
  ],
  run: runCompaction,
};

/** etcdctl watch */
export const watchCommand: Command = {
  name: 'watch',
  short: 'Watches events stream on keys or prefixes',
  use: 'watch [options] [key or prefix] [range_end] [--] [exec-command arg1 arg2 ...]',
  flags: watchFlags,
  variables: [keyVariable, rangeEndVariable],
  run: runWatch,
};
