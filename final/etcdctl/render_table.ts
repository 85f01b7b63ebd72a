// Tables of text with borders, as etcdctl draws them: header centred, cells to the right, long cells broken at blanks.
// Mirrors what the tablewriter package does with etcdctl's settings.

/** Columns of screen that a cell with blanks may take before it is broken. */
const widestCell = 30;

/** Borders: `ascii` of etcdctl 3.4, `lines` of etcdutl 3.5. */
export type Borders = 'ascii' | 'lines';

interface Border {
  readonly side: string;
  readonly dash: string;
  /** Left end, crossings and right end of the border above the header, under it, and under the rows. */
  readonly top: readonly [string, string, string];
  readonly middle: readonly [string, string, string];
  readonly bottom: readonly [string, string, string];
}

const drawn: Readonly<Record<Borders, Border>> = {
  ascii: { side: '|', dash: '-', top: ['+', '+', '+'], middle: ['+', '+', '+'], bottom: ['+', '+', '+'] },
  lines: { side: '│', dash: '─', top: ['┌', '┬', '┐'], middle: ['├', '┼', '┤'], bottom: ['└', '┴', '┘'] },
};

/**
 * @param header of the columns
 * @param rows with as many cells as the header
 * @returns the lines, each with a line end
 */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  borders: Borders = 'ascii',
): string {
  const broken = rows.map((row) => row.map((cell) => breakLines(cell, widestCell)));
  const widths = header.map((title, column) => {
    // A cell that was broken keeps its column as wide as an unbroken one may be.
    const whole = rows.map((row) => Math.min(screenWidth(row[column] ?? ''), widestCell));
    return Math.max(screenWidth(title), ...whole, ...broken.flatMap((row) => (row[column] ?? []).map(screenWidth)));
  });
  const { side, dash, top, middle, bottom } = drawn[borders];
  const border = ([left, crossing, right]: Border['top']): string =>
    `${left}${widths.map((width) => dash.repeat(width + 2)).join(crossing)}${right}\n`;
  const line = (cells: readonly string[]): string => `${side} ${cells.join(` ${side} `)} ${side}\n`;
  const body = broken.map((row) => {
    const height = Math.max(...row.map((cell) => cell.length));
    return Array.from({ length: height }, (_, at) => {
      return line(widths.map((width, column) => padLeft(row[column]?.[at] ?? '', width)));
    }).join('');
  });
  const title = line(widths.map((width, column) => centre(header[column] ?? '', width)));
  return `${border(top)}${title}${border(middle)}${body.join('')}${border(bottom)}`;
}

function padLeft(text: string, width: number): string {
  return ' '.repeat(Math.max(width - screenWidth(text), 0)) + text;
}

function centre(text: string, width: number): string {
  const gap = width - screenWidth(text);
  return ' '.repeat(Math.floor(gap / 2)) + text + ' '.repeat(Math.ceil(gap / 2));
}

/**
 * Breaks a text at its blanks so that the lines are about equally full: the squares of what they leave free, the last line
 * aside, add up to as little as possible.
 *
 * @param limit columns of screen; a longer word raises it
 */
export function breakLines(text: string, limit: number): string[] {
  if (screenWidth(text) <= limit) return text.split('\n');
  const words = text.replaceAll('\n', ' ').split(' ');
  const widths = words.map(screenWidth);
  const widest = Math.max(limit, ...widths);
  // costs[i]: of the best way to break the words from i on; ends[i]: where its first line ends.
  const costs: number[] = [];
  const ends: number[] = [];
  for (let from = words.length - 1; from >= 0; from -= 1) {
    let width = -1;
    costs[from] = Infinity;
    for (let end = from + 1; end <= words.length; end += 1) {
      width += 1 + (widths[end - 1] ?? 0);
      if (width > widest) break;
      const cost = end === words.length ? 0 : (widest - width) ** 2 + (costs[end] ?? 0);
      if (cost >= (costs[from] ?? 0)) continue;
      costs[from] = cost;
      ends[from] = end;
    }
  }
  const broken: string[] = [];
  for (let from = 0; from < words.length; from = ends[from] ?? words.length) {
    broken.push(words.slice(from, ends[from]).join(' '));
  }
  return broken;
}

/** Takes no column: control characters, combining marks, and what only steers the layout. */
const widthless = /^[\p{Cc}\p{Cf}\p{Mn}\p{Me}\p{Zl}\p{Zp}]$/u;

/** Takes two columns: the scripts of East Asia in their full width, and pictures. */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{1b2fb}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u;

/** @returns how many columns of the screen a text takes */
export function screenWidth(text: string): number {
  let width = 0;
  for (const char of text) width += widthless.test(char) ? 0 : wide.test(char) ? 2 : 1;
  return width;
}
