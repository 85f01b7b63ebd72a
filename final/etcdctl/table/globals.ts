// Options of every command (spec/cli.md C.1). The texts are those of etcdctl 3.4.23, byte for byte: help prints them.

import type { FlagSpec } from '../command.ts';

/** All of them can also be set by ETCDCTL_*. */
export const globalFlags: readonly FlagSpec[] = [
  {
    name: 'cacert',
    type: 'string',
    default: '',
    help: 'verify certificates of TLS-enabled secure servers using this CA bundle',
  },
  { name: 'cert', type: 'string', default: '', help: 'identify secure client using this TLS certificate file' },
  {
    name: 'command-timeout',
    type: 'duration',
    default: '5s',
    help: 'timeout for short running command (excluding dial timeout)',
  },
  { name: 'debug', type: 'bool', default: 'false', help: 'enable client-side debug logging' },
  { name: 'dial-timeout', type: 'duration', default: '2s', help: 'dial timeout for client connections' },
  {
    name: 'discovery-srv',
    shorthand: 'd',
    type: 'string',
    default: '',
    help: 'domain name to query for SRV records describing cluster endpoints',
  },
  { name: 'discovery-srv-name', type: 'string', default: '', help: 'service name to query when using DNS discovery' },
  { name: 'endpoints', type: 'strings', default: '127.0.0.1:2379', help: 'gRPC endpoints' },
  { name: 'hex', type: 'bool', default: 'false', help: 'print byte strings as hex encoded strings' },
  {
    name: 'insecure-discovery',
    type: 'bool',
    default: 'true',
    help: 'accept insecure SRV records describing cluster endpoints',
  },
  {
    name: 'insecure-skip-tls-verify',
    type: 'bool',
    default: 'false',
    help: 'skip server certificate verification (CAUTION: this option should be enabled only for testing purposes)',
  },
  {
    name: 'insecure-transport',
    type: 'bool',
    default: 'true',
    help: 'disable transport security for client connections',
  },
  { name: 'keepalive-time', type: 'duration', default: '2s', help: 'keepalive time for client connections' },
  { name: 'keepalive-timeout', type: 'duration', default: '6s', help: 'keepalive timeout for client connections' },
  { name: 'key', type: 'string', default: '', help: 'identify secure client using this TLS key file' },
  {
    name: 'password',
    type: 'string',
    default: '',
    help: "password for authentication (if this option is used, --user option shouldn't include password)",
  },
  {
    name: 'user',
    type: 'string',
    default: '',
    help: 'username[:password] for authentication (prompt if password is not supplied)',
  },
  {
    name: 'write-out',
    shorthand: 'w',
    type: 'string',
    default: 'simple',
    help: 'set the output format (fields, json, protobuf, simple, table)',
  },
];
