// Every group of cases, in the order of the chain. A new file of cases adds one line here.

import type { CaseGroup } from './case.ts';
import { compactCases } from './compact.cases.ts';
import { kvCases } from './kv.cases.ts';
import { kvFullCases } from './kv_full.cases.ts';
import { txnCases } from './txn.cases.ts';
import { txnRunCases } from './txn_run.cases.ts';

export const caseGroups: readonly CaseGroup[] = [kvCases, kvFullCases, txnCases, txnRunCases, compactCases];
