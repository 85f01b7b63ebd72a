// `read log --write`: the recorded write of the book is what three members still do, and its chart says all of it.

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import { describe as describeWrite, logChart, textChart } from '../../docs/tools/log_chart.ts';
import { recordedWrite, recordPlainWrite } from '../../docs/tools/log_write.ts';
import type { WriteEvent, WriteRecording } from '../../docs/tools/write_record.ts';
import { brokenPromises, shapeOf } from '../../docs/tools/write_shape.ts';
import { keyOf } from '../../docs/site/source/code.ts';
import { loadChain, REPOSITORY } from '../../steps/tool/chain.ts';
import { Codes } from './tools_code.ts';

const AGAIN = 'run: npm run read -- log --write --record';

describe('the recorded write', () => {
  const recorded = recordedWrite(REPOSITORY);
  const codes = new Codes();

  it('breaks no promise of the code', () => assert.deepEqual(brokenPromises(recorded), []));

  it('has the shape of a new one', async () => {
    const fresh = await recordPlainWrite(path.join(REPOSITORY, 'steps', recorded.step));
    assert.deepEqual(brokenPromises(fresh), []);
    assert.deepEqual(shapeOf(recorded), shapeOf(fresh), AGAIN);
  });

  it('names code that is there', () => {
    const folder = loadChain().links.find(({ slug }) => slug === recorded.step)?.folder ?? '';
    const { code } = codes.of(folder);
    for (const { code: cited } of recorded.events) {
      const [file = '', symbol = ''] = cited.split('#');
      assert.ok(code.find(`${folder}/${file}`, symbol), keyOf({ file, symbol }));
    }
  });

  it('becomes a chart with every event in it, and a text for those who do not see it', () => {
    const svg = logChart(recorded);
    assert.match(svg, /^<svg [^>]*role="img"[^>]*aria-labelledby="log-chart-title log-chart-desc"/);
    assert.match(svg, /<title id="log-chart-title">[^<]+<\/title>\n<desc id="log-chart-desc">[^<]+<\/desc>/);
    assert.equal(svg.match(/<circle /g)?.length, recorded.events.length);
    assert.equal(svg.match(/marker-end=/g)?.length, recorded.events.filter(({ kind }) => kind === 'receive').length);
    for (const { kind, text } of recorded.events)
      if (kind !== 'receive') assert.ok(svg.includes(`>${text}</text>`), text);
    assert.doesNotMatch(svg, /#[0-9a-f]{3,6}\b/i, 'a colour that is not of the theme');
    assert.equal(describeWrite(recorded).split('. ').length, recorded.events.length);
    assert.equal(textChart(recorded).split('\n').length, recorded.events.length + 1);
    for (const line of textChart(recorded).split('\n')) assert.ok(line.length <= 120, line);
  });

  it('lets nothing out of the chart that could be markup', () => {
    const events = recorded.events.map((event) => ({ ...event, text: '<b>"&' }));
    assert.doesNotMatch(logChart({ ...recorded, events }), /<b>|"&[^aqlg]/);
  });
});

describe('the promises of a write', () => {
  const recorded = recordedWrite(REPOSITORY);
  // Exchanges the first events that fit.
  const exchanged = (first: Partial<WriteEvent>, second: Partial<WriteEvent>): WriteRecording => {
    const events = [...recorded.events];
    const find = (wanted: Partial<WriteEvent>): number =>
      events.findIndex((event) =>
        Object.entries(wanted).every(([key, value]) => event[key as keyof WriteEvent] === value),
      );
    const [a, b] = [find(first), find(second)];
    assert.ok(a >= 0 && b >= 0);
    [events[a], events[b]] = [events[b] as WriteEvent, events[a] as WriteEvent];
    return { ...recorded, events };
  };

  const BROKEN: readonly (readonly [what: string, first: Partial<WriteEvent>, second: Partial<WriteEvent>])[] = [
    [
      'n2 answers after it has saved',
      { member: 'n2', kind: 'save' },
      { member: 'n2', kind: 'send', text: 'MsgAppResp, has up to 5' },
    ],
    [
      'the client is answered after the put is applied',
      { member: 'n2', kind: 'apply' },
      { member: 'n2', kind: 'reply' },
    ],
    ['n1 applies after it has committed', { member: 'n1', kind: 'commit' }, { member: 'n1', kind: 'apply' }],
    ['the leader sends before it saves', { member: 'n1', kind: 'send', peer: 'n2' }, { member: 'n1', kind: 'save' }],
  ];
  for (const [what, first, second] of BROKEN) {
    it(`notice when this is broken: ${what}`, () => {
      const problems = brokenPromises(exchanged(first, second));
      const isNoticed = problems.some(
        (problem) => problem === what || problem.includes('receives what nobody has sent'),
      );
      assert.ok(isNoticed, problems.join());
    });
  }

  it('notice an answer that is missing', () => {
    const events = recorded.events.filter(({ kind }) => kind !== 'reply');
    assert.ok(brokenPromises({ ...recorded, events }).includes('the client is answered after the put is applied'));
  });
});
