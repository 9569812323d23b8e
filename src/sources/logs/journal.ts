/**
 * Entries of the systemd journal, as `journalctl -o json` and `-o export` write them: an envelope
 * around a message of any other format, with its own time, host and program.
 *
 * JSON has one entry a line; a message that is no UTF-8 is a list of octets. The export format has
 * a field a line and a blank line behind each entry; a field that is no text has its name on a line
 * of its own, then eight octets of length and the octets themselves.
 */
import { octetsOf } from './scan.ts';

/** What a line is: none of the journal's, a part of an entry, or what completes one. */
export const NO_ENTRY = 0;
export const PART = 1;
export const ENTRY = 2;

const BRACE = 0x7b;
const EQUALS = 0x3d;
const CURSOR = octetsOf('__CURSOR=');
const MESSAGE = 'MESSAGE';
const STAMP = '__REALTIME_TIMESTAMP';
const LENGTH_OCTETS = 8;
/** Octets of host, program and message together. */
const LONGEST = 65_536;

/** Whether an entry of the export format begins here. */
export function isJournalExport(bytes: Uint8Array, start = 0): boolean {
  for (let index = 0; index < CURSOR.length; index++) {
    if (bytes[start + index] !== CURSOR[index]) return false;
  }
  return true;
}

/** One for each input: an entry of the export format takes many lines. */
export class Journal {
  /** `host program message`; a new entry overwrites it. */
  readonly bytes = new Uint8Array(LONGEST);
  hostEnd = 0;
  programStart = 0;
  programEnd = 0;
  messageStart = 0;
  end = 0;
  /** ms since 1970, NaN without. */
  timeMs = Number.NaN;
  private exporting = false;
  /** The next line begins with a length: the value of a field that is no text. */
  private binary = false;
  private fields = new Map<string, Uint8Array>();
  private readonly decoder = new TextDecoder();
  private readonly encoder = new TextEncoder();

  /** Takes one line; at `ENTRY` the entry is in the public members. */
  take(bytes: Uint8Array, start: number, end: number): number {
    if (this.exporting) return this.exported(bytes, start, end);
    if (bytes[start] === BRACE) return this.json(bytes, start, end);
    if (!isJournalExport(bytes, start)) return NO_ENTRY;
    this.exporting = true;
    return this.exported(bytes, start, end);
  }

  /** The entry that no blank line ended, at the end of the input. */
  finish(): boolean {
    return this.exporting && this.complete() === ENTRY;
  }

  private json(bytes: Uint8Array, start: number, end: number): number {
    let entry: Readonly<Record<string, unknown>>;
    // Most objects are other logs': those are not taken apart.
    const octetsOfLine = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    if (!octetsOfLine.includes(STAMP)) return NO_ENTRY;
    try {
      const value: unknown = JSON.parse(this.decoder.decode(bytes.subarray(start, end)));
      if (typeof value !== 'object' || value === null) return NO_ENTRY;
      entry = value as typeof entry;
    } catch {
      return NO_ENTRY;
    }
    if (!(MESSAGE in entry) || !(STAMP in entry)) return NO_ENTRY;
    const octets = (name: string): Uint8Array => {
      const value = entry[name];
      if (typeof value === 'string') return this.encoder.encode(value);
      return Array.isArray(value) ? Uint8Array.from(value.map(Number)) : new Uint8Array(0);
    };
    this.put(octets);
    return ENTRY;
  }

  private exported(bytes: Uint8Array, start: number, end: number): number {
    if (start === end) return this.complete();
    if (this.binary) {
      this.binary = false;
      this.fields.set(MESSAGE, bytes.slice(Math.min(start + LENGTH_OCTETS, end), end));
      return PART;
    }
    let at = start;
    while (at < end && bytes[at] !== EQUALS) at++;
    const name = this.decoder.decode(bytes.subarray(start, Math.min(at, start + 64)));
    if (at === end) this.binary = name === MESSAGE;
    else if (WANTED.has(name)) this.fields.set(name, bytes.slice(at + 1, end));
    return PART;
  }

  private complete(): number {
    if (!this.fields.has(MESSAGE)) {
      this.fields.clear();
      return PART;
    }
    const nothing = new Uint8Array(0);
    this.put((name) => this.fields.get(name) ?? nothing);
    this.fields.clear();
    return ENTRY;
  }

  private put(octets: (name: string) => Uint8Array): void {
    const micros = Number(this.decoder.decode(octets(STAMP)) || Number.NaN);
    this.timeMs = Math.floor(micros / 1000);
    const room = (value: Uint8Array, at: number): Uint8Array =>
      value.subarray(0, Math.max(0, LONGEST - at));
    const add = (value: Uint8Array, at: number): number => {
      const kept = room(value, at);
      this.bytes.set(kept, at);
      return at + kept.length;
    };
    this.hostEnd = add(octets('_HOSTNAME').subarray(0, 255), 0);
    this.programStart = this.hostEnd;
    this.programEnd = add(octets('SYSLOG_IDENTIFIER').subarray(0, 255), this.programStart);
    this.messageStart = this.programEnd;
    this.end = add(octets(MESSAGE), this.messageStart);
  }
}

const WANTED = new Set([MESSAGE, STAMP, '_HOSTNAME', 'SYSLOG_IDENTIFIER']);
