/**
 * LDAP (RFC 4511): a sequence of a message number and an operation. Windows writes all lengths in
 * the long form with four octets. Active Directory's servers say their names in the root entry.
 */
import { Ber } from './ber.ts';
import { ascii, findAnyCase, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OCTETS = 0x04;
const ENUMERATED = 0x0a;
const BIND = 0x60;
const BIND_DONE = 0x61;
const UNBIND = 0x42;
const SEARCH = 0x63;
const SEARCH_ENTRY = 0x64;
const SEARCH_DONE = 0x65;
const EXTENDED = 0x77;
const EXTENDED_DONE = 0x78;
/** [0] in a bind: a password in clear. */
const SIMPLE = 0x80;
/** The last result code assigned, and room for more. */
const MOST_RESULT = 130;
const DNS_HOST_NAME = ascii('DNSHOSTNAME');

const message = new Ber();
const field = new Ber();

function detect({ bytes, at, end, length }: Payload): Detection {
  if (!message.openTag(bytes, at, end, SEQUENCE) || message.stop - at > length + 65_536) return 0;
  if (!field.openTag(bytes, message.start, end, INTEGER)) return 0;
  const size = field.stop - field.start;
  if (size < 1 || size > 4 || !field.open(bytes, field.stop, end)) return 0;
  const body = field.start;
  const stop = Math.min(end, field.stop);
  if (field.stop > message.stop) return 0;
  switch (field.tag) {
    case BIND:
      // Version 2 or 3.
      if (!field.openTag(bytes, body, stop, INTEGER) || field.stop - field.start !== 1) return 0;
      if (field.start >= end || bytes[field.start]! < 2 || bytes[field.start]! > 3) return 0;
      return field.openTag(bytes, field.stop, stop, OCTETS) ? CERTAIN | ASKS : 0;
    case SEARCH:
      // Base, scope, aliases.
      if (!field.openTag(bytes, body, stop, OCTETS)) return 0;
      return isEnumerated(bytes, field.stop, stop, 3) ? CERTAIN | ASKS : 0;
    case SEARCH_ENTRY:
      if (!field.openTag(bytes, body, stop, OCTETS)) return 0;
      return field.openTag(bytes, field.stop, stop, SEQUENCE) ? CERTAIN | ANSWERS : 0;
    case BIND_DONE:
    case SEARCH_DONE:
    case EXTENDED_DONE:
      if (!isEnumerated(bytes, body, stop, MOST_RESULT)) return 0;
      return field.openTag(bytes, field.stop, stop, OCTETS) ? CERTAIN | ANSWERS : 0;
    case EXTENDED:
      return field.openTag(bytes, body, stop, SIMPLE) ? CERTAIN | ASKS : 0;
    case UNBIND:
      return field.stop === field.start && message.stop === field.stop ? LIKELY | ASKS : 0;
    default:
      return 0;
  }
}

/** Leaves the cursor on it. */
function isEnumerated(bytes: Uint8Array, at: number, end: number, most: number): boolean {
  if (!field.openTag(bytes, at, end, ENUMERATED) || field.stop - field.start !== 1) return false;
  return field.start < end && bytes[field.start]! <= most;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (!message.openTag(bytes, at, end, SEQUENCE)) return;
  if (!field.open(bytes, message.start, end) || !field.open(bytes, field.stop, end)) return;
  const stop = Math.min(end, field.stop);
  if (field.tag === BIND && !fromServer) readBind(bytes, field.start, stop, to);
  else if (field.tag === SEARCH_ENTRY && fromServer) readEntry(bytes, field.start, stop, to);
}

/** Version, name, and a password that is not empty. */
function readBind(bytes: Uint8Array, at: number, end: number, to: FactSink): void {
  if (!field.open(bytes, at, end) || !field.open(bytes, field.stop, end)) return;
  if (field.openTag(bytes, field.stop, end, SIMPLE) && field.stop > field.start) {
    to.service('login', 'in clear');
  }
}

/** The attribute `dnsHostName` of the root entry: a set of one value. */
function readEntry(bytes: Uint8Array, at: number, end: number, to: FactSink): void {
  // The entry of an object in the directory has a name, and its host is not the server.
  if (!field.openTag(bytes, at, end, OCTETS) || field.stop !== field.start) return;
  const found = findAnyCase(bytes, field.stop, end, DNS_HOST_NAME);
  if (found < 0) return;
  if (!field.openTag(bytes, found + DNS_HOST_NAME.length, end, SET)) return;
  if (!field.openTag(bytes, field.start, end, OCTETS) || field.cut) return;
  to.name('ldap', textAt(bytes, field.start, field.stop), 'source');
}

export const LDAP: Detector = {
  protocol: 'ldap',
  transports: [6],
  ports: [389, 3268],
  begins: [SEQUENCE],
  detect,
  facts,
};
