// Every flag of this server, one a line: flag, type and default come from here.

/** How a value is written and checked. */
export type FlagType = 'string' | 'urls';

export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  readonly type: FlagType;
  /** As it would be written on the command line. */
  readonly default: string;
}

/** All flags of the table by name. */
export const FLAGS: ReadonlyMap<string, FlagSpec> = new Map(
  [
    flag('name', 'string', 'default'),
    flag('data-dir', 'string', ''),
    flag('listen-peer-urls', 'urls', 'http://localhost:2380'),
    flag('listen-client-urls', 'urls', 'http://localhost:2379'),
    flag('initial-advertise-peer-urls', 'urls', 'http://localhost:2380'),
    flag('advertise-client-urls', 'urls', 'http://localhost:2379'),
    flag('initial-cluster', 'string', ''),
  ].map((one) => [one.name, one]),
);

function flag(name: string, type: FlagType, byDefault: string): FlagSpec {
  return { name, type, default: byDefault };
}
