// --write-out=protobuf: the bytes of the answer's message, without a line end.

import type { ResponseHeader } from '../../proto/schema.ts';
import { codecs } from '../../proto/load.ts';
import { Exit, ExitError } from './command.ts';
import { type Printer, type PrinterOptions, refusingPrinter } from './printer.ts';

/** @returns the printer; what comes from several endpoints is no one message, and refused */
export function protobufPrinter({ io }: PrinterOptions): Printer {
  const printHeader = (header: ResponseHeader | undefined): void =>
    io.stdout.write(codecs['etcdserverpb.ResponseHeader'].encode(header ?? {}));
  return {
    ...refusingPrinter('protobuf'),
    put: (response) => io.stdout.write(codecs['etcdserverpb.PutResponse'].encode(response)),
    get: (response) => io.stdout.write(codecs['etcdserverpb.RangeResponse'].encode(response)),
    del: (response) => io.stdout.write(codecs['etcdserverpb.DeleteRangeResponse'].encode(response)),
    txn: (response) => io.stdout.write(codecs['etcdserverpb.TxnResponse'].encode(response)),
    memberList: (response) => io.stdout.write(codecs['etcdserverpb.MemberListResponse'].encode(response)),
    memberAdd: (response) => io.stdout.write(codecs['etcdserverpb.MemberAddResponse'].encode(response)),
    memberRemove: (response) => io.stdout.write(codecs['etcdserverpb.MemberRemoveResponse'].encode(response)),
    memberUpdate: (response) => io.stdout.write(codecs['etcdserverpb.MemberUpdateResponse'].encode(response)),
    memberPromote: (response) => io.stdout.write(codecs['etcdserverpb.MemberPromoteResponse'].encode(response)),
    moveLeader: () => {},
    alarm: (response) => io.stdout.write(codecs['etcdserverpb.AlarmResponse'].encode(response)),
    // A watch that was refused has a header, an empty one.
    watch: ({ header = {}, events, compact_revision, canceled, created }) => {
      const shown = { header, events, compact_revision, canceled, created };
      io.stdout.write(codecs['etcdserverpb.WatchResponse'].encode(shown));
    },
    // Of answers on leases etcdctl 3.4 prints the header alone, and of this one it cannot.
    leaseGrant: ({ header }) => printHeader(header),
    leaseKeepAlive: ({ header }) => printHeader(header),
    leaseTimeToLive: ({ header }) => printHeader(header),
    leaseList: ({ header }) => printHeader(header),
    leaseRevoke: ({ header }) => {
      const shown = header === undefined ? '<nil>' : headerText(header);
      throw new ExitError(Exit.BadFeature, `marshal unsupported for type clientv3.LeaseRevokeResponse ({${shown}})`);
    },
  };
}

/** As protobuf's text form has it. */
function headerText({ cluster_id, member_id, revision, raft_term }: ResponseHeader): string {
  const fields = Object.entries({ cluster_id, member_id, revision, raft_term });
  return fields.flatMap(([name, value]) => (BigInt(value) === 0n ? [] : [`${name}:${value} `])).join('');
}
