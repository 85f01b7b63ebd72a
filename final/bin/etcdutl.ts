#!/usr/bin/env node
import { exitWhenWritten, nodeIo, rawArguments } from '../etcdctl/io_node.ts';
import { main } from '../etcdutl/main.ts';

const status = await main({
  argv: rawArguments(process.argv.slice(2)),
  io: nodeIo(),
  printers: async () => (await import('../etcdctl/printers.ts')).newPrinter,
});
exitWhenWritten(status);
