/** Values of JSON that others wrote: an object as a map, so that no name of theirs is special. */

/** Empty for whatever is no object; a list by its indices. */
export function asRecord(value: unknown): Map<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
