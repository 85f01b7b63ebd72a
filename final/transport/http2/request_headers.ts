// The headers of a request, and what HTTP/2 demands of them (RFC 9113, sections 8.2 and 8.3).

import type { Field } from './hpack_static.ts';

// They are about a connection, and HTTP/2 has other means for that.
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Never changed: a client that repeats its headers gets the same object for every request. */
export class RequestHeaders {
  readonly fields: readonly Field[];
  /** Whether the list was too large; then it is not complete. */
  readonly isTooLarge: boolean;
  /** Whether they break a rule of HTTP/2, in a request. */
  readonly isMalformed: boolean;
  /** What the layer above has made of these headers; kept here, since the next request may have the same ones. */
  note: unknown = undefined;

  constructor(fields: readonly Field[], isTooLarge: boolean) {
    this.fields = fields;
    this.isTooLarge = isTooLarge;
    this.isMalformed = !isTooLarge && isMalformed(fields);
  }

  /** First value of the header `name`, in lower case. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value;
    return undefined;
  }
}

function isMalformed(fields: readonly Field[]): boolean {
  const pseudo = new Set<string>();
  let isInPseudo = true;
  for (const { name, value, isValid } of fields) {
    if (!isValid) return true;
    if (name.startsWith(':')) {
      if (!isInPseudo || pseudo.has(name)) return true;
      pseudo.add(name);
      continue;
    }
    isInPseudo = false;
    if (CONNECTION_FIELDS.has(name) || (name === 'te' && value !== 'trailers')) return true;
  }
  const hasPath = fields.some(({ name, value }) => name === ':path' && value !== '');
  const hasAll = pseudo.has(':method') && pseudo.has(':scheme') && hasPath;
  const known = [':method', ':scheme', ':path', ':authority'].filter((name) => pseudo.has(name)).length;
  return !hasAll || known !== pseudo.size;
}
