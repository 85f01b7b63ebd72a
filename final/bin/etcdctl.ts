#!/usr/bin/env node
import { exitWhenWritten, nodeIo, rawArguments } from '../etcdctl/io_node.ts';
import { main } from '../etcdctl/main.ts';

// What a library does that Node would rather not have is not the user's concern.
process.noDeprecation = true;

const status = await main({
  argv: rawArguments(process.argv.slice(2)),
  env: process.env,
  io: nodeIo(),
  // Loaded only when a command needs them: they take as long to load as all the rest.
  services: {
    connect: async (options) => (await import('../client/client.ts')).Client.connect(options),
    printers: async () => (await import('../etcdctl/printers.ts')).newPrinter,
  },
});
exitWhenWritten(status);
