// A member of our own as its peers see it: the transport behind a real listener, and a server that records what it is told.

import http from 'node:http';
import net from 'node:net';
import { EtcdError } from '../../../../final/core/errors.ts';
import type { LogFields, Logger } from '../../../../final/ports.ts';
import { nodeClock } from '../../../../final/ports_node.ts';
import { Cluster } from '../../../../final/server/cluster.ts';
import type { PeerHandler } from '../../../../final/server/peer_transport.ts';
import { memoryFileSystem } from './memory_fs.ts';
import type { FileSystem } from '../../../../final/storage/fs.ts';
import { newPeerHttpServer } from '../../../../final/transport/etcdhttp/base.ts';
import { memberHandler, type PeerApi } from '../../../../final/transport/etcdhttp/peer.ts';
import { emptyMessage } from '../../../../final/transport/rafthttp/stream_codec.ts';
import { RaftHttpTransport } from '../../../../final/transport/rafthttp/transport.ts';
import type { RaftMessage } from '../../../../proto/schema.ts';
import { freePort } from '../../../harness/ports.ts';
