// The messages that a program can write to its log, as its source has them. A message is a pattern: what is filled in when
// it is written is left open.

/** A call that writes a line to the log. */
export interface LogCall {
  readonly level: string;
  /** The fixed parts of the message; between two of them anything may stand. */
  readonly parts: readonly string[];
  /** The names of the fields that the line carries, as far as they stand in the source. */
  readonly fields: readonly string[];
  readonly file: string;
  readonly line: number;
  /** The function, if the call is in one. */
  readonly symbol: string | undefined;
  readonly text: string;
  /** What the line says of its source in `caller`, if that is fixed. */
  readonly caller: string | undefined;
}

/** A message for people: open parts are shown as `…`. */
export function messageOf({ parts }: LogCall): string {
  return parts.join('…');
}

/** Whether a whole message can have been written by a call. */
export function canWrite(call: LogCall, message: string): boolean {
  const pattern = call.parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*');
  return messageOf(call).replaceAll('…', '').trim().length > 2 && new RegExp(`^${pattern}$`).test(message);
}

/** The calls that can have written `text` or a message that contains it; those that fit whole come first. */
export function findCalls(calls: readonly LogCall[], text: string): LogCall[] {
  const wanted = text.toLowerCase();
  const exact = calls.filter((call) => messageOf(call) === text);
  if (exact.length > 0) return exact;
  // The beginning may be missing, as of `became leader at term 2`.
  const written = calls.filter((call) => call.parts.length > 1 && (canWrite(call, text) || canWrite(call, ` ${text}`)));
  const most = Math.max(0, ...written.map(fixedLength));
  const likely = written.filter((call) => fixedLength(call) * 2 > most);
  const holding = calls.filter((call) => call.parts.some((part) => part.toLowerCase().includes(wanted)));
  return [...new Set([...likely, ...holding])];
}

function fixedLength({ parts }: LogCall): number {
  return parts.join('').length;
}

/** Messages that share words with `text`, the nearest first; at most three. */
export function nearMessages(calls: readonly LogCall[], text: string): string[] {
  const wanted = new Set(wordsOf(text));
  const scored = [...new Set(calls.map(messageOf))].map((message) => ({
    message,
    shared: wordsOf(message).filter((word) => wanted.has(word)).length,
  }));
  return scored
    .filter(({ shared }) => shared > 0)
    .sort((a, b) => b.shared - a.shared || a.message.length - b.message.length)
    .slice(0, 3)
    .map(({ message }) => message);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z]{3,}/g) ?? [];
}
