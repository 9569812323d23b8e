/**
 * Finds the objects in JSON as scanners really write it: lists with a comma too many or without
 * their end, one object a line, remarks between. Each complete object is parsed by itself, so one
 * that is broken costs no other.
 */

export interface JsonRecord {
  readonly value: Readonly<Record<string, unknown>>;
  /** `line 3`: where it begins. */
  readonly where: string;
}

/** Objects deeper than this are no scan's records. */
const DEEPEST = 64;

/** Calls `found` for each outermost object and `fault` for each that is none. */
export function eachJsonObject(
  text: string,
  found: (record: JsonRecord) => void,
  fault: (where: string, what: string) => void,
): void {
  let depth = 0;
  let start = 0;
  let line = 1;
  let startLine = 1;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === 0x0a) line++;
    if (inString) {
      if (letter === 0x5c) at++;
      else if (letter === 0x22) inString = false;
      else if (letter === 0x0a) {
        // No string spans lines: the record was cut here, and the next may be whole.
        fault(`line ${startLine}`, 'a record that was cut short');
        depth = 0;
        inString = false;
      }
      continue;
    }
    if (letter === 0x22) inString = depth > 0;
    else if (letter === 0x7b) {
      if (depth++ === 0) {
        start = at;
        startLine = line;
      }
      if (depth > DEEPEST) return fault(`line ${line}`, 'objects inside objects without end');
    } else if (letter === 0x7d && depth > 0 && --depth === 0) {
      take(text.slice(start, at + 1), `line ${startLine}`, found, fault);
    }
  }
  if (depth > 0) fault(`line ${startLine}`, 'the file ends inside a record');
}

function take(
  text: string,
  where: string,
  found: (record: JsonRecord) => void,
  fault: (where: string, what: string) => void,
): void {
  // masscan of old ends its list with this.
  if (/^\{\s*finished\s*:\s*1\s*\}$/.test(text)) return;
  for (const candidate of [text, quoteKeys(text)]) {
    try {
      found({ value: JSON.parse(candidate) as Record<string, unknown>, where });
      return;
    } catch {
      // Once more with what old versions left out.
    }
  }
  fault(where, 'a record that is no JSON');
}

/** Keys without quotes, commas before a closing bracket, and raw control characters. */
function quoteKeys(text: string): string {
  return text
    .replace(/([{,]\s*)([a-z_]\w*)(\s*:)/gi, '$1"$2"$3')
    .replace(/,(\s*[}\]])/g, '$1')
    .replace(/\p{Cc}/gu, ' ');
}
