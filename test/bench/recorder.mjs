// Loaded into a server before its own code: the first SIGUSR2 starts a CPU profile, the second ends it and writes it to
// the file that BENCH_PROFILE names. `node --cpu-prof` would write only at an orderly exit, and profile the start too.

import fs from 'node:fs';
import { Session } from 'node:inspector';

const SAMPLING_INTERVAL_US = 500;

const file = process.env.BENCH_PROFILE;
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
process.once('SIGUSR2', () => {
  session.post('Profiler.start');
  process.once('SIGUSR2', () => {
    session.post('Profiler.stop', (error, result) => {
      if (error) throw error;
      // Whoever waits for the file must not see half of it.
      fs.writeFileSync(`${file}.part`, JSON.stringify(result.profile));
      fs.renameSync(`${file}.part`, file);
    });
  });
});
