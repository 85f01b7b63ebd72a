// gRPC beside HTTP/1 on one port, and the first service. The Greeter is there to learn from and is no part of an etcd; the
// facts about the port are.

import assert from 'node:assert/strict';
import path from 'node:path';
import { Greeter } from '../../proto/load.ts';
import { GrpcClient } from '../harness/grpc_client.ts';
import { freePort } from '../harness/ports.ts';
import { rawExchange } from '../harness/raw_socket.ts';
import { assertStatus, type Case, type CaseGroup, Code } from './case.ts';
import { get, STOP_LIMIT_MS, twoUrls } from './starting.ts';

const { SayHello, SayHelloInLanguages, SayHelloToEach } = Greeter.methods;
const since = '02-grpc-helloworld';
const until = '03-kv';
const NO_NAME = { code: Code.InvalidArgument, message: 'helloworld: name is not provided' } as const;

const greetings: Case[] = [
  {
    name: 'the Greeter greets',
    since,
    until,
    run: async (t) => {
      assert.equal((await t.ok(SayHello, { name: 'Ada' })).message, 'Hello, Ada!');
      assert.equal((await t.ok(SayHello, { name: 'Blaise 🧮' })).message, 'Hello, Blaise 🧮!');
    },
  },
  {
    name: 'the Greeter refuses to greet nobody, with code and text',
    since,
    until,
    run: (t) => t.refused(SayHello, {}, NO_NAME),
  },
  {
    name: 'one name is answered with a stream of greetings',
    since,
    until,
    run: async (t) => {
      const { code, responses } = await t.client.serverStream(SayHelloInLanguages, { name: 'Ada' });
      assert.equal(code, Code.OK);
      assert.deepEqual(
        responses.map(({ message }) => message),
        ['Hello, Ada!', 'Bonjour, Ada!', 'Guten Tag, Ada!', 'Ni hao, Ada!'],
      );
    },
  },
  {
    name: 'a stream of names is answered with a stream of greetings, in order',
    since,
    until,
    run: async (t) => {
      const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
      const { code, responses } = await t.client.bidi(
        SayHelloToEach,
        names.map((name) => ({ name })),
      );
      assert.equal(code, Code.OK);
      assert.deepEqual(
        responses.map(({ message }) => message),
        names.map((name) => `Hello, ${name}!`),
      );
    },
  },
  {
    name: 'a stream of no names is answered with no greetings, and ends well',
    since,
    until,
    run: async (t) => {
      const { code, responses } = await t.client.bidi(SayHelloToEach, []);
      assert.deepEqual([code, responses], [Code.OK, []]);
    },
  },
  {
    name: 'a stream ends with its error behind the greetings that came before it',
    since,
    until,
    run: async (t) => {
      const answer = await t.client.bidi(SayHelloToEach, [{ name: 'Ada' }, {}, { name: 'Blaise' }]);
      assertStatus(answer, NO_NAME);
      assert.deepEqual(
        answer.responses.map(({ message }) => message),
        ['Hello, Ada!'],
      );
    },
  },
  {
    name: 'many calls go over one connection at once, each with its own answer',
    since,
    until,
    run: async (t) => {
      const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
      const answers = await Promise.all(names.map((name) => t.ok(SayHello, { name })));
      assert.deepEqual(
        answers.map(({ message }) => message),
        names.map((name) => `Hello, ${name}!`),
      );
    },
  },
  {
    name: 'a call and GET /version are answered on one port',
    since,
    until,
    run: async (t) => {
      assert.equal((await t.ok(SayHello, { name: 'Ada' })).message, 'Hello, Ada!');
      const { status, body } = await get(t.server, '/version');
      assert.deepEqual([status, Object.keys(JSON.parse(body))], [200, ['etcdserver', 'etcdcluster']]);
    },
  },
];

// Connection preface of HTTP/2 and an empty SETTINGS frame (RFC 9113, 3.4).
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

const port: Case[] = [
  {
    name: 'the answer to the preface of HTTP/2 is a SETTINGS frame, also when the preface comes in pieces',
    since,
    run: async (t) => {
      for (const pieces of [
        [PREFACE, SETTINGS],
        ['P', 'RI * HT', 'TP/2.0\r\n', '\r\nSM\r\n\r', '\n', SETTINGS],
      ]) {
        const { bytes } = await rawExchange({ port: t.server.clientPort, pieces, limitMs: 500 });
        assert.ok(bytes.length >= 9, `${bytes.length} bytes`);
        assert.deepEqual([bytes[3], bytes[4]], [4, 0], 'type and flags of the first frame');
      }
    },
  },
  {
    name: 'a service that is not there is Unimplemented, and so is a method',
    since,
    run: async (t) => {
      for (const path of ['/foo.Bar/Nope', '/etcdserverpb.KV/Nope', '/helloworld.Greeter/Nope']) {
        const { code } = await t.client.unaryBytes(path, new Uint8Array(0));
        assert.equal(code, Code.Unimplemented, path);
      }
    },
  },
  {
    name: 'HTTP/1 and gRPC connections stay open side by side',
    since,
    run: async (t) => {
      const idle = await t.client.unaryBytes('/foo.Bar/Nope', new Uint8Array(0));
      assert.equal(idle.code, Code.Unimplemented);
      for (let round = 0; round < 5; round += 1) {
        assert.equal((await get(t.server, '/version')).status, 200);
        assert.equal((await t.client.unaryBytes('/foo.Bar/Nope', new Uint8Array(0))).code, Code.Unimplemented);
      }
    },
  },
  {
    name: 'every client URL of a list serves gRPC, the socket of a unix URL too',
    since,
    server: 'none',
    run: async (t) => {
      const socket = `localhost:${await freePort()}`;
      const urls = await twoUrls();
      const folder = t.folder();
      const listen = [`unix://${socket}`, ...urls].join(',');
      await t.start({ folder, flags: { 'listen-client-urls': listen }, clientPort: Number(new URL(urls[0]).port) });
      for (const address of [...urls.map((url) => url.slice('http://'.length)), `unix:${path.join(folder, socket)}`]) {
        const client = new GrpcClient(address);
        assert.equal((await client.unaryBytes('/foo.Bar/Nope', new Uint8Array(0))).code, Code.Unimplemented, address);
        client.close();
      }
    },
  },
  {
    name: 'SIGTERM ends the server within a second while a gRPC connection is open',
    since,
    server: 'none',
    run: async (t) => {
      const server = await t.start();
      const client = server.grpc();
      assert.equal((await client.unaryBytes('/foo.Bar/Nope', new Uint8Array(0))).code, Code.Unimplemented);
      server.signal('SIGTERM');
      assert.deepEqual(await server.ended(STOP_LIMIT_MS), { code: undefined, signal: 'SIGTERM' });
    },
  },
];

/** The cases of 02-grpc-helloworld. */
export const greeterCases: CaseGroup = { name: 'greeter', cases: [...greetings, ...port] };
