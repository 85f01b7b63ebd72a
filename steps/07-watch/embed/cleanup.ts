// Undo for a start that goes wrong half-way, and the order of a stop: what was opened last is closed first.

type Undo = () => void | Promise<void>;

export class CleanupStack {
  readonly #undos: Undo[] = [];

  /** Registers how to undo the step that was just done. */
  push(undo: Undo): void {
    this.#undos.push(undo);
  }

  /** Undoes everything, the last step first. Goes on behind a failure and throws the first one at the end. */
  async runAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
