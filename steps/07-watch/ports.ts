// What the program needs from the world outside, as interfaces: whoever starts a server brings them, so a test or a
// simulation can bring its own. The real ones are in ports_node.ts.

/** Fields of one log line. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  info(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  fatal(msg: string, fields?: LogFields): void;
  /** The same log, its lines marked as coming from `caller`, a source file. */
  at(caller: string): Logger;
}

export interface Ports {
  readonly log: Logger;
}
