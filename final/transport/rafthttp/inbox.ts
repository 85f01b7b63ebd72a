// Messages that came in: checked, counted, and handed to the server in order. What the server has not taken yet is bounded
// for each sender; proposals have a bound of their own, so that one which waits for a leader holds up nothing else.

import { type RaftMessage, RaftMessageType } from '../../../proto/schema.ts';
import { PEER_RECEIVED_MESSAGES, PEER_RECEIVED_PROPOSALS } from '../limits.ts';
import type { PeerContext } from './context.ts';
import { hexId } from './headers.ts';

/** Hands a message that came by POST to the server. Rejects when it is refused, by us or by the server. */
export async function processMessage(context: PeerContext, message: RaftMessage): Promise<void> {
  if (context.handler.isIdRemoved(message.from)) throw new Error('cannot process message from removed member');
  if (message.to !== context.local.id) throw new Error('cannot process message to mismatch member');
  await context.handler.process(message);
}

/** What comes from one peer by its streams. */
export class Inbox {
  readonly #context: PeerContext;
  #messages = 0;
  #proposals = 0;

  constructor(context: PeerContext) {
    this.#context = context;
  }

  /** Takes a message, or drops it when too many wait. */
  receive(message: RaftMessage): void {
    const isProposal = message.type === RaftMessageType.MsgProp;
    const isFull = isProposal ? this.#proposals >= PEER_RECEIVED_PROPOSALS : this.#messages >= PEER_RECEIVED_MESSAGES;
    if (isFull) return this.#dropped(message);
    if (isProposal) this.#proposals += 1;
    else this.#messages += 1;
    const done = (): void => {
      if (isProposal) this.#proposals -= 1;
      else this.#messages -= 1;
    };
    processMessage(this.#context, message).then(done, (error: Error) => {
      done();
      this.#context.log.warn('failed to process Raft message', { error: error.message });
    });
  }

  #dropped(message: RaftMessage): void {
    this.#context.log.warn('dropped internal Raft message since receiving buffer is full (overloaded network)', {
      'message-type': message.type,
      'local-member-id': hexId(this.#context.local.id),
      from: hexId(message.from),
    });
  }
}
