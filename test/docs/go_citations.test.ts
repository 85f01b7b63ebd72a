// What pages say about the Go source is there: each link to a file of etcd 3.5 names a file of the checkout in ETCD_SOURCE, and its
// fragment a function, a type, or a method of it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { loadParts } from '../../docs/site/book.ts';
import { REPOSITORY } from '../../steps/tool/chain.ts';

const LINK = /\]\(https:\/\/github\.com\/etcd-io\/etcd\/([^)\s]*)\)/g;
const ALLOWED = /^blob\/v3\.5\.30\/([\w./-]+\.(?:go|proto|sh))(?:#([\w.]+))?$/;
const source = process.env['ETCD_SOURCE'];

interface Citation {
  readonly page: string;
  readonly rest: string;
}

const citations: Citation[] = loadParts().flatMap(({ chapters }) =>
  chapters.flatMap(({ source: page }) => {
    const text = fs.readFileSync(path.join(REPOSITORY, page), 'utf8');
    return [...text.matchAll(LINK)].map((match) => ({ page, rest: match[1] ?? '' }));
  }),
);

/** Whether the text of a Go or proto file declares `symbol`: `name`, or `Type.member`. */
export function declares(text: string, symbol: string): boolean {
  const [type = '', member] = symbol.split('.');
  const name = member ?? type;
  const forms =
    member === undefined
      ? [
          `^func ${name}\\b`,
          `^type ${name}\\b`,
          `^\\s*${name}\\b.*=`,
          `^(?:var|const) ${name}\\b`,
          `^\\s*(?:message|service|rpc) ${name}\\b`,
        ]
      : [
          `^func \\(\\w+ \\*?${type}(?:\\[\\w+\\])?\\) ${name}\\b`,
          `^type ${type} (?:struct|interface) \\{[^]*?^\\t${name}\\b`,
        ];
  return forms.some((form) => new RegExp(form, 'm').test(text));
}

describe('links to the Go source', () => {
  it('are of one release, and name a file', () => {
    assert.ok(citations.length > 0);
    for (const { page, rest } of citations) assert.match(rest, ALLOWED, page);
  });

  it('lead to what is there', {
    skip: source === undefined ? 'set ETCD_SOURCE to a checkout of etcd 3.5' : false,
  }, () => {
    const wrong = citations.filter(({ rest }) => {
      const [, file = '', symbol] = ALLOWED.exec(rest) ?? [];
      const full = path.join(source ?? '', file);
      return !fs.existsSync(full) || (symbol !== undefined && !declares(fs.readFileSync(full, 'utf8'), symbol));
    });
    assert.deepEqual(wrong, []);
  });

  it('would notice a symbol that is not there', () => {
    const go = 'type T struct {\n\ta int\n}\n\nfunc (t *T) M() {}\nfunc F() {}\nconst C = 1\n';
    for (const symbol of ['T', 'T.a', 'T.M', 'F', 'C']) assert.ok(declares(go, symbol), symbol);
    for (const symbol of ['U', 'T.b', 'U.M', 'M', 'G']) assert.ok(!declares(go, symbol), symbol);
  });
});
