// The dynamic table of a header decoder (RFC 7541, section 2.3.2): the fields that were seen last, the newest first, as
// many as fit into a bound.

import { FIELD_OVERHEAD_BYTES, type Field } from './hpack_static.ts';

export class DynamicTable {
  // A ring: the newest field is at #newest, the one before it one place lower.
  readonly #ring: (Field | undefined)[];
  #newest = -1;
  #count = 0;
  #size = 0;
  #maxSize: number;
  /** Another number after every change. */
  version = 0;

  /** `maxSize`: the bound, in bytes; it can be lowered and raised again, never above this. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
    this.#ring = Array.from({ length: Math.ceil(maxSize / FIELD_OVERHEAD_BYTES) });
  }

  /** Field `index`, 1 = the newest; undefined when there is none. */
  get(index: number): Field | undefined {
    if (index > this.#count) return undefined;
    return this.#ring[this.#place(index - 1)];
  }

  /** Adds a field and drops the oldest ones that no longer fit. One that does not fit at all leaves the table empty. */
  add(field: Field): void {
    this.version++;
    this.#shrinkTo(this.#maxSize - field.size);
    if (field.size > this.#maxSize) return;
    this.#newest = (this.#newest + 1) % this.#ring.length;
    this.#ring[this.#newest] = field;
    this.#count++;
    this.#size += field.size;
  }

  /** Sets the bound. */
  resize(maxSize: number): void {
    this.version++;
    this.#maxSize = maxSize;
    this.#shrinkTo(maxSize);
  }

  #shrinkTo(size: number): void {
    while (this.#count > 0 && this.#size > size) {
      const oldest = this.#place(this.#count - 1);
      this.#size -= (this.#ring[oldest] as Field).size;
      this.#ring[oldest] = undefined;
      this.#count--;
    }
  }

  #place(back: number): number {
    return (this.#newest - back + this.#ring.length) % this.#ring.length;
  }
}
