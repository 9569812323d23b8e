/**
 * What stands in front of a device's message: RFC 5424, RFC 3164 and its many dialects, ISO time
 * stamps, the kernel's own, a relay's header around another, or nothing at all.
 *
 * Only what is needed later is kept, as positions in the line: time, host, program, structured
 * data, and where the message begins. Of nested headers the innermost host and time count, since
 * they are those of the device; the relay's are kept where the device gives none.
 */
import type { Clock } from './clock.ts';
import { HeadMemo } from './head-memo.ts';
import type { Journal } from './journal.ts';
import { isDigit, isLetter, octetsOf, type Scan } from './scan.ts';

const SPACE = 0x20;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const EQUALS = 0x3d;
const PERCENT = 0x25;
const HYPHEN = 0x2d;
/** Relays around a message; more is taken for text. */
const MOST_RELAYS = 4;
const MARK = octetsOf('\ufeff');
const REPEATED = octetsOf('message repeated ');
const LAST_REPEATED = octetsOf('last message repeated ');
const TIMES = octetsOf(' times');

/** Places in the line that was read last. */
export class LineHead {
  /** ms since 1970, NaN when the line has no stamp. */
  timeMs = Number.NaN;
  hostStart = 0;
  hostEnd = 0;
  programStart = 0;
  programEnd = 0;
  /** RFC 5424 message id and structured data; empty when start equals end. */
  idStart = 0;
  idEnd = 0;
  dataStart = 0;
  dataEnd = 0;
  /** First octet of the line, and of the message. */
  lineStart = 0;
  messageStart = 0;
  /** How many equal messages the line stands for (`message repeated 3 times: [ … ]`). */
  repeated = 1;
  /** The line only says that the one before came again. */
  onlyRepeats = false;
  /** Host and program are those of the line before, octet by octet. */
  sameHost = false;
  private readonly memo = new HeadMemo();

  private clear(at: number): void {
    this.timeMs = Number.NaN;
    this.hostStart = this.hostEnd = at;
    this.programStart = this.programEnd = at;
    this.idStart = this.idEnd = at;
    this.dataStart = this.dataEnd = at;
    this.lineStart = at;
    this.messageStart = at;
    this.repeated = 1;
    this.onlyRepeats = false;
    this.sameHost = false;
  }

  /** Takes over what an entry of the journal states; its octets are those the cursor is at. */
  set(entry: Journal): void {
    this.clear(entry.messageStart);
    this.timeMs = entry.timeMs;
    this.hostStart = 0;
    this.hostEnd = entry.hostEnd;
    this.programStart = entry.programStart;
    this.programEnd = entry.programEnd;
  }

  /** Takes from the object around the line what its own header lacks. */
  lack({ timeMs, hostEnd }: { readonly timeMs: number; readonly hostEnd: number }): void {
    if (Number.isNaN(this.timeMs)) this.timeMs = timeMs;
    if (this.hostEnd > this.hostStart) return;
    this.hostStart = 0;
    this.hostEnd = hostEnd;
  }

  /** Reads the header of the line the cursor is at, and leaves the cursor at the message. */
  read(scan: Scan, clock: Clock): void {
    this.clear(scan.at);
    if (this.isLikeLast(scan, clock)) return;
    this.headers(scan, clock);
    this.messageStart = scan.at;
    if (scan.peek() === 0x6d || scan.peek() === 0x6c) this.repetition(scan);
  }

  /** Takes over from the line before what has the same octets. */
  private isLikeLast(scan: Scan, clock: Clock): boolean {
    if (!this.passAlike(scan, clock)) return false;
    const { memo } = this;
    const { start } = memo;
    memo.count(clock);
    this.hostStart = start + memo.hostStart;
    this.hostEnd = start + memo.hostEnd;
    this.programStart = start + memo.programStart;
    this.programEnd = start + memo.programEnd;
    this.messageStart = memo.end;
    this.sameHost = true;
    return true;
  }

  /** Passes a header that is like the last one, and takes its time; `countAlike` if it is read. */
  passAlike(scan: Scan, clock: Clock): boolean {
    const { memo } = this;
    const { bytes, at } = scan;
    if (!memo.matches(scan, clock)) return false;
    scan.at = memo.end;
    if (memo.percent ? bytes[memo.end] !== PERCENT : goesOn(scan)) {
      scan.at = at;
      return false;
    }
    this.timeMs = memo.timeMs;
    return true;
  }

  /** Counts what was inferred for the stamp of the header passed last. */
  countAlike(clock: Clock): void {
    this.memo.count(clock);
  }

  private headers(scan: Scan, clock: Clock): void {
    this.memo.forget();
    const { bytes, at } = scan;
    const prioritised = bytes[at] === LESS;
    for (let relays = 0; relays < MOST_RELAYS; relays++) {
      if (this.layer(scan, clock)) continue;
      if (relays === 0 && this.isUsual(scan)) {
        const start = prioritised ? bytes.indexOf(GREATER, at) + 1 : at;
        this.memo.keep(bytes, start, scan.at, prioritised, clock, this);
      }
      break;
    }
  }

  /**
   * Whether a stamp was read and its header's octets alone say where it ends: behind it stands
   * exactly ` host program: `, or a message that begins with a percent sign.
   */
  private isUsual({ bytes, at, end }: Scan): boolean {
    if (Number.isNaN(this.timeMs) || at >= end) return false;
    if (bytes[at] === PERCENT) return true;
    return (
      this.hostEnd > this.hostStart &&
      this.programStart === this.hostEnd + 1 &&
      this.programEnd > this.programStart &&
      bytes[at - 1] === SPACE &&
      bytes[at - 2] === COLON
    );
  }

  /** One header; true when another may follow. */
  private layer(scan: Scan, clock: Clock): boolean {
    const start = scan.at;
    const priority = this.priority(scan);
    if (priority && scan.peek() === 0x31 && scan.peek(1) === SPACE)
      return this.structured(scan, clock);
    // Some ASA releases put a colon behind the priority.
    if (priority && scan.take(COLON)) scan.skipSpaces();
    const decoded = isDecoded(scan);
    if (decoded) scan.at += DECODED_OCTETS;
    if (scan.peek() === OPEN && isLetter(scan.peek(1))) return this.bracketed(scan, clock, start);
    this.sequence(scan);
    const stamped = clock.stamp(scan) || this.originAndStamp(scan, clock);
    if (!stamped) {
      if (!priority && !decoded) scan.at = start;
      else scan.skipSpaces();
      return false;
    }
    this.timeMs = clock.timeMs;
    // With a comma `dmesg` writes it, which names no host.
    if (clock.secondsDigits === 6 && scan.bytes[clock.timeAt + 8] === COMMA) {
      scan.skipSpaces();
      return false;
    }
    scan.take(COLON);
    scan.skipSpaces();
    passFacility(scan);
    return this.hostAndTag(scan);
  }

  /** `[Sat Oct  3 10:00:09 2026] `, as `dmesg -T` writes it; the message follows. */
  private bracketed(scan: Scan, clock: Clock, start: number): boolean {
    scan.at++;
    if (clock.stamp(scan) && scan.take(CLOSE)) {
      this.timeMs = clock.timeMs;
      scan.skipSpaces();
    } else scan.at = start;
    return false;
  }

  /** `<134>`; anything else is left. */
  private priority(scan: Scan): boolean {
    if (scan.peek() !== LESS) return false;
    const start = scan.at++;
    if (scan.number() && scan.value <= 999 && scan.take(GREATER)) return true;
    scan.at = start;
    return false;
  }

  /** Cisco's sequence number and clock mark: `123: `, `*`, `.`, in front of a stamp. */
  private sequence(scan: Scan): void {
    const start = scan.at;
    if (isDigit(scan.peek())) {
      scan.number();
      // A digit behind it belongs to a stamp: `2026:10:03-10:00:01`.
      if (!scan.take(COLON) || isDigit(scan.peek())) scan.at = start;
      else scan.skipSpaces();
    }
    const mark = scan.peek();
    if ((mark === 0x2a || mark === 0x2e) && isLetter(scan.peek(1))) scan.at++;
  }

  /** Cisco's `origin-id`: `fw: Oct  3 10:00:01.123: `. */
  private originAndStamp(scan: Scan, clock: Clock): boolean {
    const start = scan.at;
    const end = scan.until(SPACE);
    if (end - start < 2 || scan.bytes[end - 1] !== COLON) return false;
    scan.at = end;
    scan.skipSpaces();
    this.sequence(scan);
    if (clock.stamp(scan)) {
      this.setHost(scan, start, end - 1);
      return true;
    }
    scan.at = start;
    return false;
  }

  /** RFC 5424 section 6: `1 TIME HOST APP PID MSGID SD MSG`. */
  private structured(scan: Scan, clock: Clock): boolean {
    scan.at += 2;
    if (clock.stamp(scan)) this.timeMs = clock.timeMs;
    else if (!scan.take(HYPHEN)) return false;
    scan.skipSpaces();
    const host = scan.at;
    this.word(scan);
    this.setHost(scan, host, scan.at);
    scan.skipSpaces();
    this.programStart = scan.at;
    this.programEnd = this.word(scan);
    scan.skipSpaces();
    this.word(scan); // process id
    scan.skipSpaces();
    this.idStart = scan.at;
    this.idEnd = this.word(scan);
    scan.skipSpaces();
    this.dataStart = scan.at;
    if (scan.peek() === OPEN) passStructuredData(scan);
    else scan.take(HYPHEN);
    this.dataEnd = scan.at;
    scan.skipSpaces();
    scan.takeText(MARK);
    return true;
  }

  /** Passes to the next blank, and returns where it stands. */
  private word(scan: Scan): number {
    scan.at = scan.until(SPACE);
    return scan.at;
  }

  /** After a stamp: `host program[pid]: `, either of which may be missing. */
  private hostAndTag(scan: Scan): boolean {
    let kind = kindOf(scan);
    if (kind === 'host') {
      const start = scan.at;
      const end = this.word(scan);
      scan.skipSpaces();
      // What a container printed, whole or in part, by the Container Runtime Interface.
      if (STREAMS.some((name) => name.length === end - start && scan.isAt(name, start))) {
        scan.at = Math.min(scan.at + 2, scan.end);
        return true;
      }
      this.setHost(scan, start, end);
      // A relay's header in front of the device's own.
      if (beginsHeader(scan)) return true;
      if (scan.peek() === COLON && scan.peek(1) === SPACE) {
        scan.at += 2; // Cisco: `fw : %ASA-…`
        return false;
      }
      kind = kindOf(scan);
    }
    if (kind === 'tag') this.tag(scan);
    return beginsHeader(scan);
  }

  private setHost(scan: Scan, start: number, end: number): void {
    if (end === start || (end === start + 1 && scan.bytes[start] === HYPHEN)) return;
    this.hostStart = start;
    this.hostEnd = end;
  }

  /** `kernel:`, `filterlog[9]:`. */
  private tag(scan: Scan): void {
    const start = scan.at;
    const colon = this.word(scan) - 1;
    let end = colon;
    if (scan.bytes[end - 1] === CLOSE) {
      while (end > start && scan.bytes[end] !== OPEN) end--;
    }
    this.programStart = start;
    this.programEnd = end;
    scan.skipSpaces();
  }

  /** rsyslog's `message repeated 3 times: [ … ]`, and syslogd's `last message repeated 3 times`. */
  private repetition(scan: Scan): void {
    const start = scan.at;
    const only = scan.takeText(LAST_REPEATED);
    if (!only && !scan.takeText(REPEATED)) return;
    if (!scan.number() || !scan.takeText(TIMES) || scan.value < 1) {
      scan.at = start;
      return;
    }
    this.repeated = scan.value;
    if (only) {
      this.onlyRepeats = true;
      return;
    }
    if (scan.take(COLON)) {
      scan.skipSpaces();
      if (scan.take(OPEN) && scan.bytes[scan.end - 1] === CLOSE) scan.end--;
      scan.skipSpaces();
      this.messageStart = scan.at;
      return;
    }
    this.repeated = 1;
    scan.at = start;
  }
}

const COMMA = 0x2c;
const STREAMS = ['stdout', 'stderr'].map(octetsOf);
/** `kern  :warn  : `, as `dmesg -x` writes it. */
const DECODED_OCTETS = 15;

function isDecoded(scan: Scan): boolean {
  return (
    isLetter(scan.peek()) &&
    scan.peek(6) === COLON &&
    scan.peek(13) === COLON &&
    scan.peek(14) === SPACE &&
    isLetter(scan.peek(7))
  );
}

/** `kern.warn `, as OpenWrt's `logread` writes it behind the stamp. */
function passFacility(scan: Scan): void {
  const { bytes, at, end } = scan;
  let dot = at;
  while (dot < end && dot - at < 10 && (isLetter(bytes[dot]!) || isDigit(bytes[dot]!))) dot++;
  if (bytes[dot] !== 0x2e || dot >= end) return;
  let next = dot + 1;
  while (next < end && next - dot < 9 && isLetter(bytes[next]!)) next++;
  if (next >= end || bytes[next] !== SPACE) return;
  if (!LEVELS.some((level) => level.length === next - dot - 1 && scan.isAt(level, dot + 1))) return;
  if (!FACILITIES.some((name) => scan.isAt(name, at))) return;
  scan.at = next;
  scan.skipSpaces();
}
const LEVELS = [
  ...['emerg', 'alert', 'crit', 'err', 'warn', 'warning', 'notice', 'info', 'debug'],
].map(octetsOf);
const FACILITIES = [
  ...['kern.', 'user.', 'mail.', 'daemon.', 'auth.', 'authpriv.', 'syslog.', 'cron.', 'local'],
].map(octetsOf);

/** Whether the octets at the cursor may belong to the header still, or say that it is repeated. */
function goesOn(scan: Scan): boolean {
  const next = scan.bytes[scan.at]!;
  return next === SPACE || next === 0x09 || next === 0x6d || next === 0x6c || beginsHeader(scan);
}

/** Whether a priority, a sequence number or a stamp stands here, so that another header begins. */
function beginsHeader(scan: Scan): boolean {
  const first = scan.peek();
  if (first === LESS) return isDigit(scan.peek(1));
  if (first === 0x2a || first === 0x2e) return isLetter(scan.peek(1));
  if (isDigit(first)) return beginsWithNumber(scan);
  return (
    isLetter(first) && scan.peek(3) === SPACE && (isDigit(scan.peek(4)) || isDigit(scan.peek(5)))
  );
}

/** `123: ` or `2026-10-03T…`; addresses and numbered tags are neither. */
function beginsWithNumber(scan: Scan): boolean {
  let at = 1;
  while (isDigit(scan.peek(at))) at++;
  if (scan.peek(at) === COLON) return scan.peek(at + 1) === SPACE;
  return at === 4 && scan.peek(4) === HYPHEN && isDigit(scan.peek(5)) && scan.peek(7) === HYPHEN;
}

/** What the next word is: the message itself, a program's tag, or a host. */
function kindOf(scan: Scan): 'message' | 'tag' | 'host' {
  const { bytes, at, end } = scan;
  const first = scan.peek();
  if (first === -1 || first === PERCENT || first === OPEN || first === COLON) return 'message';
  let index = at;
  let bracket = -1;
  for (; index < end; index++) {
    const octet = bytes[index]!;
    if (octet === SPACE) break;
    if (octet === EQUALS || octet === QUOTE || octet === 0x2c || octet === 0x7b) return 'message';
    if (octet === OPEN && bracket < 0) bracket = index;
  }
  if (index > at + 1 && bytes[index - 1] === COLON) return 'tag';
  return index === end || bracket >= 0 ? 'message' : 'host';
}

/** Passes `[id name="value" …][…]` (RFC 5424 section 6.3); stops at the end when it is cut off. */
function passStructuredData(scan: Scan): void {
  const { bytes, end } = scan;
  let at = scan.at;
  let quoted = false;
  let depth = 0;
  for (; at < end; at++) {
    const octet = bytes[at]!;
    if (quoted) {
      if (octet === BACKSLASH) at++;
      else if (octet === QUOTE) quoted = false;
    } else if (octet === QUOTE) quoted = true;
    else if (octet === OPEN) depth++;
    else if (octet === CLOSE && --depth === 0 && bytes[at + 1] !== OPEN) {
      at++;
      break;
    }
  }
  scan.at = Math.min(at, end);
}
