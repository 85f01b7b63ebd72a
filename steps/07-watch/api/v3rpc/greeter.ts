// The smallest service: it greets. It shows each kind of call once, before a real service takes its place.

import { Greeter } from '../../../../proto/load.ts';
import type { GrpcServer } from '../../transport/grpc/server.ts';
import { Code, StatusError } from '../../transport/grpc/status.ts';

const GREETINGS = ['Hello', 'Bonjour', 'Guten Tag', 'Ni hao'] as const;

/** Registers helloworld.Greeter. */
export function registerGreeter(grpc: GrpcServer): void {
  grpc.addService(Greeter, {
    SayHello: ({ name }) => ({ message: greet('Hello', name) }),
    async SayHelloInLanguages(call) {
      for await (const { name } of call.requests()) {
        for (const greeting of GREETINGS) call.write({ message: greet(greeting, name) });
      }
    },
    async SayHelloToEach(call) {
      for await (const { name } of call.requests()) call.write({ message: greet('Hello', name) });
    },
  });
}

function greet(greeting: string, name: string): string {
  if (name === '') throw new StatusError(Code.InvalidArgument, 'helloworld: name is not provided');
  return `${greeting}, ${name}!`;
}
