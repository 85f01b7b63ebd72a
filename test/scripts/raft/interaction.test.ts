// Clusters driven step by step: etcd's own scripts of version 3.5, and ours, named by the phenomenon they show.
// UPDATE=1 rewrites the expected output of ours: look at each difference before it is kept.

import { testForeignScripts, testScripts } from './datadriven.ts';
import { interactionRunner } from './interaction.ts';

testForeignScripts('../shared/raft-testdata/etcd-3.5/testdata', 167, interactionRunner);
testScripts('test/scripts/raft/scripts', interactionRunner, true);
