// etcd's own cases about quorums, of version 3.5 and of the present tree.

import { testForeignScripts } from './datadriven.ts';
import { quorumRunner } from './quorum.ts';

testForeignScripts('../shared/raft-testdata/etcd-3.5/quorum/testdata', 127, () => quorumRunner('first-only'));
testForeignScripts('../shared/raft-testdata/quorum/testdata', 127, () => quorumRunner('shared'));
