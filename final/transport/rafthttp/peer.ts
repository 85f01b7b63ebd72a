// One other member: its streams both ways, the POSTs for when there is none, and the choice between them. Mirrors etcd's
// rafthttp/peer.go and remote.go.

import type http from 'node:http';
import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import type { DatabaseReader } from '../../server/peer_transport.ts';
import type { PeerContext } from './context.ts';
import { hexId } from './headers.ts';
import { Inbox } from './inbox.ts';
import { PeerStatus } from './peer_status.ts';
import { Pipeline } from './pipeline.ts';
import { Prober } from './prober.ts';
import { SnapshotSender } from './snapshot_sender.ts';
import type { StreamKind } from './stream_codec.ts';
import { StreamReader } from './stream_reader.ts';
import { StreamWriter } from './stream_writer.ts';
import { UrlPicker } from './url_picker.ts';

/** A member that the log tells of. */
export class Peer {
  readonly #id: bigint;
  readonly #context: PeerContext;
  readonly #picker: UrlPicker;
  readonly #status: PeerStatus;
  readonly #writers: Readonly<Record<StreamKind, StreamWriter>>;
  readonly #readers: readonly StreamReader[];
  readonly #pipeline: Pipeline;
  readonly #snapshots: SnapshotSender;
  readonly #prober: Prober;
  // A queue that is full is logged once, until it takes messages again.
  #isDropping = false;

  constructor(id: bigint, urls: readonly string[], context: PeerContext) {
    this.#id = id;
    this.#context = context;
    this.#picker = new UrlPicker(urls);
    this.#status = new PeerStatus(id, context.clock, context.log);
    const parts = { context, picker: this.#picker, status: this.#status, inbox: new Inbox(context) };
    this.#writers = {
      msgapp: new StreamWriter(id, 'msgapp', parts),
      message: new StreamWriter(id, 'message', parts),
    };
    this.#readers = [new StreamReader(id, 'msgapp', parts), new StreamReader(id, 'message', parts)];
    this.#pipeline = new Pipeline(id, parts);
    this.#snapshots = new SnapshotSender(id, parts);
    this.#prober = new Prober(id, parts);
    this.tick();
  }

  get activeSince(): number | undefined {
    return this.#status.activeSince;
  }

  update(urls: readonly string[]): void {
    this.#picker.update(urls);
  }

  /** Takes a message; it goes out with `flush`. One that cannot wait is dropped and reported. */
  send(message: RaftMessage): void {
    if (message.type === RaftMessageType.MsgSnap) return this.#refuseSnapshot();
    const writer = this.#writerFor(message);
    const isTaken = writer === undefined ? this.#pipeline.send(message) : writer.push(message);
    if (isTaken) this.#isDropping = false;
    else this.#dropped(message, writer === undefined ? 'pipeline' : 'stream');
  }

  flush(): void {
    this.#writers.msgapp.flush();
    this.#writers.message.flush();
  }

  sendSnapshot(message: RaftMessage, database: DatabaseReader): Promise<void> {
    return this.#snapshots.send(message, database);
  }

  /** Gives a stream that the peer has dialed its connection. */
  attach(kind: StreamKind, response: http.ServerResponse): void {
    this.#writers[kind].attach(response);
  }

  /** Dials what is not connected; to be called every PEER_REDIAL_MS. */
  tick(): void {
    for (const reader of this.#readers) reader.tick();
  }

  stop(): void {
    this.#context.log.info('stopping remote peer', { 'remote-peer-id': hexId(this.#id) });
    this.#prober.stop();
    for (const reader of this.#readers) reader.stop();
    this.#writers.msgapp.stop();
    this.#writers.message.stop();
    this.#pipeline.stop();
    this.#snapshots.stop();
    this.#context.log.info('stopped remote peer', { 'remote-peer-id': hexId(this.#id) });
  }

  #writerFor(message: RaftMessage): StreamWriter | undefined {
    const { msgapp, message: other } = this.#writers;
    if (message.type === RaftMessageType.MsgApp && msgapp.isAttached) return msgapp;
    return other.isAttached ? other : undefined;
  }

  #dropped(message: RaftMessage, way: string): void {
    this.#context.reports.unreachable(this.#id);
    if (this.#isDropping) return;
    this.#isDropping = true;
    this.#context.log.warn('dropped internal Raft message since sending buffer is full', {
      'message-type': message.type,
      'local-member-id': hexId(this.#context.local.id),
      from: hexId(message.from),
      'remote-peer-id': hexId(this.#id),
      'remote-peer-name': way,
      'remote-peer-active': this.#status.isActive,
    });
  }

  // A snapshot without its database would end the member that gets it.
  #refuseSnapshot(): void {
    this.#context.log.error('a snapshot was sent without its database', { 'remote-peer-id': hexId(this.#id) });
    this.#context.reports.snapshot(this.#id, false);
  }
}

/** A member that wrote to us, or that others told us of, before the log did: it only gets POSTs. */
export class Remote {
  readonly #id: bigint;
  readonly #context: PeerContext;
  readonly #pipeline: Pipeline;

  constructor(id: bigint, urls: readonly string[], context: PeerContext) {
    this.#id = id;
    this.#context = context;
    const status = new PeerStatus(id, context.clock, context.log);
    this.#pipeline = new Pipeline(id, { context, picker: new UrlPicker(urls), status });
  }

  send(message: RaftMessage): void {
    if (message.type === RaftMessageType.MsgSnap) return this.#context.reports.snapshot(this.#id, false);
    if (!this.#pipeline.send(message)) this.#context.reports.unreachable(this.#id);
  }

  stop(): void {
    this.#pipeline.stop();
  }
}
