// Elections: campaigns, votes, and who may disturb whom. Mirrors the election part of etcd's raft/raft.go.
//
// A pre-election asks the others whether an election could be won, without changing anybody's term: so a member that was
// cut off does not depose a working leader when it comes back. A lease has the same purpose from the other side: who has
// heard from a leader within an election timeout ignores campaigns, unless the leader itself wanted this one.

import type { RaftMessage } from '../../../proto/schema.ts';
import { RaftEntryType, RaftMessageType } from '../../../proto/schema.ts';
import { NO_LIMIT } from './entries.ts';
import { hex, messageName, newMessage, NONE } from './messages.ts';
import { jointIds } from './quorum/joint.ts';
import type { VoteResult } from './quorum/majority.ts';
import type { Raft } from './raft.ts';

/** What a campaign is for: to find out whether one could be won, to become leader, or to take over from the leader. */
export type CampaignKind = 'pre-election' | 'election' | 'transfer';

// The context of a vote request of a campaign that the leader wanted.
const CAMPAIGN_TRANSFER = Uint8Array.from('CampaignTransfer', (letter) => letter.charCodeAt(0));

/** Starts a campaign unless this member leads already, may not lead, or has configuration changes to apply first. */
export function hup(raft: Raft, kind: CampaignKind): void {
  const id = hex(raft.id);
  if (raft.role === 'leader') {
    raft.logger.debug(`${id} ignoring MsgHup because already leader`);
    return;
  }
  if (!raft.promotable()) {
    raft.logger.warn(`${id} is unpromotable and can not campaign`);
    return;
  }
  // Otherwise it would count the votes of a configuration that is known to be replaced.
  const pending = countPendingConfChanges(raft);
  if (pending > 0) {
    const reason = `there are still ${pending} pending configuration changes to apply`;
    raft.logger.warn(`${id} cannot campaign at term ${raft.term} since ${reason}`);
    return;
  }
  raft.logger.info(`${id} is starting a new election at term ${raft.term}`);
  campaign(raft, kind);
}

function countPendingConfChanges(raft: Raft): number {
  const { applied, committed } = raft.log;
  if (committed <= applied) return 0;
  const entries = raft.log.slice(applied + 1, committed + 1, NO_LIMIT);
  return entries.filter((entry) => entry.Type !== RaftEntryType.EntryNormal).length;
}

/** Votes for this member and asks all other voters to do so. */
export function campaign(raft: Raft, kind: CampaignKind): void {
  const isPreVote = kind === 'pre-election';
  if (isPreVote) raft.becomePreCandidate();
  else raft.becomeCandidate();
  const type = isPreVote ? RaftMessageType.MsgPreVote : RaftMessageType.MsgVote;
  const term = isPreVote ? raft.term + 1 : raft.term;
  if (poll(raft, raft.id, responseType(type), true).result === 'VoteWon') {
    // The only voter.
    if (isPreVote) campaign(raft, 'election');
    else raft.becomeLeader();
    return;
  }
  const index = raft.log.lastIndex();
  const logTerm = raft.log.lastTerm();
  const request = `[logterm: ${logTerm}, index: ${index}] sent ${messageName(type)} request`;
  for (const id of jointIds(raft.tracker.config.voters)) {
    if (id === raft.id) continue;
    raft.logger.info(`${hex(raft.id)} ${request} to ${hex(id)} at term ${raft.term}`);
    const message = newMessage(type, id);
    message.term = term;
    message.index = index;
    message.logTerm = logTerm;
    if (kind === 'transfer') message.context = CAMPAIGN_TRANSFER;
    raft.send(message);
  }
}

/** Notes the vote of `id` and returns how the votes stand. */
export function poll(
  raft: Raft,
  id: bigint,
  type: number,
  granted: boolean,
): { readonly granted: number; readonly rejected: number; readonly result: VoteResult } {
  const what = `${messageName(type)}${granted ? '' : ' rejection'}`;
  raft.logger.info(`${hex(raft.id)} received ${what} from ${hex(id)} at term ${raft.term}`);
  raft.tracker.recordVote(id, granted);
  return raft.tracker.tallyVotes();
}

/** Answers a request for a vote or a pre-vote, in any role. Learners vote too: they may be voters without knowing. */
export function handleVoteRequest(raft: Raft, message: RaftMessage): void {
  const isPreVote = message.type === RaftMessageType.MsgPreVote;
  const canVote =
    raft.vote === message.from || (raft.vote === NONE && raft.lead === NONE) || (isPreVote && message.term > raft.term);
  const granted = canVote && raft.log.isUpToDate(message.index, message.logTerm);
  logVote(raft, message, granted ? 'cast' : 'rejected');
  const response = newMessage(responseType(message.type), message.from);
  // The term of the request, which for a pre-vote is not the own one: the candidate would ignore an older term.
  response.term = granted ? message.term : raft.term;
  response.reject = !granted;
  raft.send(response);
  if (!granted || isPreVote) return;
  raft.electionElapsed = 0;
  raft.vote = message.from;
}

/** Whether a message of a higher term is a campaign that the lease of the present leader forbids. */
export function isLeaseIgnoring(raft: Raft, message: RaftMessage): boolean {
  if (message.type !== RaftMessageType.MsgVote && message.type !== RaftMessageType.MsgPreVote) return false;
  const { checkQuorum, electionTick } = raft.options;
  const isInLease = checkQuorum && raft.lead !== NONE && raft.electionElapsed < electionTick;
  if (!isInLease || isTransfer(message)) return false;
  const request = `${messageName(message.type)} from ${describeCandidate(message)}`;
  const remaining = `(remaining ticks: ${electionTick - raft.electionElapsed})`;
  const reason = `lease is not expired ${remaining}`;
  raft.logger.info(`${describeVoter(raft)} ignored ${request} at term ${raft.term}: ${reason}`);
  return true;
}

/** Answers a message of a lower term where silence would leave its sender stuck. */
export function answerLowerTerm(raft: Raft, message: RaftMessage): void {
  const { type, from } = message;
  const { checkQuorum, preVote } = raft.options;
  const isLeaderMessage = type === RaftMessageType.MsgHeartbeat || type === RaftMessageType.MsgApp;
  if (isLeaderMessage && (checkQuorum || preVote)) {
    // The sender leads an older term, and this member cannot depose it by campaigning, which the lease or the pre-vote
    // forbids. The answer has the newer term, so that the sender steps down.
    raft.send(newMessage(RaftMessageType.MsgAppResp, from));
  } else if (type === RaftMessageType.MsgPreVote) {
    logVote(raft, message, 'rejected');
    const response = newMessage(RaftMessageType.MsgPreVoteResp, from);
    response.term = raft.term;
    response.reject = true;
    raft.send(response);
  } else {
    const sender = `${hex(from)} [term: ${message.term}]`;
    const state = `${hex(raft.id)} [term: ${raft.term}]`;
    raft.logger.info(`${state} ignored a ${messageName(type)} message with lower term from ${sender}`);
  }
}

function responseType(type: number): number {
  return type === RaftMessageType.MsgPreVote ? RaftMessageType.MsgPreVoteResp : RaftMessageType.MsgVoteResp;
}

function isTransfer(message: RaftMessage): boolean {
  const { context } = message;
  if (context === undefined || context.length !== CAMPAIGN_TRANSFER.length) return false;
  return CAMPAIGN_TRANSFER.every((byte, i) => byte === context[i]);
}

function logVote(raft: Raft, message: RaftMessage, verdict: 'cast' | 'rejected'): void {
  const preposition = verdict === 'cast' ? 'for' : 'from';
  const what = `${verdict} ${messageName(message.type)} ${preposition} ${describeCandidate(message)}`;
  raft.logger.info(`${describeVoter(raft)} ${what} at term ${raft.term}`);
}

function describeVoter(raft: Raft): string {
  const { log } = raft;
  return `${hex(raft.id)} [logterm: ${log.lastTerm()}, index: ${log.lastIndex()}, vote: ${hex(raft.vote)}]`;
}

function describeCandidate(message: RaftMessage): string {
  return `${hex(message.from)} [logterm: ${message.logTerm}, index: ${message.index}]`;
}
