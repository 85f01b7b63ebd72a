// The chart of one write: a lane for each member, time downwards, an arrow for each message from where it was sent to where
// it came in. As SVG for the page, and as text for a terminal. The leader has the middle lane, so no arrow crosses one.

import type { WriteEvent, WriteRecording } from './write_record.ts';

const ROW = 26;
const TOP = 64;
const LANES: readonly number[] = [130, 420, 710];
const WIDTH = 840;
const COLUMN = 34;

/**
 * The chart as SVG with a title and a description, in colours of the theme: --fg, --muted, --line, --accent, --good, and
 * --bg behind letters. Text that was recorded is escaped.
 */
export function logChart(recording: WriteRecording): string {
  const { events } = recording;
  const lanes = laneNames(recording);
  const height = TOP + events.length * ROW + 12;
  const x = (member: string): number => LANES[lanes.indexOf(member)] as number;
  const y = (i: number): number => TOP + i * ROW;
  const parts = [
    ...lanes.map((name) => laneHead(recording, name, x(name), height)),
    ...events.map((event, i) => (event.sentBy === undefined ? '' : arrow(events, i, x, y))),
    ...events.map((event, i) =>
      eventMark(event, {
        x: x(event.member),
        y: y(i),
        isLast: event.member === lanes.at(-1),
        towards: toward(event, x),
      }),
    ),
  ];
  return [
    `<svg class="log-chart" role="img" viewBox="0 0 ${WIDTH} ${height}" aria-labelledby="log-chart-title log-chart-desc" xmlns="http://www.w3.org/2000/svg">`,
    `<title id="log-chart-title">One write on three members of ${escape(recording.step)}</title>`,
    `<desc id="log-chart-desc">${escape(describe(recording))}</desc>`,
    '<defs><marker id="log-chart-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="var(--accent, currentColor)"/></marker></defs>',
    ...parts.filter((part) => part !== ''),
    '</svg>',
  ].join('\n');
}

/** The chart as text, a line for each event, at most 120 characters wide. */
export function textChart(recording: WriteRecording): string {
  const lanes = laneNames(recording);
  const partOf = (name: string): string => recording.members.find((member) => member.name === name)?.part ?? '';
  const head = `${' '.repeat(8)}${lanes.map((name) => `${name} (${partOf(name)})`.padEnd(COLUMN)).join('')}`.trimEnd();
  const lines = recording.events.map((event) => {
    const column = COLUMN * lanes.indexOf(event.member);
    return `${event.ms.toFixed(1).padStart(6)}  ${' '.repeat(column)}${sentence(event)}`;
  });
  return [head, ...lines].join('\n');
}

/** What happened, in one sentence for each event: for those who cannot see the chart. */
export function describe({ events }: WriteRecording): string {
  return events.map((event) => `${event.member}: ${sentence(event)}.`).join(' ');
}

function sentence({ kind, text, peer }: WriteEvent): string {
  if (kind === 'send') return `to ${peer}: ${text}`;
  if (kind === 'receive') return `from ${peer}: ${text}`;
  return text;
}

// n2, n1, n3: n1 leads.
function laneNames({ members }: WriteRecording): string[] {
  const [leader, ...others] = members.map(({ name }) => name);
  return [others[0], leader, ...others.slice(1)].filter((name) => name !== undefined);
}

function laneHead({ members }: WriteRecording, name: string, x: number, height: number): string {
  const part = members.find((member) => member.name === name)?.part ?? '';
  return [
    `<line x1="${x}" y1="${TOP - 18}" x2="${x}" y2="${height}" stroke="var(--line, currentColor)" stroke-width="2"/>`,
    `<text x="${x}" y="18" text-anchor="middle" font-weight="600" fill="var(--fg, currentColor)">${escape(name)}</text>`,
    `<text x="${x}" y="36" text-anchor="middle" font-size="13" fill="var(--muted, currentColor)">${escape(part)}</text>`,
  ].join('\n');
}

function arrow(
  events: readonly WriteEvent[],
  i: number,
  x: (member: string) => number,
  y: (i: number) => number,
): string {
  const { member, sentBy = 0 } = events[i] as WriteEvent;
  const from = x((events[sentBy] as WriteEvent).member);
  const to = x(member);
  const gap = from < to ? 6 : -6;
  return `<line x1="${from + gap}" y1="${y(sentBy)}" x2="${to - gap}" y2="${y(i)}" stroke="var(--accent, currentColor)" stroke-width="1.5" marker-end="url(#log-chart-head)"/>`;
}

// Where the other end of a message is: −1 left, 1 right, 0 for what is no message.
function toward({ member, peer }: WriteEvent, x: (member: string) => number): number {
  return peer === undefined ? 0 : Math.sign(x(peer) - x(member));
}

interface Mark {
  readonly x: number;
  readonly y: number;
  readonly isLast: boolean;
  readonly towards: number;
}

// A message is named where it is sent; where it comes in, the head of its arrow is enough.
function eventMark(event: WriteEvent, { x, y, isLast, towards }: Mark): string {
  const isMessage = event.kind === 'send' || event.kind === 'receive';
  const colour =
    event.kind === 'save' || event.kind === 'reply' ? 'var(--good, currentColor)' : 'var(--fg, currentColor)';
  const dot = `<circle cx="${x}" cy="${y}" r="${isMessage ? 3 : 5}" fill="${isMessage ? 'var(--accent, currentColor)' : colour}"/>`;
  if (event.kind === 'receive') return dot;
  const isLeft = isMessage ? towards < 0 : isLast;
  const anchor = isLeft ? 'end' : 'start';
  const at = `x="${isLeft ? x - 12 : x + 12}" y="${isMessage ? y - 5 : y + 5}"`;
  const style =
    'font-size="13" paint-order="stroke" stroke="var(--bg, Canvas)" stroke-width="4" stroke-linejoin="round"';
  return `${dot}<text ${at} text-anchor="${anchor}" ${style} fill="${isMessage ? 'var(--muted, currentColor)' : colour}">${escape(event.text)}</text>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
