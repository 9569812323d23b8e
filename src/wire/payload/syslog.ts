/**
 * Syslog: `<priority>` and then a date (RFC 3164) or a version and a time (RFC 5424); over TCP with
 * the message's length before it, or one a line (RFC 6587). Other forms are common, hence likely.
 */
import { octetsBetween } from './first-octets.ts';
import { ascii, decimalAt, findOctet, isAt, isText, textAt } from './octets.ts';
import {
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const TCP = 6;
/** Facility 23, severity 7. */
const LAST_PRIORITY = 191;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ').map(ascii);
/** `Mmm dd hh:mm:ss ` */
const DATE = 16;
const SHOWN = 64;

function detect({ bytes, at, end, transport }: Payload): Detection {
  const start = transport === TCP ? afterLength(bytes, at, end) : at;
  const message = afterPriority(bytes, start, end);
  if (message < 0) return 0;
  if (isDate(bytes, message, end) || isTime(bytes, message, end)) return CERTAIN | ASKS;
  // Printable at least as far as a screen's line.
  return end - message >= 3 && isText(bytes, message, Math.min(end, message + SHOWN))
    ? LIKELY | ASKS
    : 0;
}

/** Index after `<0>` to `<191>`, or -1. */
function afterPriority(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== 0x3c) return -1;
  const close = findOctet(bytes, at + 2, Math.min(end, at + 5), 0x3e);
  if (close < 0) return -1;
  const digits = close - at - 1;
  const value = decimalAt(bytes, at + 1, close, 3);
  if (value < 0 || value > LAST_PRIORITY) return -1;
  // No other number of digits spells it: no zeros before it, nothing after it.
  const needed = value > 99 ? 3 : value > 9 ? 2 : 1;
  return digits === needed ? close + 1 : -1;
}

/** Index after an octet count and a space, or `at` when there is none. */
function afterLength(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0x3c) return at;
  const space = findOctet(bytes, at, Math.min(end, at + 6), 0x20);
  return space > at && decimalAt(bytes, at, space, 5) >= 0 ? space + 1 : at;
}

function isDate(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < DATE || bytes[at + 3] !== 0x20 || bytes[at + 9] !== 0x3a) return false;
  for (let index = 0; index < MONTHS.length; index++) {
    if (isAt(bytes, at, end, MONTHS[index]!)) return true;
  }
  return false;
}

/** `1 2003-10-11T22:14:15…` or `1 - `. */
function isTime(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 4 || bytes[at] !== 0x31 || bytes[at + 1] !== 0x20) return false;
  if (bytes[at + 2] === 0x2d && bytes[at + 3] === 0x20) return true;
  return (
    end - at > 13 && bytes[at + 6] === 0x2d && bytes[at + 9] === 0x2d && bytes[at + 12] === 0x54
  );
}

/** The host that the message names; a relay passes on those of others. */
function facts({ bytes, at, end, transport }: Payload, to: FactSink): void {
  const start = transport === TCP ? afterLength(bytes, at, end) : at;
  const message = afterPriority(bytes, start, end);
  if (message < 0) return;
  const isNew = isTime(bytes, message, end);
  if (!isNew && !isDate(bytes, message, end)) return;
  to.service('format', isNew ? 'RFC 5424' : 'RFC 3164');
  let host = message + DATE;
  if (isNew) {
    const time = findOctet(bytes, message + 2, end, 0x20);
    host = time < 0 ? end : time + 1;
  }
  const after = findOctet(bytes, host, end, 0x20);
  // `Mmm dd hh:mm:ss tag: text`: programs that log by themselves often leave the host out.
  if (after <= host || bytes[after - 1] === 0x3a || bytes[after - 1] === 0x5d) return;
  const name = textAt(bytes, host, after);
  if (name !== '-') to.name('syslog', name, 'source');
}

export const SYSLOG: Detector = {
  protocol: 'syslog',
  transports: [6, 17],
  ports: [514, 601],
  begins: [0x3c, ...octetsBetween(0x30, 0x39)],
  detect,
  facts,
};
