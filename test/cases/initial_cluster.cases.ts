// What --initial-cluster may say, and with which words it is refused (spec/raft.md D2, D3). Rules that need several running
// members are in the cases of clusters.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from '../harness/ports.ts';
import type { StartOptions } from '../harness/server.ts';
import type { Case, CaseGroup } from './case.ts';
import { REFUSAL_LIMIT_MS, refusedStart } from './starting.ts';

const since = 'final';

/** URLs on free ports; the first is what the member listens on. */
type Urls = readonly [own: string, second: string, third: string];

interface Row {
  readonly name: string;
  /** Rule of 3.5 only. */
  readonly only?: '3.5';
  readonly initialCluster: (urls: Urls) => string;
  /** Unless it is the own URL. */
  readonly advertised?: (urls: Urls) => string;
  readonly flags?: Readonly<Record<string, string>>;
  readonly text: (urls: Urls) => string;
}

const existing = { 'initial-cluster-state': 'existing' };
const noName = () => `couldn't find local name "n1" in the initial cluster configuration`;
const nobody = 'cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs';
const badUrl = (text: string) => `error setting up initial cluster: ${text}`;

const rows: readonly Row[] = [
  { name: 'an initial cluster without this member', initialCluster: ([a]) => `b=${a}`, text: noName },
  { name: 'an initial cluster of nothing but a comma', initialCluster: () => ',', text: noName },
  {
    name: 'one URL more than is advertised',
    initialCluster: ([a, b]) => `n1=${b},n1=${a}`,
    text: ([a, b]) => {
      const [first, last] = [a, b].toSorted();
      return `--initial-cluster has n1=${b} but missing from --initial-advertise-peer-urls=${a} (len(["${a}"]) != len(["${first}" "${last}"]))`;
    },
  },
  {
    name: 'one URL less than is advertised',
    initialCluster: ([a]) => `n1=${a}`,
    advertised: ([a, b]) => `${a},${b}`,
    text: ([a, b]) =>
      `--initial-advertise-peer-urls has ${b} but missing from --initial-cluster=${[`n1=${a}`, `n1=${b}`].toSorted().join(',')}`,
  },
  {
    name: 'localhost where its address is advertised',
    initialCluster: ([a]) => `n1=${a.replace('127.0.0.1', 'localhost')}`,
    text: ([a]) => {
      const named = a.replace('127.0.0.1', 'localhost');
      return `--initial-cluster has n1=${named} but missing from --initial-advertise-peer-urls=${a} (resolved urls: "${a}" != "${named}")`;
    },
  },
  {
    name: 'the own URL twice',
    initialCluster: ([a]) => `n1=${a},n1=${a}`,
    text: ([a]) => `failed to resolve ${a} to match --initial-cluster=n1=${a} (len(["${a}"]) != len(["${a}" "${a}"]))`,
  },
  {
    name: 'a URL that two other members share',
    initialCluster: ([a, b]) => `n1=${a},x=${b},y=${b}`,
    text: ([a, b]) => `initial cluster n1=${a},x=${b},y=${b} has duplicate url`,
  },
  {
    name: 'a member without a URL',
    initialCluster: ([a]) => `n1=${a},b`,
    text: () => badUrl('URL scheme must be http, https, unix, or unixs: '),
  },
  {
    name: 'a member whose URL is none',
    initialCluster: ([a]) => `n1=${a},b=foo`,
    text: () => badUrl('URL scheme must be http, https, unix, or unixs: foo'),
  },
  {
    name: 'a member whose URL has no port',
    initialCluster: ([a]) => `n1=${a},b=http://127.0.0.1`,
    text: () => badUrl('URL address does not have the form "host:port": http://127.0.0.1'),
  },
  {
    name: 'a member whose URL has a path',
    initialCluster: ([a, b]) => `n1=${a},b=${b}/`,
    text: ([, b]) => badUrl(`URL must not contain a path: ${b}/`),
  },
  {
    name: 'a cluster to join without this member',
    initialCluster: ([a]) => `b=${a}`,
    flags: existing,
    text: noName,
  },
  {
    name: 'a cluster to join of which two members share a URL',
    initialCluster: ([a]) => `b=${a},n1=${a}`,
    flags: existing,
    text: ([a]) => `initial cluster b=${a},n1=${a} has duplicate url`,
  },
  {
    name: 'a cluster to join that is nobody else',
    initialCluster: ([a]) => `n1=${a}`,
    flags: existing,
    text: () => nobody,
  },
  {
    name: 'a cluster to join of which nobody answers',
    initialCluster: ([a, b, c]) => `n1=${a},x=${b},y=${c}`,
    flags: existing,
    text: () => nobody,
  },
  {
    name: 'a cluster to join, in which this member has other URLs, of which nobody answers',
    initialCluster: ([, b, c]) => `n1=${b},x=${c}`,
    flags: existing,
    text: () => nobody,
  },
];

async function threeUrls(): Promise<Urls> {
  const url = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`;
  return [await url(), await url(), await url()];
}

function given({ initialCluster, advertised, flags }: Row, urls: Urls): StartOptions {
  return {
    flags: {
      'listen-peer-urls': urls[0],
      'initial-advertise-peer-urls': advertised?.(urls) ?? urls[0],
      'initial-cluster': initialCluster(urls),
      ...flags,
    },
  };
}

const refused: Case[] = rows.map((row) => ({
  name: `${row.name}: the start is refused`,
  since,
  ...(row.only === undefined ? {} : { only: row.only }),
  server: 'none',
  run: async (t) => {
    const urls = await threeUrls();
    await refusedStart(t, given(row, urls), { status: 1, text: row.text(urls) });
  },
}));

const damage: Case = {
  name: 'a start that the initial cluster refuses leaves no log behind: the next one is a first start again',
  since,
  server: 'none',
  run: async (t) => {
    const [peer, other] = await threeUrls();
    const folder = t.folder();
    const flags = { 'listen-peer-urls': peer, 'initial-advertise-peer-urls': peer };
    const server = await t.launch({ folder, flags: { ...flags, 'initial-cluster': `n1=${other}` } });
    assert.equal((await server.ended(REFUSAL_LIMIT_MS)).code, 1);
    assert.ok(!fs.existsSync(path.join(folder, 'data', 'member', 'wal')));
    await t.start({ folder, flags: { ...flags, 'initial-cluster': `n1=${peer}` } });
  },
};

/** The cases of the initial cluster. */
export const initialClusterCases: CaseGroup = { name: 'initial cluster', cases: [...refused, damage] };
