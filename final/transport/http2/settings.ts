// SETTINGS of the peer (RFC 9113, section 6.5): which values are allowed, and the ones that matter to a server.

import {
  ConnectionError,
  DEFAULT_WINDOW_BYTES,
  ErrorCode,
  type Frame,
  MAX_WINDOW_BYTES,
  Setting,
  uint32,
} from './frames.ts';

const ENTRY_BYTES = 6;
const LEAST_MAX_FRAME = 2 ** 14;
const MOST_MAX_FRAME = 2 ** 24 - 1;
const DEFAULT_TABLE_BYTES = 4096;

export class PeerSettings {
  /** Window that each of our streams begins with. */
  initialWindow = DEFAULT_WINDOW_BYTES;
  /** Whether the bound of our dynamic table has ever been lower than the size it has from the beginning. */
  hasLoweredTable = false;

  /** Takes over the entries of a frame, in order. Throws {@link ConnectionError}. */
  apply({ bytes, start, end }: Frame): void {
    if ((end - start) % ENTRY_BYTES !== 0) throw new ConnectionError(ErrorCode.FRAME_SIZE_ERROR, 'half a setting');
    for (let at = start; at < end; at += ENTRY_BYTES) {
      this.#set(((bytes[at] as number) << 8) | (bytes[at + 1] as number), uint32(bytes, at + 2));
    }
  }

  // Unknown ones are ignored. Frames are never larger than the least bound, and there is no push: those two are only
  // checked.
  #set(id: number, value: number): void {
    switch (id) {
      case Setting.HEADER_TABLE_SIZE:
        if (value < DEFAULT_TABLE_BYTES) this.hasLoweredTable = true;
        return;
      case Setting.ENABLE_PUSH:
        if (value > 1) throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `ENABLE_PUSH ${value}`);
        return;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW_BYTES)
          throw new ConnectionError(ErrorCode.FLOW_CONTROL_ERROR, `INITIAL_WINDOW_SIZE ${value}`);
        this.initialWindow = value;
        return;
      case Setting.MAX_FRAME_SIZE:
        if (value < LEAST_MAX_FRAME || value > MOST_MAX_FRAME)
          throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, `MAX_FRAME_SIZE ${value}`);
        return;
      default:
        return;
    }
  }
}
