/** For property tests of log formats: damaged lines, and whether a verdict says only what a line says. */
import fc from 'fast-check';
import type { Verdict } from '../../src/model/verdict.ts';
import { formatAddress, parseAddress } from '../../src/net/address.ts';

/** A line with some octets changed, removed, doubled or put in, or cut off somewhere. */
export function damaged(lines: readonly string[]): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(600),
    length: fc.nat(12),
    text: fc.oneof(
      fc.constantFrom('', ' ', '=', ':', '/', '"', '[', ']', '(', ')', ',', '\\', '{', '%', '-'),
      fc.constantFrom(
        '0',
        '65536',
        '99999999999999999999',
        '1.2.3.4.5',
        '::1',
        'IN= OUT= ',
        '\0',
        '\xff',
      ),
      fc.string({ maxLength: 4 }),
    ),
  });
  return fc
    .tuple(fc.constantFrom(...lines), fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(700))
    .map(([line, changes, cut]) => {
      let text = line;
      for (const { at, length, text: put } of changes) {
        const start = text.length === 0 ? 0 : at % text.length;
        text = text.slice(0, start) + put + text.slice(start + length);
      }
      return (cut < 300 ? text.slice(0, cut) : text).replaceAll('\n', ' ');
    });
}

/** Addresses that a line holds, in canonical form. */
function addressesIn(line: string): Set<string> {
  const found = new Set<string>();
  for (const [word] of line.matchAll(/[0-9a-fA-F:.]{2,60}/g)) {
    // A word may run into the next token, as in `outside:192.0.2.1` or `10.0.0.1:80`.
    for (let start = 0; start < word.length; start++) {
      for (let end = start + 2; end <= word.length; end++) {
        const address = parseAddress(word.slice(start, end));
        if (address !== undefined) found.add(formatAddress(address));
      }
    }
  }
  return found;
}

/** What the verdict says and the line does not; empty when all is well. */
export function inventions(
  verdict: Partial<Verdict>,
  line: string,
  words: ReadonlyMap<number, readonly string[]> = new Map(),
): string[] {
  // Names are decoded as UTF-8; octets that are none become U+FFFD there and here.
  const decoded = new TextDecoder().decode(Uint8Array.from(line, (one) => one.charCodeAt(0) & 255));
  const wrong: string[] = [];
  const addresses = addressesIn(line);
  for (const key of ['source', 'destination'] as const) {
    const value = verdict[key];
    if (value == null || addresses.has(value) || line.includes(value)) continue;
    if (decoded.includes(value)) continue;
    wrong.push(`${key} ${value}`);
  }
  for (const key of ['sourcePort', 'destinationPort', 'bytes', 'packets'] as const) {
    const stated = verdict[key];
    const counted = key === 'bytes' || key === 'packets';
    // A line that stands for several carries the figures of one.
    if (stated != null && isIn(stated, line)) continue;
    let value = counted && stated != null ? stated / (verdict.count ?? 1) : stated;
    // Where both ways are stated, the line has each of them and not the sum.
    const back =
      key === 'bytes' ? verdict.bytesBack : key === 'packets' ? verdict.packetsBack : null;
    if (value != null && back != null && !isIn(value, line)) value -= back;
    if (value == null || value === 0 || (key === 'packets' && value === 1)) continue;
    if (isIn(value, line)) continue;
    // Of ICMP, type and code may stand in one number.
    const { sourcePort, destinationPort } = verdict;
    if (!counted && sourcePort != null && destinationPort != null) {
      if (isIn(256 * sourcePort + destinationPort, line)) continue;
    }
    if (words.get(value)?.some((word) => line.includes(word))) continue;
    wrong.push(`${key} ${value}`);
  }
  const names = [
    'rule',
    'inInterface',
    'outInterface',
    'inZone',
    'outZone',
    'device',
    'reason',
  ] as const;
  for (const key of [...names, 'application' as const]) {
    const value = verdict[key];
    if (
      value != null &&
      !line.replaceAll('""', '"').includes(value) &&
      !line.includes(value) &&
      !unescaped(line).includes(value) &&
      !value.includes('\ufffd')
    )
      wrong.push(`${key} ${value}`);
  }
  return wrong;
}

/** The line with JSON's escapes resolved. */
function unescaped(line: string): string {
  const named: Readonly<Record<string, string>> = {
    ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' },
  };
  return line.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_all, code, character: string) =>
    code === undefined
      ? (named[character] ?? character)
      : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Whether the number stands in the line by itself. */
function isIn(value: number, line: string): boolean {
  return new RegExp(`(?<!\\d)0*${value}(?!\\d)`).test(line);
}
