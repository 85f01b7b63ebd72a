// The values that are proposed in the small world: a short name, and after it zeros up to the size that is asked for. The name
// alone stands for the value wherever values are compared or shown.

const NAME_BYTES = 16;

/** The payload of the value `name`, which is ASCII, at most 16 characters; `size` bytes if its name is not longer. */
export function valueOf(name: string, size = 0): Uint8Array {
  const bytes = new Uint8Array(Math.max(size, name.length));
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
  return bytes;
}

/** The name of the value that an entry carries; empty for the entry that a new leader begins with. */
export function nameOf(data: Uint8Array | undefined): string {
  if (data === undefined) return '';
  const end = data.subarray(0, NAME_BYTES).indexOf(0);
  return String.fromCharCode(...data.subarray(0, end < 0 ? NAME_BYTES : end));
}
