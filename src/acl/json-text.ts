/**
 * JSON as configuration (RFC 8259): a key that stands twice in one object is a fault, since of two
 * rules by one name only the last would be read; and the lines of keys, for faults about them.
 */

export interface JsonText {
  /** Undefined where there is a fault. */
  readonly value?: unknown;
  readonly fault?: { readonly line: number; readonly what: string };
  /** The first line of each key, counted from 1. */
  readonly lines: ReadonlyMap<string, number>;
}

/**
 * Never throws: a fault, or the value. Where a key stands in several objects, its line is the first
 * one.
 */
export function readJson(text: string): JsonText {
  const lines = new Map<string, number>();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [, at] = /position (\d+)/.exec(error instanceof Error ? error.message : '') ?? [];
    const line = text.slice(0, Number(at ?? 0)).split('\n').length;
    return { fault: { line, what: 'The text is not JSON.' }, lines };
  }
  // The text is known to be JSON, so strings, brackets and line ends say all.
  const open: Set<string>[] = [];
  let line = 1;
  for (const [token, string, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}\n]/g)) {
    if (token === '\n') line++;
    else if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const key = String(JSON.parse(string));
      const keys = open.at(-1);
      if (keys?.has(key)) {
        return { fault: { line, what: `“${key}” stands twice in one object.` }, lines };
      }
      keys?.add(key);
      if (!lines.has(key)) lines.set(key, line);
      line += colon.split('\n').length - 1;
    }
  }
  return { value, lines };
}
