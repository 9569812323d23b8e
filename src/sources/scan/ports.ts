/**
 * Which ports a scan asks, as people write them: `22,80,8000-8099`, names (`ssh`), `top:100`,
 * `all`, and Nmap's transport letters (`T:22,U:53,S:2905`) or `53/udp`, `udp/53`.
 */
import { commonPorts } from '../../catalog/common-ports.ts';
import { entryNamed } from '../../catalog/entries.ts';
import { servicePorts } from '../../catalog/services.ts';
import { type PortRange, PortRangeError, parsePortRange } from '../../net/port-range.ts';

export const SCANNED = ['tcp', 'udp', 'sctp'] as const;
export type ScannedTransport = (typeof SCANNED)[number];

/** Ports of each transport, each once, in ascending order. Transports without any are left out. */
export type PortChoice = ReadonlyMap<ScannedTransport, Uint16Array>;

/** 1 at each port that was chosen, by transport. */
type Marks = Map<ScannedTransport, Uint8Array>;

const LETTERS: Readonly<Record<string, ScannedTransport>> = { T: 'tcp', U: 'udp', S: 'sctp' };

/**
 * Reads a list of ports. Parts that name no transport hold for each of `transports`; a part that
 * names one adds it. Throws `PortRangeError`.
 */
export function parsePortChoice(text: string, transports: readonly ScannedTransport[]): PortChoice {
  const found: Marks = new Map();
  let letter: readonly ScannedTransport[] | undefined;
  for (const piece of text.split(',')) {
    let part = piece.trim();
    const [, start, rest] = /^([TUS]):(.*)$/.exec(part) ?? [];
    if (start !== undefined) {
      letter = [LETTERS[start]!];
      part = rest!.trim();
    }
    const named = splitTransport(part);
    const wanted = named.transport === undefined ? (letter ?? transports) : [named.transport];
    addPart(found, named.ports, wanted, piece);
  }
  const choice = new Map<ScannedTransport, Uint16Array>();
  for (const transport of SCANNED) {
    const marks = found.get(transport);
    if (marks !== undefined) choice.set(transport, markedPorts(marks));
  }
  return choice;
}

function splitTransport(part: string): { ports: string; transport?: ScannedTransport } {
  const [, before, slash, after] = /^([^/]*)(\/)([^/]*)$/.exec(part) ?? [];
  if (slash === undefined) return { ports: part };
  for (const transport of SCANNED) {
    if (before === transport) return { ports: after!, transport };
    if (after === transport) return { ports: before!, transport };
  }
  return { ports: part };
}

function addPart(
  found: Marks,
  part: string,
  transports: readonly ScannedTransport[],
  piece: string,
): void {
  const top = /^top:(\d{1,5})$/.exec(part);
  if (top !== null) {
    const count = Number(top[1]);
    if (count < 1 || count > 65_535) {
      throw new PortRangeError(piece, 'top: takes a number from 1 to 65535');
    }
    for (const transport of transports) {
      const marks = marksOf(found, transport);
      for (const port of commonPorts(transport, count)) marks[port] = 1;
    }
    return;
  }
  if (part === 'all' || part === '-') return addRange(found, transports, { first: 1, last: 65535 });
  if (/^\d*-?\d*$/.test(part) && /\d/.test(part)) {
    const open = part.startsWith('-') ? `1${part}` : part.endsWith('-') ? `${part}65535` : part;
    return addRange(found, transports, parsePortRange(open));
  }
  addNamed(found, part, transports, piece);
}

function addNamed(
  found: Marks,
  name: string,
  transports: readonly ScannedTransport[],
  piece: string,
): void {
  const own = entryNamed(name)?.ports ?? [];
  const registered = servicePorts(name).map(({ transport, port }) => ({
    transport,
    first: port,
    last: port,
  }));
  // What the catalogue says is narrower: IANA registers nearly everything for TCP and UDP alike.
  const all = own.length > 0 ? own : registered;
  if (all.length === 0) {
    throw new PortRangeError(piece, 'it is neither a number nor the name of a known service');
  }
  const usable = all.filter(({ transport }) => transports.some((each) => each === transport));
  if (usable.length === 0) {
    const where = [...new Set(all.map(({ transport }) => transport))].join(' and ');
    throw new PortRangeError(piece, `the service is on ${where} only, which is not scanned`);
  }
  for (const { transport, first, last } of usable) {
    addRange(found, [transport as ScannedTransport], { first, last });
  }
}

function addRange(
  found: Marks,
  transports: readonly ScannedTransport[],
  { first, last }: PortRange,
): void {
  for (const transport of transports) marksOf(found, transport).fill(1, first, last + 1);
}

function marksOf(found: Marks, transport: ScannedTransport): Uint8Array {
  const known = found.get(transport);
  if (known !== undefined) return known;
  const marks = new Uint8Array(65_536);
  found.set(transport, marks);
  return marks;
}

function markedPorts(marks: Uint8Array): Uint16Array {
  const ports = new Uint16Array(marks.reduce((sum, mark) => sum + mark, 0));
  let count = 0;
  for (let port = 0; port < marks.length; port++) if (marks[port] === 1) ports[count++] = port;
  return ports;
}

/** Sorted ports as a list of ranges: `22,80-81`. */
export function portText(ports: ArrayLike<number>): string {
  const pieces: string[] = [];
  for (let index = 0; index < ports.length; ) {
    let end = index;
    while (end + 1 < ports.length && ports[end + 1] === ports[end]! + 1) end++;
    pieces.push(end === index ? `${ports[index]}` : `${ports[index]}-${ports[end]}`);
    index = end + 1;
  }
  return pieces.join(',');
}
