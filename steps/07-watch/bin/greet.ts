#!/usr/bin/env node
// A client of the Greeter, which makes each kind of call: one greeting for one name, several greetings for one name, and
// one stream of names against one stream of greetings.

import * as grpc from '@grpc/grpc-js';
import { codecs, Greeter } from '../../../proto/load.ts';
import type { HelloReply } from '../../../proto/schema.ts';

const USAGE = `usage: greet HOST:PORT NAME              one call, one greeting
       greet HOST:PORT --languages NAME  one call, a stream of greetings
       greet HOST:PORT --each NAME...    a stream of names, a stream of greetings
`;

const encodeRequest = (name: string): Buffer => Buffer.from(codecs['helloworld.HelloRequest'].encode({ name }));
const decodeReply = (bytes: Buffer): HelloReply => codecs['helloworld.HelloReply'].decode(bytes);

function main([endpoint, ...words]: readonly string[]): void {
  const kind = words[0]?.startsWith('--') ? words[0] : undefined;
  const names = kind === undefined ? words : words.slice(1);
  const [name] = names;
  if (endpoint === undefined || name === undefined) return fail(2, USAGE);
  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure());
  if (kind === undefined) sayHello(client, name);
  else if (kind === '--languages') sayHelloInLanguages(client, name);
  else if (kind === '--each') sayHelloToEach(client, names);
  else fail(2, USAGE);
}

function sayHello(client: grpc.Client, name: string): void {
  const { path } = Greeter.methods.SayHello;
  client.makeUnaryRequest(path, encodeRequest, decodeReply, name, (error, reply) => {
    if (error !== null) fail(1, `${error.message}\n`);
    else if (reply !== undefined) print(reply);
    client.close();
  });
}

function sayHelloInLanguages(client: grpc.Client, name: string): void {
  const { path } = Greeter.methods.SayHelloInLanguages;
  printAll(client, client.makeServerStreamRequest(path, encodeRequest, decodeReply, name));
}

function sayHelloToEach(client: grpc.Client, names: readonly string[]): void {
  const { path } = Greeter.methods.SayHelloToEach;
  const call = client.makeBidiStreamRequest(path, encodeRequest, decodeReply);
  printAll(client, call);
  for (const name of names) call.write(name);
  call.end();
}

function printAll(client: grpc.Client, replies: grpc.ClientReadableStream<HelloReply>): void {
  replies.on('data', print);
  replies.on('error', (error) => fail(1, `${error.message}\n`));
  replies.on('status', () => client.close());
}

function print({ message }: HelloReply): void {
  process.stdout.write(`${message}\n`);
}

function fail(status: number, text: string): void {
  process.stderr.write(text);
  process.exitCode = status;
}

main(process.argv.slice(2));
