// A cluster that a script drives step by step: every message waits until the script delivers it, and everything that raft
// says is shown. The commands and their output are those of etcd's raft/rafttest in version 3.5; `transfer-leadership`,
// `raft-state`, `report-unreachable` and `set-randomized-election-timeout` are of later ones; `read-index`,
// `report-snapshot` and `restart` are ours.

import type { RaftLogger } from '../../../final/core/raft/config.ts';
import { RaftError } from '../../../final/core/raft/errors.ts';
import { ClusterInvariants } from '../../../final/core/raft/invariants.ts';
import { messageName } from '../../../final/core/raft/messages.ts';
import { stateName } from '../../../final/core/raft/roles.ts';
import { NO_LIMIT } from '../../../final/core/raft/entries.ts';
import { RaftConfChangeTransition, type RaftMessage } from '../../../proto/schema.ts';
import { parseChanges } from './confchange.ts';
import { argument, type Directive, type Runner } from './datadriven.ts';
import { describeEntry, describeMessage, describeReady, textOf } from './format.ts';
import { type MemberOptions, ScriptMember } from './member.ts';

const LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'NONE'];

/** Runs one script in a cluster of its own. After each command the invariants of raft are checked. */
export function interactionRunner(): Runner {
  const environment = new InteractionEnvironment();
  return (directive) => environment.run(directive);
}

class InteractionEnvironment {
  readonly #members: ScriptMember[] = [];
  // Messages under way, oldest first.
  #messages: RaftMessage[] = [];
  #output = '';
  #level = 0;
  readonly #invariants = new ClusterInvariants();

  run(directive: Directive): string {
    this.#output = '';
    let error = '';
    try {
      this.#execute(directive);
    } catch (thrown) {
      if (!(thrown instanceof RaftError)) throw thrown;
      error = thrown.message;
    }
    this.#invariants.check(this.#members.map((member) => member.node.raft));
    if (this.#output === '' && error === '') return 'ok';
    if (LEVELS[this.#level] === 'NONE') return error === '' ? 'ok (quiet)' : error;
    return this.#output + error;
  }

  #execute(directive: Directive): void {
    const handler = this.#commands[directive.command];
    if (handler === undefined) throw new Error(`line ${directive.line}: unknown command ${directive.command}`);
    handler(directive);
  }

  readonly #commands: Readonly<Record<string, (directive: Directive) => void>> = {
    'add-nodes': (directive) => this.#addNodes(directive),
    campaign: (directive) => this.#first(directive).node.campaign(),
    propose: (directive) => {
      this.#first(directive).node.propose(new TextEncoder().encode(directive.args[1]?.key));
    },
    'propose-conf-change': (directive) => this.#proposeConfChange(directive),
    'process-ready': (directive) => this.#processReadies(directive),
    'deliver-msgs': (directive) => this.#deliverMessages(directive),
    stabilize: (directive) => this.#stabilize(directive),
    'tick-election': (directive) => this.#tick(directive, (member) => member.options.electionTick),
    'tick-heartbeat': (directive) => this.#tick(directive, (member) => member.options.heartbeatTick),
    compact: (directive) => {
      this.#first(directive).storage.compact(Number(directive.args[1]?.key));
      this.#writeLog(this.#first(directive));
    },
    'raft-log': (directive) => this.#writeLog(this.#first(directive)),
    'raft-state': () => this.#writeStates(),
    status: (directive) => this.#writeStatus(this.#first(directive)),
    'log-level': (directive) => {
      this.#level = LEVELS.indexOf((directive.args[0]?.key ?? '').toUpperCase());
    },
    'transfer-leadership': (directive) => {
      this.#member(argument(directive, 'from')?.[0]).node.transferLeader(BigInt(argument(directive, 'to')?.[0] ?? 0));
    },
    'report-unreachable': (directive) => {
      this.#first(directive).node.reportUnreachable(BigInt(directive.args[1]?.key ?? 0));
    },
    'report-snapshot': (directive) => {
      const ok = directive.args[2]?.key === 'ok';
      this.#first(directive).node.reportSnapshot(BigInt(directive.args[1]?.key ?? 0), ok);
    },
    'set-randomized-election-timeout': (directive) => {
      this.#first(directive).node.raft.randomizedElectionTimeout = Number(argument(directive, 'timeout')?.[0]);
    },
    'read-index': (directive) => {
      this.#first(directive).node.readIndex(new TextEncoder().encode(directive.args[1]?.key));
    },
    restart: (directive) => this.#first(directive).restart(),
  };

  #member(id: string | undefined): ScriptMember {
    const member = this.#members[Number(id) - 1];
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  #first(directive: Directive): ScriptMember {
    return this.#member(directive.args[0]?.key);
  }

  // The members that the command names, or all.
  #named(directive: Directive): ScriptMember[] {
    const ids = directive.args.filter((arg) => /^\d+$/.test(arg.key)).map((arg) => arg.key);
    return ids.length === 0 ? this.#members : ids.map((id) => this.#member(id));
  }

  #addNodes(directive: Directive): void {
    const one = (key: string): string | undefined => argument(directive, key)?.[0];
    for (let i = 0; i < Number(directive.args[0]?.key); i++) {
      const options: MemberOptions = {
        id: BigInt(this.#members.length + 1),
        electionTick: 3,
        heartbeatTick: 1,
        maxSizePerMsg: Number(one('max-size-per-msg') ?? NO_LIMIT),
        maxInflightMsgs: Number(one('inflight') ?? 2 ** 31 - 1),
        maxUncommittedEntriesSize: Number(one('max-uncommitted') ?? 0),
        preVote: one('prevote') === 'true',
        checkQuorum: one('checkquorum') === 'true',
        readOnlyOption: one('read-only') === 'lease-based' ? 'lease-based' : 'safe',
        random: () => 0,
        logger: this.#logger,
      };
      const index = Number(one('index') ?? 0);
      const voters = (argument(directive, 'voters') ?? []).map(BigInt);
      const learners = (argument(directive, 'learners') ?? []).map(BigInt);
      this.#members.push(new ScriptMember(options, { index, voters, learners, content: one('content') ?? '' }));
    }
  }

  readonly #logger: RaftLogger = {
    debug: (text) => this.#writeLogLine(0, text),
    info: (text) => this.#writeLogLine(1, text),
    warn: (text) => this.#writeLogLine(2, text),
    error: (text) => this.#writeLogLine(3, text),
  };

  #writeLogLine(level: number, text: string): void {
    if (level >= this.#level) this.#output += `${LEVELS[level]} ${text}\n`;
  }

  #proposeConfChange(directive: Directive): void {
    const { node } = this.#first(directive);
    const changes = parseChanges(directive.input);
    if (argument(directive, 'v1')?.[0] === 'true') {
      const [single] = changes;
      if (single === undefined || changes.length > 1) throw new Error('a v1 change is of one member');
      node.proposeConfChange({ id: 0n, ...single, context: undefined });
      return;
    }
    const transition = TRANSITIONS[argument(directive, 'transition')?.[0] ?? 'auto'] as number;
    node.proposeConfChange({ transition, changes, context: undefined });
  }

  #processReadies(directive: Directive): void {
    const members = this.#named(directive);
    for (const member of members) {
      if (members.length === 1) this.#processReady(member);
      else this.#indented(`> ${member.id} handling Ready`, () => this.#processReady(member));
    }
  }

  #processReady(member: ScriptMember): void {
    const ready = member.node.ready();
    this.#output += describeReady(ready);
    member.process(ready);
    this.#messages.push(...ready.messages);
  }

  #deliverMessages(directive: Directive): void {
    const typeName = argument(directive, 'type')?.[0];
    const drop = new Set(argument(directive, 'drop') ?? []);
    const named = directive.args.filter((arg) => /^\d+$/.test(arg.key)).map((arg) => arg.key);
    let count = 0;
    for (const id of [...named, ...drop]) count += this.#deliverTo(BigInt(id), drop.has(id), typeName);
    if (count === 0) this.#output += 'no messages\n';
  }

  // Delivers, or drops, the messages to one member; returns how many.
  #deliverTo(id: bigint, isDropped: boolean, typeName: string | undefined): number {
    const isMeant = (message: RaftMessage): boolean =>
      message.to === id && (typeName === undefined || messageName(message.type) === typeName);
    const messages = this.#messages.filter(isMeant);
    this.#messages = this.#messages.filter((message) => !isMeant(message));
    for (const message of messages) {
      this.#output += `${isDropped ? 'dropped: ' : ''}${describeMessage(message)}\n`;
      if (isDropped) continue;
      try {
        this.#member(String(id)).node.step(message);
      } catch (error) {
        if (!(error instanceof RaftError)) throw error;
        this.#output += `${error.message}\n`;
      }
    }
    return messages.length;
  }

  #stabilize(directive: Directive): void {
    const members = this.#named(directive);
    for (let isDone = false; !isDone; ) {
      isDone = true;
      for (const member of members) {
        if (!member.node.hasReady()) continue;
        isDone = false;
        this.#indented(`> ${member.id} handling Ready`, () => this.#processReady(member));
      }
      for (const { id } of members) {
        if (!this.#messages.some((message) => message.to === id)) continue;
        isDone = false;
        this.#indented(`> ${id} receiving messages`, () => this.#deliverTo(id, false, undefined));
      }
      this.#invariants.check(this.#members.map((member) => member.node.raft));
    }
  }

  // Writes a header, and what the action writes indented below it.
  #indented(header: string, action: () => void): void {
    const before = `${this.#output}${header}\n`;
    this.#output = '';
    action();
    this.#output = before + this.#output.replace(/^(?=.)/gm, '  ');
  }

  #tick(directive: Directive, count: (member: ScriptMember) => number): void {
    const member = this.#first(directive);
    for (let i = count(member); i > 0; i--) member.node.tick();
  }

  #writeLog({ storage }: ScriptMember): void {
    const first = storage.firstIndex();
    const last = storage.lastIndex();
    if (last < first) this.#output += `log is empty: first index=${first}, last index=${last}\n`;
    else for (const entry of storage.entries(first, last + 1, NO_LIMIT)) this.#output += `${describeEntry(entry)}\n`;
  }

  #writeStatus(member: ScriptMember): void {
    for (const [id, progress] of member.node.status().progress) this.#output += `${id}: ${progress.describe()}\n`;
  }

  #writeStates(): void {
    for (const { id, node, content } of this.#members) {
      const { voters } = node.status().config;
      const isVoter = voters.incoming.includes(id) || voters.outgoing.includes(id);
      const role = `${stateName(node.role)} (${isVoter ? 'Voter' : 'Non-Voter'})`;
      const applied = `Applied:${node.applied} ${JSON.stringify(textOf(content))}`;
      this.#output += `${id}: ${role} Term:${node.term} Lead:${node.lead} ${applied}\n`;
    }
  }
}

const TRANSITIONS: Readonly<Record<string, number>> = {
  auto: RaftConfChangeTransition.ConfChangeTransitionAuto,
  implicit: RaftConfChangeTransition.ConfChangeTransitionJointImplicit,
  explicit: RaftConfChangeTransition.ConfChangeTransitionJointExplicit,
};
