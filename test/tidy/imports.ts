// Who may import whom: the boundaries of final/ (final/ARCHITECTURE.md). The first entry whose folder holds a file says
// what that file may import; a folder may always import itself.

import path from 'node:path';
import type { SourceFile } from './check.ts';

interface Boundary {
  readonly folder: string;
  /** Prefixes of project paths, packages, or `node:*`. */
  readonly mayImport: readonly string[];
}

const COMMON = [
  'proto/load.ts',
  'proto/schema.ts',
  'final/core/',
  'final/ports.ts',
  'final/limits.ts',
  'final/version.ts',
];

const BOUNDARIES: readonly Boundary[] = [
  { folder: 'final/core/', mayImport: ['proto/schema.ts'] },
  { folder: 'final/storage/', mayImport: [...COMMON, 'node:*'] },
  { folder: 'final/transport/grpc/', mayImport: [...COMMON, 'final/transport/', 'node:*'] },
  { folder: 'final/transport/http2/', mayImport: ['final/transport/limits.ts', 'final/ports.ts', 'node:*'] },
  {
    folder: 'final/transport/',
    mayImport: [
      ...COMMON,
      'final/etcdmain/urls.ts',
      'final/server/cluster.ts',
      'final/server/member_json.ts',
      'final/server/peer_calls.ts',
      'final/server/peer_transport.ts',
      'final/storage/fs.ts',
      'final/storage/snap/snap_db.ts',
      'node:*',
    ],
  },
  {
    folder: 'final/server/',
    mayImport: [
      ...COMMON,
      'final/storage/',
      'final/etcdmain/config.ts',
      'final/etcdmain/duration.ts',
      'final/etcdmain/urls.ts',
      'node:*',
    ],
  },
  {
    folder: 'final/api/',
    mayImport: [...COMMON, 'final/server/', 'final/transport/grpc/', 'final/client/concurrency/', 'node:*'],
  },
  // Also for the server, which runs the same locks and elections on its own store.
  {
    folder: 'final/client/concurrency/',
    mayImport: ['proto/', 'final/client/prefix.ts', 'final/client/abort.ts', 'final/client/limits.ts'],
  },
  { folder: 'final/client/', mayImport: ['proto/', 'node:*', '@grpc/grpc-js'] },
  {
    folder: 'final/etcdctl/',
    mayImport: [
      'proto/',
      'final/client/',
      'final/etcdutl/',
      'final/core/mvcc/hash.ts',
      'final/etcdmain/urls.ts',
      'final/storage/fs_node.ts',
      'final/version.ts',
      'node:*',
      '@grpc/grpc-js',
    ],
  },
  {
    folder: 'final/etcdutl/',
    mayImport: [
      ...COMMON,
      'final/storage/',
      'final/etcdctl/',
      'final/etcdmain/urls.ts',
      'final/server/cluster.ts',
      'final/server/data_dir.ts',
      'final/server/member_json.ts',
      'final/server/v2store.ts',
      'node:*',
    ],
  },
  { folder: 'final/', mayImport: ['final/', 'proto/', 'node:*', 'yaml'] },
  { folder: 'proto/', mayImport: ['node:*', 'protobufjs', '@grpc/grpc-js'] },
];

/** Finds imports that cross a boundary, and re-exports, which hide where a name comes from. */
export function checkImports(files: readonly SourceFile[]): string[] {
  return files.filter((file) => file.path.endsWith('.ts')).flatMap((file) => [...crossings(file), ...barrels(file)]);
}

function crossings(file: SourceFile): string[] {
  const boundary = BOUNDARIES.find(({ folder }) => file.path.startsWith(folder));
  if (boundary === undefined) return [];
  return importsOf(file)
    .filter(
      (target) =>
        !target.startsWith(boundary.folder) && !boundary.mayImport.some((allowed) => matches(target, allowed)),
    )
    .map((target) => `${file.path}: ${boundary.folder} may not import ${target}`);
}

function matches(target: string, allowed: string): boolean {
  if (allowed === 'node:*') return target.startsWith('node:');
  return allowed.endsWith('/') ? target.startsWith(allowed) : target === allowed;
}

/** What a file imports: project paths from the root, packages by name. */
export function importsOf(file: SourceFile): string[] {
  const targets = [
    ...file.text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm),
  ];
  return targets.map((match) => {
    const target = (match[1] ?? match[2] ?? match[3]) as string;
    return target.startsWith('.') ? path.posix.join(path.posix.dirname(file.path), target) : target;
  });
}

function barrels(file: SourceFile): string[] {
  return /^export\s+(\*|\{[^}]*\})\s+from\s/m.test(file.text) ? [`${file.path}: re-exports from another file`] : [];
}
