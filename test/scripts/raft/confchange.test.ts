// etcd's own cases about configuration changes, of version 3.5 and of the present tree.

import { confChangeRunner } from './confchange.ts';
import { testForeignScripts } from './datadriven.ts';

testForeignScripts('../shared/raft-testdata/etcd-3.5/confchange/testdata', 58, () => confChangeRunner(0));
testForeignScripts('../shared/raft-testdata/confchange/testdata', 58, () => confChangeRunner(1));
