// Terminals as a reader of a page has them: one shell for commands that end, and one for each program that stays in the
// foreground. Output and errors come together, as on a screen.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cleanEnvironment } from '../harness/process.ts';

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) killGroup(child, 'SIGKILL');
});

function start(args: readonly string[], folder: string, env: Readonly<Record<string, string>>): ChildProcess {
  const [file = '', ...rest] = args;
  const child = spawn(file, rest, {
    cwd: folder,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  alive.add(child);
  child.once('close', () => alive.delete(child));
  return child;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Lines that come in, and who waits for them. */
class Output {
  #text = '';
  #onChange: () => void = () => undefined;

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        this.#text += text;
        this.#onChange();
      });
    }
    child.once('close', () => this.#onChange());
  }

  get text(): string {
    return this.#text;
  }

  clear(): void {
    this.#text = '';
  }

  /** Resolves to whether `isDone` became true within `limitMs`. */
  async until(isDone: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        this.#onChange = () => undefined;
        resolve(result);
      };
      const timer = setTimeout(() => end(isDone()), limitMs);
      this.#onChange = () => {
        if (isDone()) end(true);
      };
      this.#onChange();
    });
  }
}

/** The shell in which commands are typed one after the other. */
export class Shell {
  readonly #child: ChildProcess;
  readonly #output: Output;

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#child = start(['bash', '--noprofile', '--norc'], folder, env);
    this.#output = new Output(this.#child);
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.write('exec 2>&1\n');
  }

  /** Types a command and returns the lines it prints. Throws an Error when it is not done after `limitMs`. */
  async run(command: string, limitMs: number): Promise<string[]> {
    const end = `end-${randomBytes(6).toString('hex')}`;
    this.#output.clear();
    // What is typed is no input of the command itself.
    this.#child.stdin?.write(`{ ${command}\n} < /dev/null\necho "${end}"\n`);
    const isDone = await this.#output.until(() => this.#output.text.includes(`${end}\n`), limitMs);
    const printed = this.#output.text.split(`${end}\n`)[0] ?? '';
    if (!isDone) throw new Error(`not done after ${limitMs} ms: ${command}\n${printed}`);
    return linesOf(printed);
  }

  end(): void {
    killGroup(this.#child, 'SIGKILL');
  }
}

/** A terminal with one program in the foreground. */
export class Terminal {
  readonly #child: ChildProcess;
  readonly #output: Output;
  readonly #ended: Promise<void>;
  #taken = 0;

  constructor(command: string, folder: string, env: Readonly<Record<string, string>>) {
    this.#child = start(['bash', '--noprofile', '--norc', '-c', `exec 2>&1\n${command}`], folder, env);
    this.#output = new Output(this.#child);
    this.#child.stdin?.on('error', () => undefined);
    this.#ended = new Promise((resolve) => this.#child.once('close', () => resolve()));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whole lines that were printed and not taken. */
  unread(): string[] {
    const whole = this.#output.text.slice(0, this.#output.text.lastIndexOf('\n') + 1);
    return linesOf(whole).slice(this.#taken);
  }

  take(count: number): void {
    this.#taken += count;
  }

  until(isDone: () => boolean, limitMs: number): Promise<boolean> {
    return this.#output.until(isDone, limitMs);
  }

  /** Ctrl-C: all processes of the foreground get the signal. */
  interrupt(): void {
    killGroup(this.#child, 'SIGINT');
  }

  kill(): void {
    killGroup(this.#child, 'SIGKILL');
  }

  /** Resolves when the program has ended. Throws an Error when it has not after `limitMs`. */
  async ended(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`still running after ${limitMs} ms`)), limitMs);
    });
    await Promise.race([this.#ended, late]).finally(() => clearTimeout(timer));
  }
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
