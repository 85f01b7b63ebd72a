// One row for each member: role, term, vote, how far its log is committed and applied, its last entries as cells coloured by
// term, and what can be done to it.

import type { RaftEntry } from '../../../../proto/schema.ts';
import type { Action } from '../../../../test/sim/step/actions.ts';
import type { StepMember } from '../../../../test/sim/step/member.ts';
import { entriesOf, type StepRaft } from '../../../../test/sim/step/raft_port.ts';
import { nameOf } from '../../../../test/sim/step/values.ts';
import type { StepWorld } from '../../../../test/sim/step/world.ts';
import { button, html, set } from './dom.ts';
import { colourOf } from './ring.ts';

const SHOWN_ENTRIES = 10;

export interface RowEvents {
  readonly act: (action: Action) => void;
  /** A value that was not proposed yet. */
  readonly nextValue: () => string;
}

interface Row {
  readonly element: HTMLElement;
  readonly state: HTMLElement;
  readonly log: HTMLElement;
  readonly power: HTMLButtonElement;
  readonly others: readonly HTMLButtonElement[];
  /** What is shown now: the same needs no new elements. */
  shown: string;
}

export class Rows {
  readonly element = html('div', { class: 'live-rows' });
  readonly #rows: Row[] = [];
  readonly #events: RowEvents;
  #world: StepWorld | undefined;

  constructor(members: number, events: RowEvents) {
    this.#events = events;
    for (let id = 1; id <= members; id++) this.#rows.push(this.#newRow(id));
    this.element.append(...this.#rows.map(({ element }) => element));
  }

  /** Shows the members as they are now. */
  draw(world: StepWorld): void {
    this.#world = world;
    const isStopped = world.violation !== undefined;
    world.members.forEach((member, i) => {
      const row = this.#rows[i];
      if (row !== undefined) drawRow(row, member, isStopped);
    });
  }

  #newRow(id: number): Row {
    const { act, nextValue } = this.#events;
    const power = button('Power off', () => {
      const isOff = this.#world?.members[id - 1]?.raft === undefined;
      act({ kind: isOff ? 'start' : 'crash', member: id });
    });
    const propose = button(
      'Propose',
      () => act({ kind: 'propose', member: id, value: nextValue() }),
      `Propose at n${id}`,
    );
    const campaign = button('Campaign', () => act({ kind: 'campaign', member: id }), `Let n${id} campaign`);
    const state = html('div', { class: 'live-state' });
    const log = html('div', { class: 'live-log', role: 'img' });
    const buttons = html('div', { class: 'live-buttons' }, power, campaign, propose);
    const element = html(
      'div',
      { class: 'live-row', role: 'group', 'aria-label': `Member n${id}` },
      state,
      log,
      buttons,
    );
    return { element, state, log, power, others: [propose, campaign], shown: '' };
  }
}

function drawRow(row: Row, member: StepMember, isStopped: boolean): void {
  const { id, raft } = member;
  const entries = raft === undefined ? [...member.disk.content.entries] : entriesOf(raft.log);
  const state = stateText(member);
  const committed = raft?.log.committed ?? 0;
  const [last] = entries.slice(-1);
  const shown = `${state}/${entries.length}/${last?.Term}/${committed}/${raft?.log.applied}/${member.isSyncing}/${isStopped}`;
  if (shown === row.shown) return;
  row.shown = shown;
  const role = raft?.role ?? 'off';
  row.element.dataset['role'] = role;
  const head = html('strong', {}, `n${id}`);
  const badge = html(
    'span',
    { class: 'live-badge', 'data-term': raft === undefined ? 'off' : colourOf(raft.term) },
    role,
  );
  row.state.replaceChildren(head, ' ', badge, ` ${state}`);
  row.log.replaceChildren(...cells(entries, raft));
  if (member.isSyncing) row.log.append(html('em', { class: 'live-more' }, 'writing'));
  set(row.log, { 'aria-label': logText(id, entries, raft) + (member.isSyncing ? ', writing' : '') });
  const text = raft === undefined ? 'Start' : 'Power off';
  row.power.textContent = text;
  set(row.power, { 'aria-label': `${text} n${id}`, disabled: isStopped });
  for (const other of row.others) set(other, { disabled: isStopped || raft === undefined });
}

function stateText({ raft, applied, disk }: StepMember): string {
  if (raft === undefined) {
    const { term, vote } = disk.content.hardState;
    return `on its disk: term ${term}, ${voteText(vote)}`;
  }
  const { term, vote, log } = raft;
  const values = applied.slice(-6).join(' ');
  const known = values === '' ? '' : `, store: ${applied.length > 6 ? '… ' : ''}${values}`;
  return `term ${term}, ${voteText(vote)}, commit ${log.committed}, applied ${log.applied}${known}`;
}

function voteText(vote: bigint): string {
  return vote === 0n ? 'no vote' : `voted n${vote}`;
}

function cells(entries: readonly RaftEntry[], raft: StepRaft | undefined): HTMLElement[] {
  const hidden = Math.max(0, entries.length - SHOWN_ENTRIES);
  const shown = entries.slice(hidden).map(({ Index, Term, Data }) => {
    const isCommitted = raft !== undefined && Index <= raft.log.committed;
    const name = nameOf(Data);
    const title = entryText(Index, Term, name, isCommitted);
    const cell = html('span', {
      class: isCommitted ? 'live-cell live-committed' : 'live-cell',
      title,
      'data-term': colourOf(Term),
    });
    cell.append(html('small', {}, String(Index)), name === '' ? '–' : name);
    return cell;
  });
  if (hidden > 0) shown.unshift(html('span', { class: 'live-more' }, `${hidden} more …`));
  if (shown.length === 0) shown.push(html('span', { class: 'live-more' }, 'the log is empty'));
  return shown;
}

function logText(id: number, entries: readonly RaftEntry[], raft: StepRaft | undefined): string {
  const said = entries.slice(-SHOWN_ENTRIES).map(({ Index, Term, Data }) => {
    return entryText(Index, Term, nameOf(Data), raft !== undefined && Index <= raft.log.committed);
  });
  return `Log of n${id}, ${entries.length} entries${said.length === 0 ? '' : ': '}${said.join('; ')}`;
}

function entryText(index: number, term: number, name: string, isCommitted: boolean): string {
  const value = name === '' ? 'empty' : `value ${name}`;
  return `entry ${index}, term ${term}, ${value}, ${isCommitted ? 'committed' : 'not known to be committed'}`;
}
