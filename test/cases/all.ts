// Every group of cases, in the order of the chain. A new file of cases adds one line here.

import { abuseCases } from './abuse.cases.ts';
import type { CaseGroup } from './case.ts';
import { compactCases } from './compact.cases.ts';
import { configFileCases } from './config_file.cases.ts';
import { durableCases } from './durable.cases.ts';
import { electionCases } from './election.cases.ts';
import { flagsCases } from './flags.cases.ts';
import { greeterCases } from './greeter.cases.ts';
import { httpCases } from './http.cases.ts';
import { initialClusterCases } from './initial_cluster.cases.ts';
import { kvCases } from './kv.cases.ts';
import { kvEtcdctlCases } from './kv_etcdctl.cases.ts';
import { kvFullCases } from './kv_full.cases.ts';
import { leaseCases } from './lease.cases.ts';
import { leaseFullCases } from './lease_full.cases.ts';
import { listenersCases } from './listeners.cases.ts';
import { lockCases } from './lock.cases.ts';
import { memberCases } from './member.cases.ts';
import { memberChangesCases } from './member_changes.cases.ts';
import { raftCases } from './raft.cases.ts';
import { startCases } from './start.cases.ts';
import { transportCases } from './transport.cases.ts';
import { txnCases } from './txn.cases.ts';
import { txnRunCases } from './txn_run.cases.ts';
import { walCases } from './wal.cases.ts';
import { watchCases } from './watch.cases.ts';
import { watchClusterCases } from './watch_cluster.cases.ts';
import { watchFullCases } from './watch_full.cases.ts';
import { watchLongCases } from './watch_long.cases.ts';

export const caseGroups: readonly CaseGroup[] = [
  listenersCases,
  greeterCases,
  kvCases,
  kvEtcdctlCases,
  kvFullCases,
  txnCases,
  txnRunCases,
  compactCases,
  memberCases,
  memberChangesCases,
  transportCases,
  httpCases,
  flagsCases,
  initialClusterCases,
  startCases,
  configFileCases,
  abuseCases,
  walCases,
  durableCases,
  raftCases,
  leaseCases,
  leaseFullCases,
  watchCases,
  watchFullCases,
  watchLongCases,
  watchClusterCases,
  lockCases,
  electionCases,
];
