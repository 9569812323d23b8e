/**
 * Notes of a scan as it goes, so that it can be taken up again after a kill: one JSON line with
 * what was asked for, then lines with what came back, appended several times a second. A line cut
 * short by the kill is left out when they are read again.
 */
import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { Endpoint } from '../../model/endpoint.ts';
import { OUTCOMES } from '../../model/port-state.ts';
import { parsePorts } from '../../net/port-range.ts';
import { readWholeText } from '../whole-file.ts';
import { portText, SCANNED, type ScannedTransport } from './ports.ts';

/** What must be the same for a scan to be taken up. */
export interface JournalHeader {
  readonly portreeve: 'scan-resume/1';
  readonly seed: number;
  readonly targets: string;
  readonly ports: Readonly<Partial<Record<ScannedTransport, string>>>;
  readonly shard: string;
  /** How ports were asked: outcomes of one way are no outcomes of another. */
  readonly engines: readonly string[];
}

/** How far an earlier run came with the ports of a host that have no outcome. */
export interface Halfway {
  /** So many ports had been asked, in the order of the scan. */
  readonly position: number;
  /** How many tries were lost of ports that answered. */
  readonly lost: number;
  /** How often silent ports were asked, where that is more than once. */
  readonly tries: ReadonlyMap<number, number>;
}

/** What is noted of a host that was found. */
export interface NotedHost {
  readonly reason: string;
  readonly roundTripUs?: number;
  /** Where it is on our link: its Ethernet address, and the interface. */
  readonly link?: { readonly mac: string; readonly interfaceName: string };
}

/** What an earlier run learned. */
export interface Journal {
  readonly header: JournalHeader;
  /** Outcome codes by `journalKey` and port. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** By `journalKey`. */
  readonly halfway: ReadonlyMap<string, Halfway>;
  /** Hosts found, by number; and those that are down. */
  readonly up: ReadonlyMap<number, NotedHost>;
  readonly down: ReadonlySet<number>;
  /** Open ports that were to be told, and that were told; by `endpointKey`. */
  readonly begun: ReadonlySet<string>;
  readonly told: ReadonlySet<string>;
}

/** The file is no journal, or of another scan. `message` says which. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/** Key of an open port in a `Journal`. */
export function endpointKey({ address, transport, port }: Endpoint): string {
  return `${address} ${port}/${transport}`;
}

/** Key of a host and transport in a `Journal`. */
export function journalKey(host: number, transport: ScannedTransport): string {
  return `${host}/${transport}`;
}

/** Throws `JournalError` for a file of another kind, `UnreadableFile`. */
export function readJournal(file: string): Journal {
  const [first = '', ...lines] = readWholeText(file).split('\n');
  const header = parseLine(first) as Partial<JournalHeader> | undefined;
  if (header?.portreeve !== 'scan-resume/1') {
    throw new JournalError(`${file} is not a resume file of portreeve scan`);
  }
  const outcomes = new Map<string, Map<number, number>>();
  const halfway = new Map<string, Halfway & { readonly tries: Map<number, number> }>();
  const up = new Map<number, NotedHost>();
  const down = new Set<number>();
  const begun = new Set<string>();
  const told = new Set<string>();
  for (const line of lines) {
    const entry = parseLine(line) as Entry | undefined;
    if (entry === undefined || typeof entry !== 'object') continue;
    for (const [host, reason, us, mac, interfaceName] of entry.up ?? []) {
      up.set(host, {
        reason,
        ...(typeof us === 'number' ? { roundTripUs: us } : {}),
        ...(mac === undefined || interfaceName === undefined
          ? {}
          : { link: { mac, interfaceName } }),
      });
    }
    if (typeof entry.tell === 'string') begun.add(entry.tell);
    if (typeof entry.told === 'string') told.add(entry.told);
    for (const { first: low, last } of rangesOf(entry.down)) {
      for (let host = low; host <= last; host++) down.add(host);
    }
    if (entry.h === undefined || !SCANNED.includes(entry.t as ScannedTransport)) continue;
    const key = journalKey(entry.h, entry.t as ScannedTransport);
    const known = outcomes.get(key) ?? new Map<number, number>();
    outcomes.set(key, known);
    for (const [code, port] of numbered(entry.c)) {
      if (OUTCOMES[code] !== undefined) known.set(port, code);
    }
    const { tries = new Map(), ...before } = halfway.get(key) ?? { position: 0, lost: 0 };
    for (const [count, port] of numbered(entry.s)) {
      if (count >= 1 && count <= 255) tries.set(port, count);
    }
    const [position, lost] = (entry.p ?? []).map(Number);
    const come = Number.isFinite(position) ? { position: position!, lost: lost || 0 } : before;
    halfway.set(key, { ...come, tries });
  }
  return { header: header as JournalHeader, outcomes, halfway, up, down, begun, told };
}

/** Pairs of the number in front and each port behind it. */
function* numbered(lists: Readonly<Record<string, string>> = {}): Generator<[number, number]> {
  for (const [number, text] of Object.entries(lists)) {
    for (const { first, last } of rangesOf(text)) {
      for (let port = first; port <= last; port++) yield [Number(number), port];
    }
  }
}

type UpEntry = readonly [number, string, (number | null)?, string?, string?];

interface Entry {
  readonly h?: number;
  readonly t?: string;
  /** Ports by outcome code. */
  readonly c?: Readonly<Record<string, string>>;
  /** Silent ports by how often they were asked, from two on. */
  readonly s?: Readonly<Record<string, string>>;
  /** Ports asked in the order of the scan, and tries lost of those that answered. */
  readonly p?: readonly number[];
  /** Hosts found: number, reason, round trip in microseconds, Ethernet address, interface. */
  readonly up?: readonly UpEntry[];
  readonly down?: string;
  /** An open port is about to be told, or was told. */
  readonly tell?: string;
  readonly told?: string;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Host numbers may be larger than ports, so this is no list of ports. */
function rangesOf(text: string | undefined): { first: number; last: number }[] {
  if (text === undefined || text === '') return [];
  try {
    return parsePorts(text);
  } catch {
    return text.split(',').map((piece) => {
      const [first, last = first] = piece.split('-').map(Number) as [number, number?];
      return { first, last: last ?? first };
    });
  }
}

/** What is kept back at most before it is written: so long; so many notes, or this part of all. */
const FLUSH_MS = 100;
const FLUSH_MOST = 4096;
const FLUSH_LEAST = 16;
const FLUSH_SHARE = 0.001;

/** What is to be written of one host and transport. */
interface Pending {
  readonly host: number;
  readonly transport: ScannedTransport;
  readonly codes: Map<number, number[]>;
  readonly tries: Map<number, number[]>;
  come?: readonly [position: number, lost: number];
}

/**
 * What is noted is written when a little has gathered, and at `close`: a kill loses that little.
 */
export class JournalWriter {
  private readonly fd: number;
  private readonly flushAt: number;
  private readonly pending = new Map<string, Pending>();
  /** The position last noted of each host. */
  private readonly positions = new Map<string, number>();
  private count = 0;
  private up: UpEntry[] = [];
  private down: number[] = [];
  private flushedMs = Date.now();

  /**
   * Creates the file, or goes on in it when `header` is undefined. Throws errors of the system.
   * @param questions ports of all addresses: what may be kept back is a part of them
   */
  constructor(file: string, header: JournalHeader | undefined, questions = 0) {
    this.flushAt = Math.min(FLUSH_MOST, Math.max(FLUSH_LEAST, FLUSH_SHARE * questions));
    this.fd = openSync(file, header === undefined ? 'a' : 'w', 0o600);
    // After a kill the last line may have no end.
    appendFileSync(this.fd, header === undefined ? '\n' : `${JSON.stringify(header)}\n`);
  }

  foundUp(host: number, { reason, roundTripUs, link }: NotedHost): void {
    const us = roundTripUs === undefined ? null : Math.round(roundTripUs);
    if (link === undefined) this.up.push([host, reason, us]);
    else this.up.push([host, reason, us, link.mac, link.interfaceName]);
    this.count++;
  }

  /** An open port is about to be told, and now it is; by `endpointKey`. Noted at once. */
  telling(key: string): void {
    this.flush();
    appendFileSync(this.fd, `${JSON.stringify({ tell: key } satisfies Entry)}\n`);
  }

  told(key: string): void {
    appendFileSync(this.fd, `${JSON.stringify({ told: key } satisfies Entry)}\n`);
  }

  foundDown(host: number): void {
    this.down.push(host);
    this.count++;
  }

  private of(host: number, transport: ScannedTransport): Pending {
    const key = journalKey(host, transport);
    let pending = this.pending.get(key);
    if (pending === undefined) {
      pending = { host, transport, codes: new Map(), tries: new Map() };
      this.pending.set(key, pending);
    }
    return pending;
  }

  outcome(host: number, transport: ScannedTransport, port: number, code: number): void {
    add(this.of(host, transport).codes, code, port);
    if (++this.count >= this.flushAt) this.flush();
  }

  /** A port that is silent so far was asked again. */
  tried(host: number, transport: ScannedTransport, port: number, tries: number): void {
    add(this.of(host, transport).tries, tries, port);
    this.count++;
  }

  /** So many ports of the host have been asked, in the order of the scan. */
  came(host: number, transport: ScannedTransport, position: number, lost: number): void {
    const key = journalKey(host, transport);
    const before = this.positions.get(key) ?? 0;
    if (position === before) return;
    this.positions.set(key, position);
    this.of(host, transport).come = [position, lost];
    this.count += position - before;
  }

  /** To be called now and then. */
  tick(): void {
    const due = this.count >= this.flushAt || Date.now() - this.flushedMs >= FLUSH_MS;
    if (this.count > 0 && due) this.flush();
  }

  flush(): void {
    let text = '';
    if (this.up.length > 0) text += `${JSON.stringify({ up: this.up })}\n`;
    if (this.down.length > 0) {
      text += `${JSON.stringify({ down: portText(this.down.sort((a, b) => a - b)) })}\n`;
    }
    for (const { host, transport, codes, tries, come } of this.pending.values()) {
      const entry: Entry = {
        h: host,
        t: transport,
        ...(codes.size === 0 ? {} : { c: listed(codes) }),
        ...(tries.size === 0 ? {} : { s: listed(tries) }),
        ...(come === undefined ? {} : { p: come }),
      };
      text += `${JSON.stringify(entry)}\n`;
    }
    if (text !== '') appendFileSync(this.fd, text);
    this.pending.clear();
    this.up = [];
    this.down = [];
    this.count = 0;
    this.flushedMs = Date.now();
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
  }
}

function add(lists: Map<number, number[]>, number: number, port: number): void {
  const ports = lists.get(number);
  if (ports === undefined) lists.set(number, [port]);
  else ports.push(port);
}

function listed(lists: ReadonlyMap<number, number[]>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [number, ports] of lists) texts[number] = portText(ports.sort((a, b) => a - b));
  return texts;
}
