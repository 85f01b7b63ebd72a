// The v2 store, as far as etcd 3.5 still keeps the members and the cluster version in it: a tree of nodes that is the content
// of every raft snapshot, as JSON (spec/storage.md 6.6–6.9). Mirrors etcd's v2store/store.go and membership/store.go.

import type { Cluster, Member } from './cluster.ts';
import {
  type Attributes,
  decodeAttributes,
  decodeRaftAttributes,
  encodeAttributes,
  encodeRaftAttributes,
  goJson,
} from './member_json.ts';

const MEMBERS = '/0/members';
const REMOVED = '/0/removed_members';
const VERSION = '/0/version';
const NEVER = '0001-01-01T00:00:00Z';

interface V2Node {
  readonly Path: string;
  readonly CreatedIndex: number;
  readonly ModifiedIndex: number;
  readonly ExpireTime: string;
  readonly Value: string;
  /** Null for a leaf. */
  readonly Children: Record<string, V2Node> | null;
}

/** What a request on the v2 store in the log asks for, as far as the members make them. */
export type V2Change =
  | { readonly kind: 'attributes'; readonly id: bigint; readonly attributes: Attributes }
  | { readonly kind: 'version'; readonly version: string };

/** The meaning of a PUT, or undefined for one that has none here. */
export function v2ChangeOf(request: { readonly Path: string; readonly Val: string }): V2Change | undefined {
  if (request.Path === VERSION) return { kind: 'version', version: request.Val };
  const id = /^\/0\/members\/([0-9a-f]{1,16})\/attributes$/.exec(request.Path)?.[1];
  if (id === undefined) return undefined;
  return { kind: 'attributes', id: BigInt(`0x${id}`), attributes: decodeAttributes(request.Val) };
}

/** Path under which a member publishes its attributes. */
export function attributesPath(id: bigint): string {
  return `${MEMBERS}/${id.toString(16)}/attributes`;
}

export const VERSION_PATH = VERSION;

/** The v2 store that says what `cluster` says. `index`: how many changes it has had. */
export function encodeV2Store(cluster: Cluster, index: number): Uint8Array {
  const members = Object.fromEntries(
    cluster.members.map((member) => [member.id.toString(16), memberNode(member, index)]),
  );
  const removed = Object.fromEntries(
    cluster.removed.map((id) => [id.toString(16), leaf(`${REMOVED}/${id.toString(16)}`, '', index)]),
  );
  const children: Record<string, V2Node> = { members: directory(MEMBERS, members, index) };
  if (cluster.removed.length > 0) children['removed_members'] = directory(REMOVED, removed, index);
  if (cluster.version !== undefined) children['version'] = leaf(VERSION, cluster.version, index);
  const root = directory('/', { 0: directory('/0', children, 0), 1: directory('/1', {}, 0) }, 0);
  return Buffer.from(
    goJson({ Root: root, WatcherHub: emptyHub(index), CurrentIndex: index, Stats: {}, CurrentVersion: 2 }),
  );
}

/** Fills `cluster` from a v2 store; returns how many changes it has had. Throws SyntaxError, or an Error for a v2 user's data. */
export function decodeV2Store(bytes: Uint8Array, cluster: Cluster): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const { Root: root, CurrentIndex: index } = JSON.parse(text) as { Root: V2Node; CurrentIndex: number };
  const system = root.Children?.['0']?.Children ?? {};
  for (const [id, node] of Object.entries(system['members']?.Children ?? {})) {
    const raft = decodeRaftAttributes(node.Children?.['raftAttributes']?.Value ?? '{}');
    const own = decodeAttributes(node.Children?.['attributes']?.Value ?? '{}');
    cluster.put({ id: BigInt(`0x${id}`), ...raft, ...own });
  }
  for (const id of Object.keys(system['removed_members']?.Children ?? {})) cluster.remove(BigInt(`0x${id}`));
  const version = system['version']?.Value;
  if (version !== undefined) cluster.setVersion(version);
  return index;
}

function memberNode(member: Member, index: number): V2Node {
  const path = `${MEMBERS}/${member.id.toString(16)}`;
  const children: Record<string, V2Node> = {
    raftAttributes: leaf(`${path}/raftAttributes`, encodeRaftAttributes(member), index),
  };
  const attributes = encodeAttributes(member);
  if (attributes !== '{}') children['attributes'] = leaf(`${path}/attributes`, attributes, index);
  return directory(path, children, index);
}

function leaf(Path: string, Value: string, index: number): V2Node {
  return { Path, CreatedIndex: index, ModifiedIndex: index, ExpireTime: NEVER, Value, Children: null };
}

function directory(Path: string, children: Record<string, V2Node>, index: number): V2Node {
  const sorted = Object.fromEntries(Object.entries(children).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { Path, CreatedIndex: index, ModifiedIndex: index, ExpireTime: NEVER, Value: '', Children: sorted };
}

// The events that a v2 watcher could still ask for: none, but the list must be as long as its capacity says.
function emptyHub(index: number): object {
  const Capacity = 1000;
  const Queue = { Events: Array<null>(Capacity).fill(null), Size: 0, Front: 0, Back: 0, Capacity };
  return { EventHistory: { Queue, StartIndex: 0, LastIndex: index } };
}
