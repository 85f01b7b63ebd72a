#!/usr/bin/env node
// Golden replayer for etcdctl (Node >= 20, no dependencies).
//
//   node replay.mjs replay --etcdctl CMD --etcd CMD --golden FILE [--ports A-B] [--only RE] [--report FILE]
//   node replay.mjs replay --etcdctl CMD --endpoints HOST:PORT --golden FILE [--wipe] [--only RE] [--report FILE]
//   node replay.mjs list   --golden FILE
// With --server 3.5, cases that hold server_3_5 are compared with that answer (what the same
// 3.4.23 client gets from a 3.5 server); all other cases are the same for both lines.
// With --helper CMD another etcdctl does the replayer's own chores: wiping keys, reading revisions, and the puts before a case.
// With --verbose, cases that pass are named too.  With --strict, a server that dies between two cases is
// a failure (otherwise it is reported on stderr and a new one is started).
//
// CMD may be a path or a command line ("node dist/etcdctl.js"); it is split on blanks.
// Every instruction is taken from FILE, so FILE alone is enough for another harness.
// With --endpoints the target must be disposable: every case deletes ALL keys, and the
// leases, users and roles that exist at the start are removed (asked for with --wipe
// unless the key space is already empty).  Cases marked needs:["fresh"] or having
// serverFlags need a server of their own and are skipped in that mode.
// Exit status: 0 all passed, 1 some failed, 2 usage or set-up trouble.
import { spawn } from 'node:child_process';
import net from 'node:net';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

// ------------------------------------------------------------------ options
const opt = {};
const mode = process.argv[2];
for (let i = 3; i < process.argv.length; i++) {
  const a = process.argv[i];
  if (!a.startsWith('--')) die('unexpected argument ' + a);
  const eq = a.indexOf('=');
  if (eq > 0) opt[a.slice(2, eq)] = a.slice(eq + 1);
  else if (['wipe', 'verbose', 'strict'].includes(a.slice(2))) opt[a.slice(2)] = true;
  else opt[a.slice(2)] = process.argv[++i];
}
function die(msg) {
  console.error(msg);
  process.exit(2);
}
if (!['replay', 'list'].includes(mode)) die('usage: replay.mjs replay|list --etcdctl CMD --etcd CMD --golden FILE');
const CTL = (opt.etcdctl || 'etcdctl').split(/\s+/);
// The replayer's own chores (deleting all keys, reading the revision) are not what is tested: --helper CMD does them faster.
const HELPER = opt.helper ? opt.helper.split(/\s+/) : CTL;
const ETCD = opt.etcd ? opt.etcd.split(/\s+/) : null;
const TMP = fs.mkdtempSync(path.join(os.tmpdir(), 'etcdgold-'));
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const children = new Set();
process.on('exit', () => {
  for (const c of children) {
    try {
      c.kill('SIGKILL');
    } catch {}
  }
  fs.rmSync(TMP, { recursive: true, force: true });
});

// ------------------------------------------------------------------ ports
const used = new Set();
async function isFree(p) {
  return new Promise((res) => {
    const s = net.createServer();
    s.once('error', () => res(false));
    s.listen(p, '127.0.0.1', () => s.close(() => res(true)));
  });
}
async function freePort() {
  if (opt.ports) {
    const [a, b] = opt.ports.split('-').map(Number);
    for (let p = a; p <= b; p++)
      if (!used.has(p) && (await isFree(p))) {
        used.add(p);
        return p;
      }
    die('no free port in ' + opt.ports);
  }
  return new Promise((res) => {
    const s = net.createServer();
    s.listen(0, '127.0.0.1', () => {
      const p = s.address().port;
      s.close(() => res(p));
    });
  });
}

// ------------------------------------------------------------------ processes
const CLEAN = { PATH: process.env.PATH, HOME: TMP, TMPDIR: TMP };
function start(cmd, args, env = {}, stdin = 'ignore') {
  const p = spawn(cmd[0], [...cmd.slice(1), ...args], {
    env: { ...CLEAN, ...env },
    cwd: TMP,
    stdio: [stdin, 'pipe', 'pipe'],
  });
  children.add(p);
  p.o = [];
  p.e = [];
  p.spawnError = null;
  p.stdout.on('data', (d) => p.o.push(d));
  p.stderr.on('data', (d) => p.e.push(d));
  p.done = new Promise((res) => {
    p.on('error', (err) => {
      p.spawnError = err;
      res({ exit: -1, out: Buffer.alloc(0), err: Buffer.from(String(err)) });
    });
    p.on('close', (code, signal) => {
      children.delete(p);
      res({
        exit: signal ? 128 + os.constants.signals[signal] : code,
        out: Buffer.concat(p.o),
        err: Buffer.concat(p.e),
      });
    });
  });
  p.text = () => Buffer.concat(p.o).toString('utf8');
  p.errText = () => Buffer.concat(p.e).toString('utf8');
  return p;
}
async function finish(p, ms) {
  let t;
  const late = new Promise((res) => {
    t = setTimeout(() => res(null), ms);
  });
  const r = await Promise.race([p.done, late]);
  clearTimeout(t);
  if (r) return r;
  p.kill('SIGKILL');
  const k = await p.done;
  return { ...k, exit: 'timeout' };
}

// ------------------------------------------------------------------ server
class Server {
  constructor(flags = []) {
    this.flags = flags;
  }
  async start() {
    for (let attempt = 0; ; attempt++) {
      const c = await freePort(),
        q = await freePort();
      this.dir = fs.mkdtempSync(path.join(TMP, 'srv-'));
      this.ep = `127.0.0.1:${c}`;
      const cu = `http://127.0.0.1:${c}`,
        pu = `http://127.0.0.1:${q}`;
      this.p = start(ETCD, [
        '--name=goldnode',
        `--data-dir=${this.dir}/data`,
        `--listen-client-urls=${cu}`,
        `--advertise-client-urls=${cu}`,
        `--listen-peer-urls=${pu}`,
        `--initial-advertise-peer-urls=${pu}`,
        `--initial-cluster=goldnode=${pu}`,
        ...this.flags,
      ]);
      const t0 = Date.now();
      let ok = false;
      while (Date.now() - t0 < 20000 && this.p.exitCode === null && !this.p.spawnError) {
        const r = await chore(this.ep, ['get', 'x', '-w', 'json'], 3000);
        if (r.exit === 0) {
          ok = true;
          break;
        }
        await sleep(100);
      }
      this.ports = [c, q];
      if (ok) return this;
      const why = this.p.errText().slice(-1500);
      await this.stop();
      if (attempt >= 2) die('the server did not come up: ' + why);
    }
  }
  async stop() {
    this.p.kill('SIGTERM');
    await finish(this.p, 8000);
    for (const p of this.ports || []) used.delete(p);
  }
}
const chore = (ep, args, ms) => ctl(ep, args, {}, undefined, ms, HELPER);
async function ctl(ep, args, env, stdin, ms = 15000, cmd = CTL) {
  const p = start(cmd, [...(ep ? [`--endpoints=${ep}`] : []), ...args], env, stdin === undefined ? 'ignore' : 'pipe');
  if (stdin !== undefined) {
    p.stdin.on('error', () => {});
    p.stdin.end(stdin);
  }
  return finish(p, ms);
}

// ------------------------------------------------------------------ raw protobuf -> text
// Only what the protobuf printer of etcdctl can emit. n: nested message, s: bytes, otherwise varint.
const HDR = { name: 'header', f: { 1: 'cluster_id', 2: 'member_id', 3: 'revision', 4: 'raft_term' } };
const KV = {
  f: { 1: ['key', 's'], 2: 'create_revision', 3: 'mod_revision', 4: 'version', 5: ['value', 's'], 6: 'lease' },
};
const MEMB = { f: { 1: 'ID', 2: ['name', 's'], 3: ['peerURLs', 's'], 4: ['clientURLs', 's'], 5: 'isLearner' } };
const ALRM = { f: { 1: 'memberID', 2: 'alarm' } };
const PERM = { f: { 1: 'permType', 2: ['key', 's'], 3: ['range_end', 's'] } };
const R = (f) => ({ f: { 1: ['header', HDR], ...f } });
const RANGE = R({ 2: ['kvs', KV], 3: 'more', 4: 'count' });
const PUT = R({ 2: ['prev_kv', KV] });
const DEL = R({ 2: 'deleted', 3: ['prev_kvs', KV] });
const TXN = R({ 2: 'succeeded', 3: ['responses', { f: {} }] });
TXN.f[3][1].f = {
  1: ['response_range', RANGE],
  2: ['response_put', PUT],
  3: ['response_delete_range', DEL],
  4: ['response_txn', TXN],
};
const SCHEMA = {
  RespHeader: HDR,
  Range: RANGE,
  Put: PUT,
  DeleteRange: DEL,
  Txn: TXN,
  MemberList: R({ 2: ['members', MEMB] }),
  Alarm: R({ 2: ['alarms', ALRM] }),
  Watch: R({
    2: 'watch_id',
    3: 'created',
    4: 'canceled',
    5: 'compact_revision',
    11: ['events', { f: { 1: 'type', 2: ['kv', KV], 3: ['prev_kv', KV] } }],
  }),
  RoleGet: R({ 2: ['perm', PERM] }),
  Names: R({ 2: ['names', 's'] }),
  Header: R({}),
  MemberUpdate: R({ 2: ['members', MEMB] }),
};
function decode(buf, schema) {
  let i = 0;
  const varint = () => {
    let v = 0n,
      s = 0n;
    for (;;) {
      if (i >= buf.length) throw new Error('short varint');
      const b = buf[i++];
      v |= BigInt(b & 127) << s;
      if (b < 128) return v;
      s += 7n;
    }
  };
  const out = [];
  while (i < buf.length) {
    const tag = varint(),
      num = Number(tag >> 3n),
      wt = Number(tag & 7n);
    const d = schema.f[num];
    const nm = Array.isArray(d) ? d[0] : d || String(num);
    if (wt === 0) out.push(`${nm}: ${varint()}`);
    else if (wt === 2) {
      const n = Number(varint());
      const b = buf.subarray(i, i + n);
      i += n;
      if (b.length !== n) throw new Error('short field');
      if (Array.isArray(d) && d[1] !== 's') out.push(`${nm} {${decode(b, d[1])}}`);
      else out.push(`${nm}: ${JSON.stringify(b.toString('latin1'))}`);
    } else throw new Error('wire type ' + wt);
  }
  return out.join(' ');
}

// ------------------------------------------------------------------ normalising
// Placeholders in stdout/stderr:
//   <EP> endpoint given   <CLIENTURL> <PEERURL> <NAME> this member's   <TMP> scratch folder
//   <CLUSTER_ID> <MEMBER_ID> decimal   <CLUSTER_IDX> <MEMBER_IDX> hex   <LEARNER_ID>/<LEARNER_IDX> a member added by the case
//   <REV+n> a revision n above the one read just before the case's setup (REV-n below)
//   <TERM> raft term   <LEASE> lease id in hex   <LEASE_DEC> in decimal   <DUR> a duration   <TS> a time stamp   <UUID>
//   <N> any other volatile number (raft index, sizes, hashes, remaining TTL)   <VERSION> server version
// In argv/stdin: {{EP}} {{TMP}} {{REV+n}} {{MEMBER_IDX}} {{PEERURL}} and {{NAME}}s captured by setup steps.
function normalise(text, c, ctx) {
  let s = text;
  const lit = (from, to) => {
    if (from) s = s.split(from).join(to);
  };
  lit(TMP, '<TMP>');
  for (const [k, v] of Object.entries(ctx.vars)) if (k.startsWith('LEARNER')) lit(v, `<${k}>`);
  s = s.replace(/"level":"(\w+)","ts":("[^"]*"|[\d.e+]+)/g, '"level":"$1","ts":<TS>');
  s = s.replace(/endpoint:\/\/client-[0-9a-f-]{36}\//g, 'endpoint://client-<UUID>/');
  s = s.replace(/etcd-endpoints:\/\/0x[0-9a-f]+\//g, 'etcd-endpoints://<PTR>/');
  const fresh = (c.needs || []).includes('fresh');
  const rev = (v) => {
    if (fresh) return v;
    const n = Number(v) - ctx.rev;
    return v === '0' || v === '-1' ? v : `<REV${n < 0 ? n : '+' + n}>`;
  };
  s = s.replace(
    /("?(?:revision|create_revision|mod_revision|compact_revision|Revision|CreateRevision|ModRevision|CompactRevision)"? ?: ?)(\d+)/g,
    (m, a, v) => a + rev(v),
  );
  s = s.replace(
    /(compacted revision |ETCD_LOCK_REV=|ETCD_WATCH_REVISION=|progress notify: |Compact(?:ing|ed) with revision )(\d+)/g,
    (m, a, v) => a + rev(v),
  );
  s = s.replace(/("(?:raft_term|raftTerm|RaftTerm)" ?: ?|\braft_term: )(\d+)/g, '$1<TERM>');
  s = s.replace(
    /("(?:raftIndex|raftAppliedIndex|dbSize|dbSizeInUse|RaftIndex|RaftAppliedIndex|DBSize|DBSizeInUse)" ?: ?)(\d+)/g,
    '$1<N>',
  );
  for (const [v, ph] of ctx.ids) s = s.replace(new RegExp(`(?<![0-9A-Za-z.])${v}(?![0-9A-Za-z])`, 'g'), ph);
  for (const [k, v] of Object.entries(ctx.vars))
    if (k.startsWith('LEASE')) {
      lit(v, `<${k}>`);
      lit(BigInt('0x' + v).toString(), `<${k}_DEC>`);
    }
  s = s.replace(/\blease [0-9a-f]{16} (granted|revoked|keepalived|already|expired)/g, 'lease <LEASE> $1');
  s = s.replace(/^Member +(\S+ \w+ \w+ cluster) +/gm, 'Member $1 '); // IDs are padded with blanks to 16 columns
  s = s.replace(/took = [^\s]+/g, 'took = <DUR>').replace(/("[Tt]ook" ?: ?"?)[0-9.]+(?:ns|µs|ms|s)/g, '$1<DUR>');
  s = s.replace(/remaining\(-?\d+s\)/g, 'remaining(<N>s)');
  for (const [re, to] of c.mask || []) s = s.replace(new RegExp(re, 'gm'), to);
  if (c.member) {
    lit(`"${ctx.name}"`, '"<NAME>"');
    s = s
      .replace(new RegExp(`(?<=[ |])${esc(ctx.name)}(?=[ ,|])`, 'g'), '<NAME>')
      .replace(new RegExp(`(["=,]|^)${esc(ctx.name)}=`, 'gm'), '$1<NAME>=');
  }
  lit(ctx.clientURL, '<CLIENTURL>');
  lit(ctx.peerURL, '<PEERURL>');
  lit(ctx.ep, '<EP>');
  if (c.sortLog) {
    const l = s.split('\n');
    s = [...l.filter((x) => x.startsWith('{')).sort(), ...l.filter((x) => !x.startsWith('{'))].join('\n');
  } // log lines of two threads
  if (c.table) s = s.replace(/-{2,}/g, '-').replace(/ {2,}/g, ' ');
  return s;
}
const esc = (x) => x.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
function fill(s, ctx) {
  return s
    .replace(/\{\{REV([+-]\d+)?\}\}/g, (m, d) => String(ctx.rev + Number(d || 0)))
    .replace(/\{\{(\w+)\}\}/g, (m, k) => {
      const v = { EP: ctx.ep, TMP, MEMBER_IDX: ctx.memberHex, PEERURL: ctx.peerURL, ...ctx.vars }[k];
      if (v === undefined) throw new Error('no value for ' + m);
      return v;
    });
}

// ------------------------------------------------------------------ one case
async function serverInfo(ep) {
  const m = await chore(ep, ['member', 'list', '-w', 'json']);
  if (m.exit !== 0) die('member list failed: ' + m.err);
  const txt = m.out.toString();
  const num = (re) => (txt.match(re) || [])[1];
  const j = JSON.parse(txt.replace(/("(?:ID|cluster_id|member_id)":)(\d+)/g, '$1"$2"'));
  const self = j.members.find((x) => x.ID === j.header.member_id) || j.members[0];
  const hex = (d) => BigInt(d).toString(16);
  return {
    ep,
    name: self.name,
    clientURL: self.clientURLs[0],
    peerURL: self.peerURLs[0],
    memberHex: hex(self.ID),
    ids: [
      [self.ID, '<MEMBER_ID>'],
      [hex(self.ID), '<MEMBER_IDX>'],
      [j.header.cluster_id, '<CLUSTER_ID>'],
      [hex(j.header.cluster_id), '<CLUSTER_IDX>'],
    ],
    num,
  };
}
async function revision(ep) {
  const r = await chore(ep, ['get', 'x', '-w', 'json']);
  if (r.exit !== 0) throw new Error('cannot read the revision: ' + r.err);
  return Number(/"revision":(\d+)/.exec(r.out.toString())[1]);
}
async function step(ctx, st, label) {
  const s = Array.isArray(st) ? { argv: st } : st;
  for (let i = 0; i < (s.repeat || 1); i++) {
    if (s.sleep) {
      await sleep(s.sleep);
      continue;
    }
    ctx.vars.I = String(i);
    const r = await ctl(
      ctx.ep,
      s.argv.map((a) => fill(a, ctx)),
      s.env,
      s.fill ? 'x'.repeat(s.fill) : s.stdin,
      s.timeoutMs,
      label === 'setup' && s.argv[0] === 'put' ? HELPER : CTL,
    );
    if (r.exit !== 0 && !s.mayFail) throw new Error(`${label} ${JSON.stringify(s.argv)} -> ${r.exit} ${r.err}${r.out}`);
    for (const [k, re] of Object.entries(s.capture || {})) {
      const m = new RegExp(re).exec(r.out.toString());
      if (!m) throw new Error(`${label}: ${k} not found in ${r.out}`);
      ctx.vars[k] = m[1];
    }
  }
}
async function until(p, re, ms, what = 'text') {
  const t0 = Date.now();
  const rx = new RegExp(re, 'm');
  while (Date.now() - t0 < ms) {
    if (rx.test(p[what]())) return true;
    if (p.exitCode !== null || p.signalCode) {
      await sleep(30);
      return rx.test(p[what]());
    }
    await sleep(15);
  }
  return false;
}
async function runCase(c, srv) {
  const ctx = { ...srv, vars: {}, rev: 0 };
  const bgs = [];
  let res;
  try {
    if (!(c.needs || []).includes('fresh') && !c.noWipe) {
      const w = await chore(ctx.ep, ['del', '', '--prefix']);
      if (w.exit !== 0) throw new Error('wipe: ' + w.err);
    }
    ctx.rev = await revision(ctx.ep);
    for (const s of c.setup || []) await step(ctx, s, 'setup');
    for (const b of c.background || []) {
      const p = start(
        CTL,
        [`--endpoints=${ctx.ep}`, ...b.argv.map((a) => fill(a, ctx))],
        b.env,
        b.stdin ? 'pipe' : 'ignore',
      );
      bgs.push([p, b]);
      if (b.ready && !(await until(p, b.ready, 8000)))
        throw new Error('background not ready: ' + p.text() + p.errText());
      if (b.waitMs) await sleep(b.waitMs);
    }
    const argv = [...(c.noEndpoint ? [] : [`--endpoints=${ctx.ep}`]), ...c.argv.map((a) => fill(a, ctx))];
    const env = Object.fromEntries(Object.entries(c.env || {}).map(([k, v]) => [k, fill(v, ctx)]));
    const one = async () => {
      const live = c.interactive || c.during || c.signal;
      const input = c.stdinFill ? 'x'.repeat(c.stdinFill) : c.stdin === undefined ? undefined : fill(c.stdin, ctx);
      const p = start(CTL, argv, env, input !== undefined || c.interactive ? 'pipe' : 'ignore');
      if (p.stdin) p.stdin.on('error', () => {});
      if (input !== undefined) p.stdin.end(input);
      if (!live) return finish(p, c.timeoutMs || 15000);
      let note = '';
      if (c.during) await sleep(c.startMs || 600);
      for (const s of c.during || []) await step(ctx, s, 'during');
      for (const s of c.interactive || []) {
        if (s.write !== undefined) p.stdin.write(fill(s.write, ctx));
        if (s.run) await step(ctx, s.run, 'during');
        if (s.sleep) await sleep(s.sleep);
        if (s.until && !(await until(p, s.until, 6000, s.on === 'stderr' ? 'errText' : 'text')))
          note = `\n[until ${s.until} not seen]`;
      }
      if (c.interactive) p.stdin.end();
      if (c.until && !(await until(p, c.until, c.timeoutMs || 6000))) note = `\n[until ${c.until} not seen]`;
      if (c.signal) p.kill(c.signal);
      const r = await finish(p, 8000);
      if (note) r.err = Buffer.concat([r.err, Buffer.from(note)]);
      return r;
    };
    const t0 = Date.now();
    do {
      res = await one();
      if (!c.poll || new RegExp(c.poll).test(res.out.toString())) break;
      await sleep(100);
    } while (Date.now() - t0 < 6000);
    let stdout;
    if (c.proto) {
      try {
        stdout = 'proto:' + decode(res.out, SCHEMA[c.proto]).replace(/(ID|cluster_id|member_id|memberID): /g, '$1: ');
      } catch (e) {
        stdout = 'undecodable ' + e.message + ' ' + res.out.toString('hex');
      }
    } else stdout = res.out.toString('utf8');
    return {
      exit: res.exit,
      stdout: normalise(stdout, c, ctx),
      stderr: normalise(res.err.toString('utf8'), c, ctx),
      rawStdout: res.out,
    };
  } catch (e) {
    return { exit: 'harness', stdout: '', stderr: String(e.message) };
  } finally {
    for (const [p, b] of bgs) {
      p.kill(b.signal || 'SIGINT');
      await finish(p, 5000);
    }
    for (const s of c.teardown || []) {
      try {
        await step(ctx, { ...(Array.isArray(s) ? { argv: s } : s), mayFail: true }, 'teardown');
      } catch {}
    }
  }
}

// ------------------------------------------------------------------ driving
async function purge(ep) {
  const leases = (await chore(ep, ['lease', 'list'])).out.toString().split('\n').slice(1).filter(Boolean);
  for (const l of leases) await chore(ep, ['lease', 'revoke', l]);
  for (const [kind] of [['user'], ['role']])
    for (const n of (await chore(ep, [kind, 'list'])).out.toString().split('\n').filter(Boolean))
      await chore(ep, [kind, 'delete', n]);
  await chore(ep, ['del', '', '--prefix']);
}
const key = (c) => ((c.needs || []).includes('fresh') ? 'fresh' : JSON.stringify(c.serverFlags || []));
async function drive(cases, onResult) {
  const skipped = [];
  let todo = cases;
  if (opt.endpoints) {
    const info = await serverInfo(opt.endpoints);
    const any = Number(
      /"count":(\d+)/.exec(
        (await chore(opt.endpoints, ['get', '', '--prefix', '--keys-only', '-w', 'json'])).out.toString(),
      )?.[1] || 0,
    );
    if (any && !opt.wipe) die(`the target holds ${any} keys; add --wipe to let every case delete them`);
    await purge(opt.endpoints);
    todo = cases.filter((c) => {
      const ok = key(c) === '[]';
      if (!ok) skipped.push(c.name);
      return ok;
    });
    for (const c of todo) await onResult(c, await runCase(c, info));
    await purge(opt.endpoints);
    return skipped;
  }
  if (!ETCD) die('--etcd or --endpoints is needed');
  let cur = null,
    srv = null,
    info = null;
  for (const c of todo) {
    if (key(c) !== cur) {
      if (srv) await srv.stop();
      srv = await new Server(c.serverFlags || []).start();
      info = await serverInfo(srv.ep);
      cur = key(c);
    }
    let r = await runCase(c, info);
    if (srv.p.exitCode !== null || srv.p.signalCode) {
      // it must not die; say so, and go on with a new one
      console.error(
        `!! the server ended during ${c.name} (${srv.p.signalCode || srv.p.exitCode}): ${srv.p.errText().trimEnd().split('\n').slice(-3).join(' | ')}`,
      );
      srv = await new Server(c.serverFlags || []).start();
      info = await serverInfo(srv.ep);
      const again = await runCase(c, info);
      r = r.exit === 'harness' && !opt.strict ? again : { ...r, exit: 'server-died' };
    }
    await onResult(c, r);
  }
  if (srv) await srv.stop();
  return skipped;
}
function compare(c0, r) {
  // a case may hold the answer of another server line, e.g. server_3_5, chosen with --server 3.5
  const other = opt.server && c0['server_' + opt.server.replace('.', '_')];
  const c = other ? { ...other } : c0;
  const bad = [];
  if (r.exit !== c.exit) bad.push(['exit', c.exit, r.exit]);
  for (const f of ['stdout', 'stderr']) {
    if (c[f] !== undefined && c[f] !== null && r[f] !== c[f]) bad.push([f, c[f], r[f]]);
    for (const re of c[f + 'Match'] || []) if (!new RegExp(re, 'm').test(r[f])) bad.push([f + ' ~', re, r[f]]);
  }
  return bad;
}
async function main() {
  if (mode === 'list') {
    for (const c of JSON.parse(fs.readFileSync(opt.golden))) console.log(c.group.padEnd(10), c.name);
    return 0;
  }
  const only = opt.only ? new RegExp(opt.only) : null;
  const cases = JSON.parse(fs.readFileSync(opt.golden)).filter((c) => !only || only.test(c.name));
  let pass = 0;
  const report = [];
  const skipped = await drive(cases, async (c, r) => {
    const bad = compare(c, r);
    if (!bad.length) {
      pass++;
      if (opt.verbose) console.log('ok   ' + c.name);
      return;
    }
    report.push({
      name: c.name,
      argv: c.argv,
      diffs: bad.map(([field, expected, actual]) => ({ field, expected, actual })),
    });
    console.log(`FAIL ${c.name}   etcdctl ${c.argv.join(' ')}`);
    for (const [f, e, a] of bad) {
      console.log(`  ${f}\n    expected ${JSON.stringify(e)}\n    actual   ${JSON.stringify(a)}`);
    }
  });
  if (opt.report) fs.writeFileSync(opt.report, JSON.stringify({ pass, fail: report.length, skipped, report }, null, 1));
  console.log(`${pass} passed, ${report.length} failed, ${skipped.length} skipped`);
  return report.length ? 1 : 0;
}
process.exitCode = await main();
process.exit();
