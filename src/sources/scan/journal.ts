/**
 * Notes of a scan as it goes, so that it can be taken up again after a kill: one JSON line with
 * what was asked for, then lines with what came back, appended several times a second. A line cut
 * short by the kill is left out when they are read again.
 */
import { appendFileSync, closeSync, openSync } from 'node:fs';
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

/** What an earlier run learned: outcome codes by host number, transport and port. */
export interface Journal {
  readonly header: JournalHeader;
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Hosts found, by number, with the reason; and those that are down. */
  readonly up: ReadonlyMap<number, string>;
  readonly down: ReadonlySet<number>;
}

/** The file is no journal, or of another scan. `message` says which. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/** Key of `Journal.outcomes`. */
export function journalKey(host: number, transport: ScannedTransport): string {
  return `${host}/${transport}`;
}

export function readJournal(file: string): Journal {
  const [first = '', ...lines] = readWholeText(file).split('\n');
  const header = parseLine(first) as Partial<JournalHeader> | undefined;
  if (header?.portreeve !== 'scan-resume/1') {
    throw new JournalError(`${file} is not a resume file of portreeve scan`);
  }
  const outcomes = new Map<string, Map<number, number>>();
  const up = new Map<number, string>();
  const down = new Set<number>();
  for (const line of lines) {
    const entry = parseLine(line) as Entry | undefined;
    if (entry === undefined || typeof entry !== 'object') continue;
    if (entry.up !== undefined) for (const [host, reason] of entry.up) up.set(host, reason);
    for (const { first: low, last } of rangesOf(entry.down)) {
      for (let host = low; host <= last; host++) down.add(host);
    }
    if (entry.h === undefined || !SCANNED.includes(entry.t as ScannedTransport)) continue;
    const key = journalKey(entry.h, entry.t as ScannedTransport);
    const known = outcomes.get(key) ?? new Map<number, number>();
    outcomes.set(key, known);
    for (const [code, text] of Object.entries(entry.c ?? {})) {
      if (OUTCOMES[Number(code)] === undefined) continue;
      for (const { first: low, last } of rangesOf(text)) {
        for (let port = low; port <= last; port++) known.set(port, Number(code));
      }
    }
  }
  return { header: header as JournalHeader, outcomes, up, down };
}

interface Entry {
  readonly h?: number;
  readonly t?: string;
  readonly c?: Readonly<Record<string, string>>;
  readonly up?: readonly (readonly [number, string])[];
  readonly down?: string;
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

/** What is kept back at most before it is written. */
const FLUSH_MS = 200;
const FLUSH_OUTCOMES = 128;

export class JournalWriter {
  private readonly fd: number;
  private readonly pending = new Map<string, Map<number, number[]>>();
  private count = 0;
  private up: [number, string][] = [];
  private down: number[] = [];
  private flushedMs = Date.now();

  /** Creates the file, or goes on in it when `header` is undefined. Throws errors of the system. */
  constructor(file: string, header: JournalHeader | undefined) {
    this.fd = openSync(file, header === undefined ? 'a' : 'w', 0o600);
    // After a kill the last line may have no end.
    appendFileSync(this.fd, header === undefined ? '\n' : `${JSON.stringify(header)}\n`);
  }

  foundUp(host: number, reason: string): void {
    this.up.push([host, reason]);
    this.count++;
  }

  foundDown(host: number): void {
    this.down.push(host);
    this.count++;
  }

  outcome(host: number, transport: ScannedTransport, port: number, code: number): void {
    const key = journalKey(host, transport);
    const codes = this.pending.get(key) ?? new Map<number, number[]>();
    this.pending.set(key, codes);
    const ports = codes.get(code);
    if (ports === undefined) codes.set(code, [port]);
    else ports.push(port);
    if (++this.count >= FLUSH_OUTCOMES) this.flush();
  }

  /** To be called now and then. */
  tick(): void {
    if (this.count > 0 && Date.now() - this.flushedMs >= FLUSH_MS) this.flush();
  }

  flush(): void {
    let text = '';
    if (this.up.length > 0) text += `${JSON.stringify({ up: this.up })}\n`;
    if (this.down.length > 0) {
      text += `${JSON.stringify({ down: portText(this.down.sort((a, b) => a - b)) })}\n`;
    }
    for (const [key, codes] of this.pending) {
      const [host, transport] = key.split('/') as [string, string];
      const c: Record<string, string> = {};
      for (const [code, ports] of codes) c[code] = portText(ports.sort((a, b) => a - b));
      text += `${JSON.stringify({ h: Number(host), t: transport, c })}\n`;
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
