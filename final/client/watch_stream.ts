// Many watchers over one call, which is opened again, with whichever server answers, when it breaks. Mirrors clientv3's
// watchGrpcStream (spec/rpc.md 7, 16.1).

import { Watch } from '../../proto/load.ts';
import type { WatchRequest, WatchResponse } from '../../proto/schema.ts';
import { ClientError, Code } from './errors.ts';
import { STREAM_RETRY_MS } from './limits.ts';
import { pause } from './pause.ts';
import type { Rpc, Stream } from './rpc.ts';
import type { Watcher } from './watcher.ts';

/** The number of an answer that is for all watchers, or for one that could not be created. */
const noWatcher = -1n;

/** What a server says of a call that asked for a leader; trying again would hide just that. */
const noLeader = 'etcdserver: no leader';

const progressRequest = { progress_request: {} };

export class WatchStream {
  readonly #rpc: Rpc;
  readonly #metadata: Readonly<Record<string, string>>;
  /** All, wherever they are below. */
  readonly #watchers = new Set<Watcher>();
  /** Those whose readers have too much to read: the server knows nothing of them. */
  readonly #parked = new Set<Watcher>();
  /** What the server was asked to create, in order, in which it also answers; undefined for one that has gone since. */
  readonly #creating: (Watcher | undefined)[] = [];
  /** Those that the server has, by its number. */
  readonly #active = new Map<bigint, Watcher>();
  /** Numbers that the server was asked to cancel; it may not have known when it sent what comes from them. */
  readonly #canceling = new Set<bigint>();
  #call: Stream<WatchRequest, WatchResponse> | undefined;
  /** Aborted to end the call, or the attempt to make one. */
  #attempt = new AbortController();
  #running = false;
  #closed = false;
  #progressAsked = false;
  /** `wanted`: a server takes the token for old. `done`: there is a new one, and nothing was created with it yet. */
  #renewal: 'none' | 'wanted' | 'done' = 'none';

  constructor(rpc: Rpc, metadata: Readonly<Record<string, string>>) {
    this.#rpc = rpc;
    this.#metadata = metadata;
  }

  /** Has it created, now or as soon as there is a server. */
  add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#call !== undefined) this.#create(watcher);
    this.#ensureRunning();
  }

  /** Has it created again, from where it was. */
  resume(watcher: Watcher): void {
    if (this.#parked.delete(watcher) && this.#call !== undefined) this.#create(watcher);
  }

  /** Has it cancelled; without any watcher the call is ended. */
  remove(watcher: Watcher): void {
    if (!this.#watchers.delete(watcher)) return;
    this.#parked.delete(watcher);
    const at = this.#creating.indexOf(watcher);
    if (at !== -1) this.#creating[at] = undefined;
    this.#cancelActive(watcher);
    if (this.#watchers.size === 0) this.#hangUp();
  }

  /** Asks how far the server is, now or as soon as there is one; for nobody it does not ask. */
  requestProgress(): void {
    if (this.#watchers.size === 0) return;
    if (this.#call === undefined) this.#progressAsked = true;
    else this.#call.send(progressRequest);
  }

  /** Ends all watchers with an error. */
  close(): void {
    this.#closed = true;
    this.#failAll(ClientError.canceled());
    this.#hangUp();
  }

  #ensureRunning(): void {
    if (!this.#running) void this.#run();
  }

  /** Never throws. Ends when there is nobody to watch for. */
  async #run(): Promise<void> {
    this.#running = true;
    let wait: number = STREAM_RETRY_MS.first;
    while (!this.#closed && this.#watchers.size > 0) {
      const { signal } = (this.#attempt = new AbortController());
      try {
        if (this.#renewal === 'wanted') await this.#renewToken();
        const call = await this.#rpc.stream(Watch.methods.Watch, { signal, metadata: this.#metadata });
        // Everyone may have left since the call has begun: nobody else ends it.
        if (signal.aborted) call.cancel();
        else this.#begin(call);
        for await (const response of call.answers) {
          wait = STREAM_RETRY_MS.first;
          this.#receive(response);
        }
      } catch (error) {
        if (!signal.aborted && !this.#wantsToken(error) && isFatal(error)) this.#failAll(error);
      }
      this.#forgetCall();
      if (this.#watchers.size > 0) await pause(wait, signal);
      wait = Math.min(wait * 2, STREAM_RETRY_MS.last);
    }
    this.#running = false;
  }

  #begin(call: Stream<WatchRequest, WatchResponse>): void {
    this.#call = call;
    for (const watcher of this.#watchers) if (!this.#parked.has(watcher)) this.#create(watcher);
    if (this.#progressAsked) call.send(progressRequest);
    this.#progressAsked = false;
  }

  /** Throws ClientError, Unavailable where the server did not answer in time: the next attempt asks again. */
  async #renewToken(): Promise<void> {
    try {
      await this.#rpc.authenticate();
    } catch (error) {
      const isLate = error instanceof ClientError && error.code === Code.DeadlineExceeded;
      throw isLate ? new ClientError(Code.Unavailable, error.details) : error;
    }
    this.#renewal = 'done';
  }

  /** Whether the next attempt gets a new token because of an error; a new one is not tried twice. */
  #wantsToken(error: unknown): boolean {
    if (this.#renewal !== 'none' || !(error instanceof ClientError) || !this.#rpc.canRenewToken(error.details)) {
      return false;
    }
    this.#renewal = 'wanted';
    return true;
  }

  /** Ends the call; what still comes from it is not for the watchers of the next. */
  #hangUp(): void {
    this.#attempt.abort();
    this.#call?.cancel();
    this.#forgetCall();
    if (this.#watchers.size === 0) this.#progressAsked = false;
  }

  #forgetCall(): void {
    this.#call = undefined;
    this.#creating.length = 0;
    this.#active.clear();
    this.#canceling.clear();
  }

  #failAll(error: unknown): void {
    for (const watcher of this.#watchers) watcher.answers.fail(error);
    this.#watchers.clear();
    this.#parked.clear();
  }

  #create(watcher: Watcher): void {
    this.#creating.push(watcher);
    this.#call?.send({ create_request: watcher.createRequest() });
  }

  #cancel(id: bigint): void {
    this.#canceling.add(id);
    this.#call?.send({ cancel_request: { watch_id: id } });
  }

  #cancelActive(watcher: Watcher): void {
    for (const [id, active] of this.#active) {
      if (active !== watcher) continue;
      this.#active.delete(id);
      this.#cancel(id);
    }
  }

  #receive(response: WatchResponse): void {
    if (this.#call === undefined) return;
    if (response.created) return this.#receiveCreated(response);
    const { watch_id: id, canceled } = response;
    if (id === noWatcher && !canceled && response.events.length === 0) {
      for (const watcher of this.#active.values()) {
        watcher.progress(response);
        this.#parkIfFull(watcher);
      }
      return;
    }
    const watcher = this.#active.get(id);
    if (canceled) {
      this.#canceling.delete(id);
      this.#active.delete(id);
      if (watcher !== undefined) this.#end(watcher, response);
    } else if (watcher !== undefined) {
      watcher.put(response);
      this.#parkIfFull(watcher);
    } else if (!this.#canceling.has(id)) {
      this.#cancel(id);
    }
  }

  #receiveCreated(response: WatchResponse): void {
    const watcher = this.#creating.shift();
    const { watch_id: id, canceled, cancel_reason: reason } = response;
    if (canceled || id === noWatcher) {
      if (watcher === undefined) return;
      if (this.#wantsToken(ClientError.fromText(reason))) return this.#hangUp();
      return this.#end(watcher, response);
    }
    if (watcher === undefined) return this.#cancel(id);
    this.#renewal = 'none';
    this.#active.set(id, watcher);
    watcher.created(response.header?.revision ?? 0);
  }

  #end(watcher: Watcher, response: WatchResponse): void {
    watcher.canceled(response);
    this.remove(watcher);
  }

  /** The server would send more while nobody reads it. */
  #parkIfFull(watcher: Watcher): void {
    if (!watcher.isFull) return;
    this.#parked.add(watcher);
    this.#cancelActive(watcher);
  }
}

/** Whether another call would end in the same way, or should not be made. */
function isFatal(error: unknown): boolean {
  if (!(error instanceof ClientError)) return true;
  return error.details === noLeader || (error.code !== Code.Unavailable && error.code !== Code.Internal);
}
