// One header field, and the table of those that every peer knows (RFC 7541, appendix A).

/** What a field takes in a table or a list, beside its name and value (RFC 7541, section 4.1). */
export const FIELD_OVERHEAD_BYTES = 32;

// Letters are lower-case; only the first character may be a colon, of a pseudo-header (RFC 9113, section 8.2.1).
const VALID_NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// No control characters but tabs, and no blank at an end.
const VALID_VALUE = /^$|^[!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?$/;

/** A name and a value; characters are bytes. Checked once, however often a table gives it. */
export class Field {
  readonly name: string;
  readonly value: string;
  /** What it counts for in a table or a list, in bytes. */
  readonly size: number;
  /** Whether HTTP allows these characters. */
  readonly isValid: boolean;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + FIELD_OVERHEAD_BYTES;
    this.isValid = VALID_NAME.test(name) && VALID_VALUE.test(value);
  }
}

const ROWS = `
:authority|
:method|GET
:method|POST
:path|/
:path|/index.html
:scheme|http
:scheme|https
:status|200
:status|204
:status|206
:status|304
:status|400
:status|404
:status|500
accept-charset|
accept-encoding|gzip, deflate
accept-language|
accept-ranges|
accept|
access-control-allow-origin|
age|
allow|
authorization|
cache-control|
content-disposition|
content-encoding|
content-language|
content-length|
content-location|
content-range|
content-type|
cookie|
date|
etag|
expect|
expires|
from|
host|
if-match|
if-modified-since|
if-none-match|
if-range|
if-unmodified-since|
last-modified|
link|
location|
max-forwards|
proxy-authenticate|
proxy-authorization|
range|
referer|
refresh|
retry-after|
server|
set-cookie|
strict-transport-security|
transfer-encoding|
user-agent|
vary|
via|
www-authenticate|
`;

/** Entry i of the static table is at i − 1. */
export const STATIC_TABLE: readonly Field[] = ROWS.trim()
  .split('\n')
  .map((row) => {
    const [name = '', value = ''] = row.split('|');
    return new Field(name, value);
  });
