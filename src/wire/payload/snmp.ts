/**
 * SNMP: version 1 (RFC 1157), 2c (RFC 1901, PDUs RFC 3416) and 3 (RFC 3412), BER throughout. The
 * community of versions 1 and 2c is a password in clear: that it is used is told, itself never.
 */
import { berContent, berInteger, berSkip, berStop } from './ber-fields.ts';
import { ascii, isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const SEQUENCE = 0x30;
const INTEGER = 2;
const TEXT = 4;
const GET = 0xa0;
const RESPONSE = 0xa2;
const TRAP_V1 = 0xa4;
const REPORT = 0xa8;
const SECURITY_MODEL_USER = 3;
/** Variables looked at in an answer. */
const MOST_VARIABLES = 16;
/** 1.3.6.1.2.1.1: the system group; sysDescr is its 1, sysName its 5 (RFC 3418). */
const SYSTEM = ascii('\x2b\x06\x01\x02\x01\x01');

function detect({ bytes, at, end, length }: Payload): Detection {
  const whole = berContent(bytes, at, end);
  if (whole < 0 || bytes[at] !== SEQUENCE) return 0;
  if (berStop(bytes, at, end) !== at + length) return 0;
  const version = berInteger(bytes, whole, end, INTEGER);
  const next = berSkip(bytes, whole, end, INTEGER);
  if (next < 0) return 0;
  if (version === 3) return detectV3(bytes, next, end);
  if (version !== 0 && version !== 1) return 0;
  const pdu = berSkip(bytes, next, end, TEXT);
  return pdu < 0 || pdu >= end ? 0 : detectPdu(bytes, pdu, end);
}

function detectPdu(bytes: Uint8Array, at: number, end: number): Detection {
  const tag = bytes[at]!;
  const content = berContent(bytes, at, end);
  if (tag < GET || tag > REPORT || content < 0) return 0;
  if (tag !== TRAP_V1 && berInteger(bytes, content, end, INTEGER) < 0) return 0;
  // Who sends a trap or an inform is the client of the manager's port 162.
  return CERTAIN | (tag === RESPONSE || tag === REPORT ? ANSWERS : ASKS);
}

/** Id, largest size, flags, security model; security parameters; a scoped PDU or its cipher. */
function detectV3(bytes: Uint8Array, at: number, end: number): Detection {
  const header = berContent(bytes, at, end);
  const afterHeader = berSkip(bytes, at, end, SEQUENCE);
  if (header < 0 || afterHeader < 0) return 0;
  const size = berSkip(bytes, header, afterHeader, INTEGER);
  const flags = berSkip(bytes, size, afterHeader, INTEGER);
  const model = berSkip(bytes, flags, afterHeader, TEXT);
  if (model < 0 || berInteger(bytes, model, afterHeader, INTEGER) !== SECURITY_MODEL_USER) return 0;
  const scoped = berSkip(bytes, afterHeader, end, TEXT);
  if (scoped < 0 || scoped >= end) return 0;
  const pdu = pduV3(bytes, scoped, end);
  return pdu < 0 ? CERTAIN : detectPdu(bytes, pdu, end);
}

/** Index of a clear scoped PDU's PDU: after engine id and context name. */
function pduV3(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] !== SEQUENCE) return -1;
  const engine = berContent(bytes, at, end);
  const name = berSkip(bytes, engine, end, TEXT);
  const pdu = berSkip(bytes, name, end, TEXT);
  return pdu >= end ? -1 : pdu;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const whole = berContent(bytes, at, end);
  const version = berInteger(bytes, whole, end, INTEGER);
  to.service('version', version === 0 ? '1' : version === 1 ? '2c' : '3');
  const next = berSkip(bytes, whole, end, INTEGER);
  if (version !== 3) {
    tellSystem(bytes, berSkip(bytes, next, end, TEXT), end, to);
    return;
  }
  const header = berContent(bytes, next, end);
  const flags = berSkip(bytes, berSkip(bytes, header, end, INTEGER), end, INTEGER);
  const value = berContent(bytes, flags, end);
  // Bits of the flags: 1 authenticated, 2 private (RFC 3412 section 6.4).
  if (value > 0 && value < end) {
    const level = bytes[value]! & 3;
    to.service('security', level === 3 ? 'authPriv' : level === 1 ? 'authNoPriv' : 'noAuthNoPriv');
  }
  const scoped = berSkip(bytes, berSkip(bytes, next, end, SEQUENCE), end, TEXT);
  if (scoped > 0 && scoped < end) tellSystem(bytes, pduV3(bytes, scoped, end), end, to);
}

/** Reads sysDescr and sysName from a response's variables. */
function tellSystem(bytes: Uint8Array, pdu: number, end: number, to: FactSink): void {
  if (pdu < 0 || bytes[pdu] !== RESPONSE) return;
  let next = berContent(bytes, pdu, end);
  for (let field = 0; field < 3; field++) next = berSkip(bytes, next, end, INTEGER);
  next = berContent(bytes, next, end);
  for (let count = 0; next > 0 && count < MOST_VARIABLES; count++) {
    const after = berSkip(bytes, next, end, SEQUENCE);
    if (after < 0) return;
    const name = berContent(bytes, next, end);
    const oid = berContent(bytes, name, end);
    const value = berSkip(bytes, name, after, 6);
    const text = berContent(bytes, value, after);
    if (value > 0 && text > 0 && bytes[value] === TEXT && value - oid === 8) {
      const content = textAt(bytes, text, berSkip(bytes, value, after, TEXT));
      if (isAt(bytes, oid, end, SYSTEM) && content !== '') {
        if (bytes[oid + 6] === 1) to.service('product', content);
        if (bytes[oid + 6] === 5) to.name('snmp', content, 'source');
      }
    }
    next = after;
  }
}

export const SNMP: Detector = {
  protocol: 'snmp',
  transports: [6, 17],
  ports: [161, 162],
  begins: [SEQUENCE],
  detect,
  facts,
};
