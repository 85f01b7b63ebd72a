// What the measurements come to: medians over the rounds, ratios, a table to read and a document to keep.

import type { Sample } from './load.ts';
import { median } from './statistics.ts';

/** A generator that is busy for more than this share of a core may be what limits the rate. */
export const GENERATOR_BUSY = 0.9;

/** All loads of one kind on one server, one sample a round. */
export interface Cell {
  readonly workload: string;
  readonly clients: number;
  readonly server: string;
  readonly samples: readonly Sample[];
}

/** A server as the report names it. */
export interface Column {
  readonly label: string;
  /** What becomes of a change before it is answered. */
  readonly durability: string;
  /** Whether this is final, with which the others are compared. */
  readonly isSubject: boolean;
}

/** How the subject does in comparison with another server: its number divided by the other's; null = cannot be told. */
export interface Ratio {
  readonly rate: number | null;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly cpuPer1000: number | null;
}

/** The median of each number over the samples. */
export function medianSample(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample): number => median(samples.map((sample) => sample[key]));
  return {
    requests: of('requests'),
    rate: of('rate'),
    p50Us: of('p50Us'),
    p99Us: of('p99Us'),
    cpuPer1000: of('cpuPer1000'),
    serverCores: of('serverCores'),
    generatorCores: of('generatorCores'),
    otherCores: of('otherCores'),
  };
}

/**
 * The median of the ratios of each round: loads of the same round ran one after the other, so what slows the machine for
 * a while slows both.
 */
export function ratioOf(subject: readonly Sample[], other: readonly Sample[]): Ratio {
  const of = (key: keyof Sample): number | null => {
    const ratios = subject.map((sample, round) => sample[key] / (other[round]?.[key] ?? Number.NaN));
    return ratios.every((ratio) => Number.isFinite(ratio)) && ratios.length > 0 ? median(ratios) : null;
  };
  return { rate: of('rate'), p50: of('p50Us'), p99: of('p99Us'), cpuPer1000: of('cpuPer1000') };
}

/** Half of the distance between the lowest and the highest rate, as a share of the median rate. */
export function spreadOf(samples: readonly Sample[]): number {
  const rates = samples.map((sample) => sample.rate);
  return (Math.max(...rates) - Math.min(...rates)) / 2 / median(rates);
}

/** The table, ready to print. Cells of the same kind stand together, in the order of `cells`. */
export function formatTable(cells: readonly Cell[], columns: readonly Column[]): string {
  const subject = columns.find((column) => column.isSubject)?.label;
  const head = ['workload', 'clients', 'server', 'req/s', '±', 'p50 ms', 'p99 ms'];
  head.push('CPU s/1000', 'cores: server', 'generator', 'others');
  if (subject !== undefined && columns.length > 1) head.push('final ÷ this: req/s', 'p99', 'CPU');
  const rows = cells.map((cell) => {
    const twin = cells.find((one) => isSameKind(one, cell) && one.server === subject);
    return rowOf(cell, cell.server === subject ? undefined : twin).slice(0, head.length);
  });
  return alignColumns([head, ...rows]);
}

/** What a reader must know to read the table. */
export function notes(columns: readonly Column[], cores: number): string[] {
  const lines = columns.map(({ label, durability }) => `${label}: ${durability}.`);
  if (new Set(columns.map((column) => column.durability)).size > 1) {
    lines.push('These servers do not keep the same promise: a ratio is not yet one at equal durability.');
  }
  lines.push(
    `Server and generator share ${cores} cores; "cores" is CPU time per second of the load. Where others take much, the`,
    'numbers are noise.',
    `* = the generator was busy for over ${GENERATOR_BUSY * 100} % of a core and may be what limits the rate.`,
    'req/s is over the middle 80 % of the answers; p50 and p99 are over all of them; each number is the median of the',
    'rounds, each ratio the median of the ratios of the rounds; ± is half the range of req/s.',
  );
  return lines;
}

/** The document for a file: everything above, and every sample. */
export function document(run: {
  readonly cells: readonly Cell[];
  readonly columns: readonly Column[];
  readonly settings: Readonly<Record<string, unknown>>;
}): Record<string, unknown> {
  const { cells, columns, settings } = run;
  const subject = columns.find((column) => column.isSubject)?.label;
  return {
    settings,
    servers: columns.map(({ label, durability }) => ({ label, durability })),
    cells: cells.map((cell) => {
      const twin = cells.find((one) => isSameKind(one, cell) && one.server === subject);
      const isCompared = twin !== undefined && twin !== cell;
      return {
        ...cell,
        median: medianSample(cell.samples),
        ...(isCompared ? { subjectDividedByThis: ratioOf(twin.samples, cell.samples) } : {}),
      };
    }),
  };
}

function isSameKind(a: Cell, b: Cell): boolean {
  return a.workload === b.workload && a.clients === b.clients;
}

function rowOf(cell: Cell, twin: Cell | undefined): string[] {
  const { rate, p50Us, p99Us, cpuPer1000, serverCores, generatorCores, otherCores } = medianSample(cell.samples);
  const ratio = twin === undefined ? undefined : ratioOf(twin.samples, cell.samples);
  return [
    cell.workload,
    String(cell.clients),
    cell.server,
    rate.toFixed(0),
    `${(spreadOf(cell.samples) * 100).toFixed(0)} %`,
    (p50Us / 1000).toFixed(2),
    (p99Us / 1000).toFixed(2),
    cpuPer1000.toFixed(3),
    serverCores.toFixed(2),
    generatorCores.toFixed(2) + (generatorCores > GENERATOR_BUSY ? '*' : ' '),
    otherCores.toFixed(2),
    times(ratio?.rate),
    times(ratio?.p99),
    times(ratio?.cpuPer1000),
  ];
}

function times(ratio: number | null | undefined): string {
  if (ratio === undefined) return '';
  return ratio === null ? '–' : `${ratio.toFixed(2)}×`;
}

// Names to the left, numbers to the right.
function alignColumns(rows: readonly (readonly string[])[]): string {
  const names = new Set([0, 2]);
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      widths
        .map((width, i) => (names.has(i) ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
