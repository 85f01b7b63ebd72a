#!/usr/bin/env node
import { main } from '../etcdmain/main.ts';

await main(process.argv.slice(2));
