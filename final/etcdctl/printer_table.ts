// --write-out=table, for answers that are lists of members or endpoints.

import { dbHashCells, dbStatusCells, memberCells, statusCells } from './cells.ts';
import { type Printer, type PrinterOptions, refusingPrinter } from './printer.ts';
import { renderTable } from './render_table.ts';

const memberHeader = ['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS', 'IS LEARNER'];
const healthHeader = ['ENDPOINT', 'HEALTH', 'TOOK', 'ERROR'];
const statusHeader = [
  'ENDPOINT',
  'ID',
  'VERSION',
  'DB SIZE',
  'IS LEADER',
  'IS LEARNER',
  'RAFT TERM',
  'RAFT INDEX',
  'RAFT APPLIED INDEX',
  'ERRORS',
];
const hashHeader = ['ENDPOINT', 'HASH'];
const dbStatusHeader = ['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE'];
const dbHashHeader = ['HASH', 'HASH REVISION', 'COMPACT REVISION'];

/** @returns the printer; what is not a list is refused */
export function tablePrinter({ io, borders }: PrinterOptions): Printer {
  const print = (header: readonly string[], rows: readonly (readonly string[])[]): void => {
    io.stdout.write(renderTable(header, rows, borders));
  };
  return {
    ...refusingPrinter('table'),
    memberList: ({ members }) => print(memberHeader, members.map(memberCells)),
    endpointHealth: (results) =>
      print(
        healthHeader,
        results.map(({ endpoint, healthy, took, error }) => [endpoint, healthy.toString(), took, error]),
      ),
    endpointStatus: (results) => print(statusHeader, results.map(statusCells)),
    endpointHashKV: (results) =>
      print(
        hashHeader,
        results.map(({ endpoint, hash }) => [endpoint, hash.hash.toString()]),
      ),
    dbStatus: (status) => print(dbStatusHeader, [dbStatusCells(status)]),
    dbHashKV: (hash) => print(dbHashHeader, [dbHashCells(hash)]),
  };
}
