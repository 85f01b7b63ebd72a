// What a follower does with messages. Mirrors stepFollower and the handlers of appends and heartbeats of etcd's
// raft/raft.go.

import type { RaftMessage } from '../../../proto/schema.ts';
import { RaftMessageType } from '../../../proto/schema.ts';
import { hup } from './election.ts';
import { RaftError } from './errors.ts';
import { hex, isFromLeader, newMessage, NONE } from './messages.ts';
import type { Raft } from './raft.ts';
import { contextOf } from './read_only.ts';
import { handleSnapshot } from './snapshot_restore.ts';

export function stepFollower(raft: Raft, message: RaftMessage): void {
  if (isFromLeader(message.type)) {
    raft.electionElapsed = 0;
    raft.lead = message.from;
    handleLeaderMessage(raft, message);
    return;
  }
  switch (message.type) {
    case RaftMessageType.MsgProp:
      forwardProposal(raft, message);
      return;
    case RaftMessageType.MsgTransferLeader:
      forwardOrDrop(raft, message, 'leader transfer msg');
      return;
    case RaftMessageType.MsgReadIndex:
      forwardOrDrop(raft, message, 'index reading msg');
      return;
    case RaftMessageType.MsgTimeoutNow: {
      const what = `received MsgTimeoutNow from ${hex(message.from)} and starts an election to get leadership.`;
      raft.logger.info(`${hex(raft.id)} [term ${raft.term}] ${what}`);
      // Never a pre-vote: the leader knows that this log is complete and waits to be replaced.
      hup(raft, 'transfer');
      return;
    }
    case RaftMessageType.MsgReadIndexResp:
      takeReadState(raft, message);
      return;
    default:
  }
}

/** Takes an append, a heartbeat or a snapshot of the leader of this term. */
export function handleLeaderMessage(raft: Raft, message: RaftMessage): void {
  if (message.type === RaftMessageType.MsgApp) handleAppend(raft, message);
  else if (message.type === RaftMessageType.MsgHeartbeat) handleHeartbeat(raft, message);
  else handleSnapshot(raft, message);
}

function handleAppend(raft: Raft, message: RaftMessage): void {
  const { log } = raft;
  const response = newMessage(RaftMessageType.MsgAppResp, message.from);
  if (message.index < log.committed) {
    // What is committed is the leader's too: it may go on from there.
    response.index = log.committed;
    raft.send(response);
    return;
  }
  const last = log.maybeAppend(message.index, message.logTerm, message.commit, message.entries);
  if (last === undefined) reject(raft, message, response);
  else response.index = last;
  raft.send(response);
}

// The hint is the largest index at which this log can agree with the leader's: no entry above it has a term low enough.
function reject(raft: Raft, message: RaftMessage, response: RaftMessage): void {
  const { log } = raft;
  const own = `[logterm: ${log.term(message.index)}, index: ${message.index}]`;
  const asked = `[logterm: ${message.logTerm}, index: ${message.index}]`;
  raft.logger.debug(`${hex(raft.id)} ${own} rejected MsgApp ${asked} from ${hex(message.from)}`);
  const hint = log.findConflictByTerm(Math.min(message.index, log.lastIndex()), message.logTerm);
  response.index = message.index;
  response.reject = true;
  response.rejectHint = hint;
  response.logTerm = log.term(hint);
}

function handleHeartbeat(raft: Raft, message: RaftMessage): void {
  raft.log.commitTo(message.commit);
  const response = newMessage(RaftMessageType.MsgHeartbeatResp, message.from);
  response.context = message.context;
  raft.send(response);
}

function forwardProposal(raft: Raft, message: RaftMessage): void {
  const self = hex(raft.id);
  if (raft.lead === NONE) {
    raft.logger.info(`${self} no leader at term ${raft.term}; dropping proposal`);
    throw new RaftError('ProposalDropped');
  }
  if (raft.options.disableProposalForwarding === true) {
    const what = `not forwarding to leader ${hex(raft.lead)} at term ${raft.term}; dropping proposal`;
    raft.logger.info(`${self} ${what}`);
    throw new RaftError('ProposalDropped');
  }
  raft.send({ ...message, to: raft.lead, term: 0 });
}

function forwardOrDrop(raft: Raft, message: RaftMessage, what: string): void {
  if (raft.lead === NONE) {
    raft.logger.info(`${hex(raft.id)} no leader at term ${raft.term}; dropping ${what}`);
    return;
  }
  raft.send({ ...message, to: raft.lead, term: 0 });
}

function takeReadState(raft: Raft, message: RaftMessage): void {
  const count = message.entries.length;
  if (count !== 1) {
    const what = `invalid format of MsgReadIndexResp from ${hex(message.from)}, entries count: ${count}`;
    raft.logger.error(`${hex(raft.id)} ${what}`);
    return;
  }
  raft.readStates.push({ index: message.index, requestCtx: contextOf(message) });
}
