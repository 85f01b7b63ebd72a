// Scratch folders: made under the system's temporary folder, removed by whoever asked for them and, as a safety net, when
// the process ends.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folders = new Set<string>();
let registered = false;

/** A new empty folder, with links of the temporary folder's own path resolved. */
export function makeScratch(): string {
  if (!registered) {
    registered = true;
    process.once('exit', () => {
      for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
    });
  }
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'etcd-steps-'));
  folders.add(folder);
  return folder;
}

/** Removes a folder of `makeScratch` with all it holds. */
export function removeScratch(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  folders.delete(folder);
}
