// What of a recorded write is the same in every run: which events each member has, and the orders that the code promises.
// Times are not, and neither is which of two followers answers first.

import type { WriteEvent, WriteRecording } from './write_record.ts';

/** The events of a follower in order, those of the leader sorted; numbers of entries left out. */
export function shapeOf({ events }: WriteRecording): Record<string, string[]> {
  const of = (member: string): string[] => events.filter((event) => event.member === member).map(plain);
  return { n1: of('n1').sort(), n2: of('n2'), n3: of('n3') };
}

/** What the code promises and these events break; empty when all is well. */
export function brokenPromises({ events }: WriteRecording): string[] {
  const problems: string[] = [];
  const at = (member: string, wanted: (event: WriteEvent) => boolean): number =>
    events.findIndex((event) => event.member === member && wanted(event));
  const before = (text: string, a: number, b: number): void => {
    if (a < 0 || b < 0 || a >= b) problems.push(text);
  };
  const is =
    (kind: WriteEvent['kind'], text = '') =>
    (event: WriteEvent): boolean =>
      event.kind === kind && event.text.startsWith(text);
  before('the leader sends before it saves', at('n1', is('send', 'MsgApp,')), at('n1', is('save')));
  before('the leader commits after an answer', at('n1', is('receive', 'MsgAppResp')), at('n1', is('commit')));
  for (const member of ['n2', 'n3']) {
    before(`${member} answers after it has saved`, at(member, is('save')), at(member, is('send', 'MsgAppResp')));
  }
  for (const member of ['n1', 'n2', 'n3']) {
    before(`${member} applies after it has committed`, at(member, is('commit')), at(member, is('apply')));
  }
  before('the client is answered after the put is applied', at('n2', is('apply')), at('n2', is('reply')));
  events.forEach(({ kind, sentBy, member, peer }, i) => {
    const source = sentBy === undefined ? undefined : events[sentBy];
    if (kind !== 'receive') return;
    const fits = source?.kind === 'send' && source.member === peer && source.peer === member && Number(sentBy) < i;
    if (!fits) problems.push(`event ${i} receives what nobody has sent`);
  });
  return problems;
}

function plain({ kind, text, peer }: WriteEvent): string {
  return [kind, text.replaceAll(/\d+/g, 'N'), peer].filter((part) => part !== undefined).join(' ');
}
