// etcd's own cases about configuration changes, of both trees.

import { confChangeRunner } from './confchange.ts';
import { testScripts } from './datadriven.ts';

testScripts('../shared/raft-testdata/etcd-3.5/confchange/testdata', () => confChangeRunner(0));
testScripts('../shared/raft-testdata/confchange/testdata', () => confChangeRunner(1));
