// Clusters driven step by step: etcd's own scripts of version 3.5, and ours, named by the phenomenon they show.
// UPDATE=1 rewrites the expected output of ours: look at each difference before it is kept.

import { testScripts } from './datadriven.ts';
import { interactionRunner } from './interaction.ts';

testScripts('../shared/raft-testdata/etcd-3.5/testdata', interactionRunner);
testScripts('test/scripts/raft/scripts', interactionRunner, true);
