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
  for (const key of ['count', 'packetsBack', 'bytesBack'] as const) {
    const stated = verdict[key];
    if (stated == null || stated <= 1 || isIn(stated, line)) continue;
    if (key === 'count' || !isIn(stated / (verdict.count ?? 1), line))
      wrong.push(`${key} ${stated}`);
  }
  const { transport } = verdict;
  if (transport != null && !namesTransport(transport, line)) wrong.push(`transport ${transport}`);
  for (const key of ['sourcePort', 'destinationPort', 'bytes', 'packets'] as const) {
    const stated = verdict[key];
    const counted = key === 'bytes' || key === 'packets';
    if (stated != null && (isIn(stated, line) || (key === 'bytes' && isSum(stated, line))))
      continue;
    // A line that stands for several carries the figures of one, or of all.
    let value = counted && stated != null ? stated / (verdict.count ?? 1) : stated;
    // Where both ways are stated, the line has each of them and not the sum.
    const back =
      key === 'bytes' ? verdict.bytesBack : key === 'packets' ? verdict.packetsBack : null;
    if (stated != null && back != null && isIn(stated - back, line)) continue;
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
      // Of a damaged line only some of the backslashes may be escapes.
      !line.replaceAll('\\', '').includes(value.replaceAll('\\', '')) &&
      !value.includes('\ufffd')
    )
      wrong.push(`${key} ${value}`);
  }
  return wrong;
}

/** Whether the line has the protocol, as a word, a number, or a letter of its own. */
function namesTransport(transport: string, line: string): boolean {
  const number = TRANSPORTS[transport] ?? Number(transport.replace('ip-', ''));
  if (isIn(number, line) || line.toLowerCase().includes(transport)) return true;
  return (OTHER_NAMES[transport] ?? []).some((name) => line.toLowerCase().includes(name));
}

const TRANSPORTS: Readonly<Record<string, number>> = {
  ...{ icmp: 1, tcp: 6, udp: 17, dccp: 33, icmpv6: 58, sctp: 132, udplite: 136 },
};
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  // Letters of Azure's, ids of an ASA and of SonicWall's; the family says which ICMP it is.
  ...{ tcp: [',t,', '"t"', 'm=36', '302013', '302014', '106001', '106015', '201010'] },
  ...{ udp: [',u,', '"u"', 'm=37', '302015', '302016', '106006', '106007', '410001'] },
  ...{ icmp: ['m=38', '302020', '302021', '31300', '106018'] },
  ...{
    icmpv6: ['icmp', '302020', '302021', '31300'],
    sctp: ['302035', '302036', '302305', '302306'],
  },
  ...{
    'ip-2': ['igmp'],
    'ip-4': ['ipip', 'ipinip', '302037', '302038'],
    'ip-41': ['ipv6'],
    'ip-47': ['gre', '302017', '302018'],
  },
  ...{
    'ip-0': ['hopopt'],
    'ip-44': ['ipv6-frag'],
    'ip-50': ['esp'],
    'ip-51': ['ah'],
    'ip-88': ['eigrp'],
    'ip-89': ['ospf'],
  },
  ...{ 'ip-94': ['nos'], 'ip-103': ['pim'], 'ip-108': ['pcp', 'ipcomp'], 'ip-112': ['vrrp'] },
};

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

/** Whether the number is what CEF calls `in` and `out` together. */
function isSum(value: number, line: string): boolean {
  const [, received] = /\bin=(\d+)/.exec(line) ?? [];
  const [, sent] = /\bout=(\d+)/.exec(line) ?? [];
  return value === Number(received ?? 0) + Number(sent ?? 0);
}

/** Whether the number stands in the line by itself. */
function isIn(value: number, line: string): boolean {
  return new RegExp(`(?<!\\d)0*${value}(?!\\d)`).test(line);
}
