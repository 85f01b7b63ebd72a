// The services of the API with their types, and a codec for every message: all that the rest of the project knows of
// protobuf.

import type * as grpc from '@grpc/grpc-js';
import { type Codec, codecOf, type Init } from './codec.ts';
import {
  AuthService,
  ClusterService,
  ElectionService,
  FIELDS,
  GreeterService,
  HealthService,
  KVService,
  LeaseService,
  LockService,
  MaintenanceService,
  type Messages,
  WatchService,
} from './schema.ts';

export type { Codec, Init };

export interface MethodDefinition<Req, Res> {
  readonly name: string;
  /** `/etcdserverpb.KV/Range` */
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly request: Codec<Req>;
  readonly response: Codec<Res>;
}

export interface ServiceDefinition {
  /** `etcdserverpb.KV` */
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodDefinition<unknown, unknown>>>;
}

/** A codec for every message, by full name. */
export const codecs = Object.fromEntries(
  (Object.keys(FIELDS) as (keyof Messages)[]).map((name) => [name, codecOf(name)]),
) as unknown as { readonly [N in keyof Messages]: Codec<Messages[N]> };

interface RawMethod {
  readonly request: keyof Messages;
  readonly response: keyof Messages;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

interface RawService {
  readonly name: string;
  readonly methods: Readonly<Record<string, RawMethod>>;
}

type Method<M extends RawMethod> = MethodDefinition<Messages[M['request']], Messages[M['response']]> & {
  readonly requestStream: M['requestStream'];
  readonly responseStream: M['responseStream'];
};

/** A service whose methods know their messages. */
export type Service<S extends RawService> = {
  readonly name: S['name'];
  readonly methods: { readonly [M in keyof S['methods']]: Method<S['methods'][M]> };
};

function service<S extends RawService>(raw: S): Service<S> {
  const methods = Object.entries(raw.methods).map(([name, method]) => [
    name,
    {
      ...method,
      name,
      path: `/${raw.name}/${name}`,
      request: codecs[method.request],
      response: codecs[method.response],
    },
  ]);
  return { name: raw.name, methods: Object.fromEntries(methods) };
}

export const KV = service(KVService);
export const Watch = service(WatchService);
export const Lease = service(LeaseService);
export const Cluster = service(ClusterService);
export const Maintenance = service(MaintenanceService);
export const Auth = service(AuthService);
export const Lock = service(LockService);
export const Election = service(ElectionService);
export const Health = service(HealthService);
export const Greeter = service(GreeterService);

/** A service in the form that @grpc/grpc-js takes, for its servers and clients. */
export function grpcServiceDefinition(definition: ServiceDefinition): grpc.ServiceDefinition {
  const methods = Object.entries(definition.methods).map(([name, method]) => [name, grpcMethodDefinition(method)]);
  return Object.fromEntries(methods);
}

function grpcMethodDefinition(method: MethodDefinition<unknown, unknown>): grpc.MethodDefinition<unknown, unknown> {
  const encode = (codec: Codec<unknown>) => (message: unknown) => asBuffer(codec.encode(message as Init<unknown>));
  return {
    path: method.path,
    originalName: method.name,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: encode(method.request),
    requestDeserialize: (bytes) => method.request.decode(bytes),
    responseSerialize: encode(method.response),
    responseDeserialize: (bytes) => method.response.decode(bytes),
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
