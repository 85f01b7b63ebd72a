// Watches of one client. All with the same metadata share a stream. Mirrors clientv3's Watcher.

import type { WatchResponse } from '../../proto/schema.ts';
import type { Rpc } from './rpc.ts';
import { Watcher, type WatchRequest } from './watcher.ts';
import { WatchStream } from './watch_stream.ts';

export interface WatchOptions {
  /** Ends the watch when it is aborted; reading it throws the reason then. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the watch, with an error, when the server it is at has no leader: it would see nothing new. */
  readonly requireLeader?: boolean | undefined;
}

/**
 * Answers with events, one or more revisions whole in each; answers without events tell how far the watcher is. The one with
 * `canceled` is the last: {@link watchError} tells why. When a connection breaks, the watch goes on with another, without a
 * gap and without repeating anything. Reading throws ClientError when that is not possible. Who stops reading ends the watch
 * at the server as well; who reads slowly makes the server wait.
 */
export type WatchAnswers = AsyncIterableIterator<WatchResponse, undefined>;

export class WatchClient {
  readonly #rpc: Rpc;
  readonly #streams = new Map<boolean, WatchStream>();

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Begins at once, not when it is read. */
  watch(request: WatchRequest, { signal, requireLeader }: WatchOptions = {}): WatchAnswers {
    const stream = this.#stream(requireLeader);
    const watcher = new Watcher(request, {
      onRoom: (parked) => stream.resume(parked),
      onLeave: (gone) => stream.remove(gone),
      signal,
    });
    stream.add(watcher);
    return watcher.answers;
  }

  /** Does nothing where nobody watches. */
  requestProgress({ requireLeader = false }: Pick<WatchOptions, 'requireLeader'> = {}): void {
    this.#streams.get(requireLeader)?.requestProgress();
  }

  /** Ends all watches, with an error. */
  close(): void {
    for (const stream of this.#streams.values()) stream.close();
    this.#streams.clear();
  }

  #stream(requireLeader = false): WatchStream {
    const known = this.#streams.get(requireLeader);
    if (known !== undefined) return known;
    const stream = new WatchStream(this.#rpc, requireLeader ? { hasleader: 'true' } : {});
    this.#streams.set(requireLeader, stream);
    return stream;
  }
}
