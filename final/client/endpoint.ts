// Where a server is: the forms in which users write it, and what they mean. Mirrors clientv3's ParseEndpoint.

/** A place to connect to. */
export interface Endpoint {
  /** As the user wrote it. */
  readonly text: string;
  /** `host:port`, or the path of a socket. */
  readonly address: string;
  /** The address as gRPC takes it. */
  readonly target: string;
  /** always: the scheme asks for TLS; never: it forbids it; configured: TLS when the client has TLS options. */
  readonly tls: 'always' | 'never' | 'configured';
}

/**
 * Reads an endpoint: `host:port`, `http://host:port`, `https://host:port`, `unix://path` or `unixs://path`. What follows
 * host and port is ignored.
 *
 * @throws RangeError for another scheme, or for nothing at all
 */
export function parseEndpoint(text: string): Endpoint {
  const [, scheme = '', rest = text] = /^([^:/]*):\/\/(.*)$/s.exec(text) ?? [];
  if (rest === '') throw new RangeError(`endpoint "${text}" is empty`);
  const host = scheme === '' ? rest : rest.replace(/[/?#].*$/s, '');
  switch (scheme.toLowerCase()) {
    case '':
      return { text, address: host, target: `dns:${host}`, tls: 'configured' };
    case 'http':
      return { text, address: host, target: `dns:${host}`, tls: 'never' };
    case 'https':
      return { text, address: host, target: `dns:${host}`, tls: 'always' };
    case 'unix':
      return { text, address: rest, target: `unix:${rest}`, tls: 'configured' };
    case 'unixs':
      return { text, address: rest, target: `unix:${rest}`, tls: 'always' };
    default:
      throw new RangeError(`endpoint "${text}": the scheme must be http, https, unix or unixs`);
  }
}
