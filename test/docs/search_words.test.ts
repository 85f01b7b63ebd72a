// How text is taken apart for the search: names as a whole and by their parts.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { wordsOf } from '../../docs/site/browser/search_options.ts';

it('a name in code is found as a whole and by its parts', () => {
  assert.deepEqual(wordsOf('maybeAppend'), ['maybeappend', 'maybe', 'append']);
  const words = wordsOf('see RaftLog.maybeCommit()');
  for (const word of ['see', 'raftlog.maybecommit', 'raftlog', 'maybecommit', 'maybe', 'commit']) {
    assert.ok(words.includes(word), `${word} is not in ${words.join(' ')}`);
  }
});

it('a flag is found with and without its dashes', () => {
  for (const text of ['--listen-client-urls', 'listen-client-urls']) {
    assert.deepEqual(wordsOf(text), ['listen-client-urls', 'listen', 'client', 'urls']);
  }
});

it('words of other languages are words', () => {
  assert.deepEqual(wordsOf('ETCD 架构解析, Überblick'), ['etcd', '架构解析', 'überblick']);
});
