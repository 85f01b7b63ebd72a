// Every flag of the table works or is refused: nothing is parsed and then ignored. The cases show a few of them from
// outside; here are all.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ConfigError, toConfig } from '../../../final/etcdmain/config.ts';
import { FLAGS, type FlagSpec } from '../../../final/etcdmain/config_table.ts';
import { parseFlags } from '../../../final/etcdmain/flags.ts';

/** A value that a flag may have and that is not its default. */
function otherValue({ type, default: byDefault, choices, name }: FlagSpec): string {
  if (choices !== undefined) return choices.find((choice) => choice !== byDefault) ?? '';
  switch (type) {
    case 'bool':
      return byDefault === 'true' ? 'false' : 'true';
    case 'int':
    case 'uint':
    case 'uint32':
      return '77';
    case 'duration':
      return '77s';
    case 'urls':
    case 'origins':
      return 'http://127.0.0.1:22377';
    case 'string':
      return name === 'log-level' ? 'warn' : 'other';
    case 'strings':
      return 'other';
  }
}

const flags = [...FLAGS.values()];

for (const flag of flags) {
  const value = otherValue(flag);
  if (flag.isReady) {
    it(`--${flag.name} changes the configuration`, () => {
      const changed = JSON.stringify(toConfig(new Map([[flag.name, value]])));
      assert.notEqual(changed, JSON.stringify(toConfig(new Map())));
    });
  } else {
    it(`--${flag.name} is refused away from its default`, () => {
      const message = `--${flag.name} is not yet implemented (set to "${value}")`;
      assert.throws(() => toConfig(new Map([[flag.name, value]])), new ConfigError(message));
      toConfig(new Map([[flag.name, flag.default]]));
    });
  }
  it(`--${flag.name} is parsed with its default and with another value`, () => {
    for (const text of [flag.default, value]) {
      // Empty durations and numbers are no values; no such flag has an empty default.
      assert.deepEqual([...parseFlags([`--${flag.name}=${text}`]).values], [[flag.name, text]]);
    }
  });
}
