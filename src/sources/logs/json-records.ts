/**
 * JSON documents that hold many records, as one record a line: a list (`gcloud logging read`), an
 * object whose `records` are a list (Azure's storage accounts), objects over several lines. What is
 * no object and stands where one must is a line of its own. Only a position and a depth are kept,
 * whatever the size of the document; the number of a line is then that of the record.
 */
import { type ByteSource, STREAM_OCTETS } from '../pcap/byte-source.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACKET_END = 0x5d;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

/** Depth at which the records of a document lie, by its first octets; -1 for lines of text. */
export function recordDepth(head: Uint8Array): number {
  const text = new TextDecoder('latin1').decode(head.subarray(0, 256)).replace(/^\xef\xbb\xbf/, '');
  if (/^\s*\[\s*\{/.test(text)) return 1;
  if (/^\s*\{\s*"records"\s*:\s*\[/.test(text)) return 2;
  return /^\s*\{[ \t]*\r?\n/.test(text) ? 0 : -1;
}

/**
 * Owns `source`, and closes it. Octets of records pass as they are, but for line ends within them.
 */
export class JsonRecords implements ByteSource {
  readonly most = STREAM_OCTETS;
  readonly readsAhead: boolean;
  private readonly source: ByteSource;
  private readonly level: number;
  private readonly input = new Uint8Array(STREAM_OCTETS / 4);
  private start = 0;
  private end = 0;
  private depth = 0;
  private inText = false;
  private escaped = false;
  /** Between records stands something else, which is being passed on. */
  private stray = false;
  /** A record's last octet was written, its line's end was not. */
  private ended = false;

  /** Takes over `source`. @param level see `recordDepth` */
  constructor(source: ByteSource, level: number) {
    this.source = source;
    this.level = level;
    this.readsAhead = source.readsAhead;
  }

  get consumed(): number {
    return this.source.consumed;
  }

  async read(target: Uint8Array, start: number, length: number): Promise<number> {
    for (;;) {
      if (this.start === this.end && !this.ended) {
        this.start = 0;
        this.end = await this.source.read(this.input, 0, this.input.length);
        if (this.end === 0) return 0;
      }
      const count = this.fill(target, start, start + length) - start;
      if (count > 0) return count;
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }

  /** Writes what the input gives, up to `limit`; returns where it stopped. */
  private fill(target: Uint8Array, from: number, limit: number): number {
    let at = from;
    while (at < limit) {
      if (this.ended) {
        target[at++] = NEWLINE;
        this.ended = false;
        continue;
      }
      if (this.start === this.end) break;
      const octet = this.input[this.start]!;
      const within = this.depth > this.level;
      const ends = !this.inText && (octet === BRACE_END || octet === BRACKET_END);
      if (within && ends && this.depth === this.level + 1) {
        // The record's last octet; the line's end follows when there is room for it.
        target[at++] = octet;
        this.ended = true;
        this.depth--;
        this.start++;
        continue;
      }
      this.start++;
      if (within || this.inText) {
        this.inside(octet);
        if (within) target[at++] = octet === NEWLINE || octet === RETURN ? SPACE : octet;
      } else at = this.between(octet, target, at);
    }
    return at;
  }

  private inside(octet: number): void {
    if (this.inText) {
      // No text of JSON goes over lines: it was broken.
      if (octet === NEWLINE) this.inText = false;
      else if (this.escaped) this.escaped = false;
      else if (octet === BACKSLASH) this.escaped = true;
      else if (octet === QUOTE) this.inText = false;
    } else if (octet === QUOTE) this.inText = true;
    else if (octet === BRACE || octet === BRACKET) this.depth++;
    else if (octet === BRACE_END || octet === BRACKET_END) this.depth--;
  }

  /** An octet that belongs to no record; returns where the next one is written. */
  private between(octet: number, target: Uint8Array, from: number): number {
    let at = from;
    const opens = octet === BRACE && this.depth === this.level;
    const outside = octet === COMMA || octet === NEWLINE || octet === RETURN || octet === SPACE;
    const frame = octet === BRACKET || octet === BRACKET_END || octet === BRACE_END;
    if (this.depth === this.level && !outside && !frame && !opens && octet !== 0x09) {
      this.stray = true;
      target[at++] = octet;
      return at;
    }
    if (this.stray && !opens) {
      if (octet !== SPACE && octet !== 0x09) {
        this.stray = false;
        target[at++] = NEWLINE;
      } else target[at++] = octet;
    }
    if (opens) {
      this.stray = false;
      target[at++] = octet;
    }
    if (octet === QUOTE) this.inText = true;
    else if (octet === BRACE || octet === BRACKET) this.depth++;
    else if ((octet === BRACE_END || octet === BRACKET_END) && this.depth > 0) this.depth--;
    return at;
  }
}
