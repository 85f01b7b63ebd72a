// What a client needs to know to connect, from the options of the command line. Mirrors the checks that etcdctl makes
// before it dials (spec/cli.md C.1).

import fs from 'node:fs';
import type { TlsOptions } from '../client/connection.ts';
import type { FlagValues, Io } from './command.ts';
import { Exit, ExitError } from './command.ts';
import { goError } from './go_error.ts';

export interface TlsFlags {
  /** Plain TCP, unless one of the files is given. */
  readonly insecureTransport: boolean;
  readonly insecureSkipVerify: boolean;
  /** Names of PEM files. */
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly cacert: string | undefined;
}

export interface ConnectOptions {
  /** None if the user gave an empty list; with or without a scheme, blanks trimmed. */
  readonly endpoints: readonly string[];
  /** Milliseconds; may be a fraction, zero or negative, as everywhere here. */
  readonly dialTimeoutMs: number;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  readonly tls: TlsFlags;
  /** Without user there is no authentication. */
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * @param globals after the environment was taken into account
 * @param io asks for the password of a user who was given without one
 * @throws ExitError 128 for a file option that is given but empty, 1 for options that are not there yet
 */
export async function connectOptions(globals: FlagValues, io: Io): Promise<ConnectOptions> {
  for (const name of ['discovery-srv', 'discovery-srv-name']) {
    if (globals.text(name) !== '') throw new ExitError(Exit.Error, `--${name} is not yet implemented`);
  }
  return {
    endpoints: givenEndpoints(globals),
    dialTimeoutMs: globals.milliseconds('dial-timeout'),
    keepaliveTimeMs: globals.milliseconds('keepalive-time'),
    keepaliveTimeoutMs: globals.milliseconds('keepalive-timeout'),
    tls: tlsFlags(globals),
    ...(await credentials(globals, io)),
  };
}

/** @returns the endpoints of the command line */
export function givenEndpoints(globals: FlagValues): string[] {
  return globals.list('endpoints').flatMap((endpoint) => (endpoint.trim() === '' ? [] : [endpoint.trim()]));
}

function tlsFlags(globals: FlagValues): TlsFlags {
  return {
    cert: fileOption(globals, 'cert'),
    key: fileOption(globals, 'key'),
    cacert: fileOption(globals, 'cacert'),
    insecureTransport: globals.bool('insecure-transport'),
    insecureSkipVerify: globals.bool('insecure-skip-tls-verify'),
  };
}

function fileOption(globals: FlagValues, name: string): string | undefined {
  const path = globals.text(name);
  if (path !== '') return path;
  if (globals.isSet(name)) throw new ExitError(Exit.BadArgs, `empty string is passed to --${name} option`);
  return undefined;
}

/** `name:password` in --user, unless --password is given; else the password is asked for. */
async function credentials(globals: FlagValues, io: Io): Promise<Pick<ConnectOptions, 'user' | 'password'>> {
  const user = globals.text('user');
  if (user === '') return { user: undefined, password: undefined };
  const password = globals.text('password');
  if (password !== '') return { user, password };
  const colon = user.indexOf(':');
  if (colon !== -1) return { user: user.slice(0, colon), password: user.slice(colon + 1) };
  io.stdout.write('Password: ');
  return { user, password: await io.readSecret() };
}

/**
 * Reads the files that the TLS options name.
 *
 * @returns undefined for plain TCP
 * @throws ExitError 128 for a file that cannot be read, with the words of Go; for one that does not hold what it should; and
 *   for a certificate without its key
 */
export async function readTls(flags: TlsFlags): Promise<TlsOptions | undefined> {
  const { insecureTransport, insecureSkipVerify, cert, key, cacert } = flags;
  if (cert === undefined && key === undefined && cacert === undefined) {
    return insecureTransport ? undefined : { skipVerify: insecureSkipVerify };
  }
  if ((cert === undefined) !== (key === undefined)) {
    const given = `[key: ${key ?? ''}, cert: ${cert ?? ''}]`;
    throw new ExitError(Exit.BadArgs, `KeyFile and CertFile must both be present${given}`);
  }
  const files = { cert: readPem(cert), key: readPem(key), ca: readPem(cacert) };
  await checkPem(files);
  return { ...files, skipVerify: insecureSkipVerify };
}

function readPem(path: string | undefined): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    return fs.readFileSync(path);
  } catch (error) {
    throw new ExitError(Exit.BadArgs, goError(error, path));
  }
}

/** Loads node:tls and node:crypto only where there is something to check. */
async function checkPem({ cert, key, ca }: Pick<TlsOptions, 'cert' | 'key' | 'ca'>): Promise<void> {
  const { createSecureContext } = await import('node:tls');
  const { X509Certificate } = await import('node:crypto');
  try {
    createSecureContext({ cert, key });
    // A context passes over what is no certificate; reading one does not.
    void (ca && new X509Certificate(ca));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const mismatch = code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    throw new ExitError(Exit.BadArgs, mismatch ? 'tls: private key does not match public key' : `tls: ${message}`);
  }
}
