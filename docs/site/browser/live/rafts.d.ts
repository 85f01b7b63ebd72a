// What the bundler puts in: the raft of every step that has one, and the broken ones (test/sim/step/raft_plugin.ts).

declare module 'virtual:rafts' {
  import type { NewNode } from '../../../../test/sim/step/raft_port.ts';

  export const RAFTS: Readonly<Record<string, NewNode>>;
}
