// Three mistakes that are easy to make in raft, each a change of one line of step 05. They are laid over the step's own source
// when it is bundled, so that everything but that line is what the step has.

/** A line of the step that is replaced. */
export interface BrokenRaft {
  /** A letter: what the mistake is, is for the reader to find. */
  readonly name: string;
  /** What is wrong, in one line. */
  readonly title: string;
  /** Relative to the step. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** The step that the mistakes are made in. */
export const BROKEN_STEP = '05-raft';

export const BROKEN_RAFTS: readonly BrokenRaft[] = [
  {
    name: 'a',
    title: 'Term and vote are told to others before they are on the disk',
    file: 'core/raft/rawnode.ts',
    before:
      '    return log.stable < log.lastIndex() || term !== this.#hardState.term || vote !== this.#hardState.vote;',
    after: '    return log.stable < log.lastIndex();',
  },
  {
    name: 'b',
    title: 'A voter does not ask whether the log of the candidate has what its own has',
    file: 'core/raft/election.ts',
    before: '  const granted = canVote && raft.log.isUpToDate(message.index, message.logTerm);',
    after: '  const granted = canVote;',
  },
  {
    name: 'c',
    title: 'A leader commits an entry of an older term because a majority has it',
    file: 'core/raft/log.ts',
    before: '    if (index <= this.committed || this.term(index) !== term) return false;',
    after: '    if (index <= this.committed) return false;',
  },
];

/**
 * The number of the line of `source` that `mistake` replaces, from 1.
 * Throws an Error when it is not there exactly once: the step has changed, and the mistake must be made anew.
 */
export function brokenLine(source: string, { name, file, before }: BrokenRaft): number {
  const lines = source.split('\n');
  const first = lines.indexOf(before);
  if (first < 0) throw new Error(`broken raft ${name}: ${file} has no line "${before.trim()}"`);
  if (lines.includes(before, first + 1)) throw new Error(`broken raft ${name}: ${file} has "${before.trim()}" twice`);
  return first + 1;
}

/** `source` with the mistake in it. Throws as brokenLine does. */
export function breakSource(source: string, mistake: BrokenRaft): string {
  const lines = source.split('\n');
  lines[brokenLine(source, mistake) - 1] = mistake.after;
  return lines.join('\n');
}
