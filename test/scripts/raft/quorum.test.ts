// etcd's own cases about quorums, of both trees.

import { testScripts } from './datadriven.ts';
import { quorumRunner } from './quorum.ts';

testScripts('../shared/raft-testdata/etcd-3.5/quorum/testdata', () => quorumRunner('first-only'));
testScripts('../shared/raft-testdata/quorum/testdata', () => quorumRunner('shared'));
