/**
 * The message that DNS, mDNS and LLMNR share (RFC 1035 section 4): a header of twelve octets,
 * questions, records. It has no magic number; what makes one certain is that flags, counts, names,
 * classes and record lengths agree up to its very last octet.
 */
import { nameAt, reverseAddress, skipName } from './dns-name.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

export const DNS_HEADER = 12;
/** Records looked at, in detection and for facts. */
const MOST_RECORDS = 64;
/** A root name, type, class, time to live and data length. */
const SMALLEST_RECORD = 11;

const PORT = 53;
const INTERNET = 1;

const TYPE_A = 1;
const TYPE_CNAME = 5;
const TYPE_PTR = 12;
const TYPE_AAAA = 28;
const TYPE_OPT = 41;
/** Opcodes: QUERY, NOTIFY (RFC 1996), UPDATE (RFC 2136). */
const QUERY = 0;
const NOTIFY = 4;
const UPDATE = 5;

/** IN, CS, CH, HS, NONE, ANY; mDNS uses the top bit (RFC 6762 sections 5.4 and 10.2). */
function isClass(value: number): boolean {
  const plain = value & 0x7fff;
  return (plain >= 1 && plain <= 4) || plain === 254 || plain === 255;
}

/**
 * Judges a message at `at` that has `length` octets by the headers' account, of which some may not
 * have been captured.
 *
 * @param several several questions, or none, are usual: mDNS
 */
export function detectMessage(
  payload: Payload,
  at: number,
  length: number,
  several: boolean,
): Detection {
  const { view } = payload;
  const end = Math.min(payload.end, at + length);
  if (end - at < DNS_HEADER) return 0;
  const flags = view.getUint16(at + 2);
  const opcode = (flags >>> 11) & 15;
  const questions = view.getUint16(at + 4);
  const answers = view.getUint16(at + 6);
  const records = answers + view.getUint16(at + 8) + view.getUint16(at + 10);
  const isAnswer = flags >= 0x8000;
  if (opcode !== QUERY && opcode !== NOTIFY && opcode !== UPDATE) return 0;
  // The Z bit "must be zero" (RFC 1035 section 4.1.1); codes above 23 are not assigned.
  if ((flags & 0x40) !== 0 || (flags & 15) > 11) return 0;
  if (!isAnswer && !several && ((flags & 15) !== 0 || (answers > 0 && opcode === QUERY))) return 0;
  // Of questions only those of mDNS have none: transfers go on in answers without.
  if (questions === 0 && !isAnswer && !several) return 0;
  if (questions > 1 ? !several : questions === 0 && records === 0) {
    // An error may be answered without the question.
    const isError = questions === 0 && length === DNS_HEADER && isRefusal(flags);
    return isAnswer && isError ? LIKELY | ANSWERS : 0;
  }
  if (questions * 5 + records * SMALLEST_RECORD > length - DNS_HEADER) return 0;
  const next = walk(payload, at + DNS_HEADER, end, questions, records);
  if (next < 0) return 0;
  const side = isAnswer ? ANSWERS : ASKS;
  if (!isUsual(payload, at + DNS_HEADER, end, questions)) {
    const { sourcePort, destinationPort } = payload;
    return sourcePort === PORT || destinationPort === PORT ? LIKELY | side : 0;
  }
  if (next === CUT) return at + length > payload.end ? LIKELY | side : 0;
  const whole = next === at + length || records > MOST_RECORDS;
  return (whole ? CERTAIN : LIKELY) | side;
}

/** Errors in the question's form, of the server, or that it does not want to: neither of authority nor cut. */
function isRefusal(flags: number): boolean {
  const code = flags & 15;
  return (code === 1 || code === 2 || code === 4 || code === 5) && (flags & 0x0600) === 0;
}

/**
 * Whether the first question is one that is asked: without control characters in its name, which only
 * tunnels have; of the root of names, the internet's.
 */
function isUsual({ bytes, view }: Payload, at: number, end: number, questions: number): boolean {
  if (questions === 0) return true;
  if (bytes[at] === 0) return (view.getUint16(at + 3) & 0x7fff) === INTERNET;
  let next = at;
  while (next < end && bytes[next]! > 0 && bytes[next]! < 0x40) {
    const stop = Math.min(end, next + 1 + bytes[next]!);
    for (next++; next < stop; next++) if (bytes[next]! < 0x20) return false;
  }
  return true;
}

/** The captured octets end within a record that may be all right. */
const CUT = 0x7fff_ffff;

/** Index after the questions and records, -1 when they are none, or `CUT`. */
function walk(
  { bytes, view }: Payload,
  at: number,
  end: number,
  questions: number,
  records: number,
): number {
  let next = at;
  for (let count = 0; count < questions && count < MOST_RECORDS; count++) {
    const after = skipName(bytes, next, end);
    if (after < 0 || after + 4 > end) return -1;
    if (view.getUint16(after) === 0 || !isClass(view.getUint16(after + 2))) return -1;
    next = after + 4;
  }
  for (let count = 0; count < records && count < MOST_RECORDS; count++) {
    const after = skipName(bytes, next, end);
    if (after < 0) return end - next < 255 && next > at ? CUT : -1;
    if (after + 10 > end) return CUT;
    // An OPT record has the root's name and a size in place of the class (RFC 6891).
    if (
      view.getUint16(after) === TYPE_OPT ? after !== next + 1 : !isClass(view.getUint16(after + 2))
    )
      return -1;
    next = after + 10 + view.getUint16(after + 8);
    if (next > end) return CUT;
  }
  return next;
}

/**
 * Tells the names of the answers and additional records: of A and AAAA records the owner's, and the
 * name that was asked for when aliases lie between; of PTR records in the reverse trees the target.
 *
 * @param kind where the names were read: `dns`, `mdns` or `llmnr`
 */
export function tellNames(payload: Payload, at: number, kind: string, to: FactSink): void {
  const { bytes, view, end } = payload;
  if (end - at < DNS_HEADER || (view.getUint16(at + 2) & 0x800f) !== 0x8000) return;
  const questions = Math.min(view.getUint16(at + 4), MOST_RECORDS);
  const answers = view.getUint16(at + 6);
  let next = at + DNS_HEADER;
  // Spelled out only where an alias makes it a name of an address.
  const question = next;
  for (let count = 0; count < questions; count++) {
    next = skipName(bytes, next, end) + 4;
    if (next < at + DNS_HEADER + 5 || next > end) return;
  }
  const total = answers + view.getUint16(at + 8) + view.getUint16(at + 10);
  let aliased = false;
  for (let count = 0; count < total && count < MOST_RECORDS; count++) {
    const fixed = skipName(bytes, next, end);
    if (fixed < 0 || fixed + 10 > end) return;
    const type = view.getUint16(fixed);
    const data = fixed + 10;
    const after = data + view.getUint16(fixed + 8);
    if (after > end) return;
    if (type === TYPE_CNAME) aliased = count < answers;
    if ((type === TYPE_A && after - data === 4) || (type === TYPE_AAAA && after - data === 16)) {
      const address = bytes.slice(data, after);
      const owner = nameAt(bytes, at, next, end);
      if (owner) to.name(kind, owner, address);
      if (aliased && questions > 0 && count < answers) {
        const asked = nameAt(bytes, at, question, end);
        if (asked && asked !== owner) to.name(kind, asked, address);
      }
    } else if (type === TYPE_PTR) {
      const address = reverseAddress(nameAt(bytes, at, next, end) ?? '');
      const name = address && nameAt(bytes, at, data, after);
      if (address && name) to.name(kind, name, address);
    }
    next = after;
  }
}
