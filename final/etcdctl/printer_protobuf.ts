// --write-out=protobuf: the bytes of the answer's message, without a line end.

import { codecs } from '../../proto/load.ts';
import { type Printer, type PrinterOptions, refusingPrinter } from './printer.ts';

/** @returns the printer; what comes from several endpoints is no one message, and refused */
export function protobufPrinter({ io }: PrinterOptions): Printer {
  return {
    ...refusingPrinter('protobuf'),
    put: (response) => io.stdout.write(codecs['etcdserverpb.PutResponse'].encode(response)),
    get: (response) => io.stdout.write(codecs['etcdserverpb.RangeResponse'].encode(response)),
    del: (response) => io.stdout.write(codecs['etcdserverpb.DeleteRangeResponse'].encode(response)),
    txn: (response) => io.stdout.write(codecs['etcdserverpb.TxnResponse'].encode(response)),
    memberList: (response) => io.stdout.write(codecs['etcdserverpb.MemberListResponse'].encode(response)),
  };
}
