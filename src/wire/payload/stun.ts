/**
 * STUN (RFC 8489; TURN RFC 8656 with methods of its own): type, length, magic cookie, transaction.
 * The older form (RFC 3489) has no cookie. Peers that look for a path to each other (ICE, RFC 8445)
 * both ask: their requests carry a priority.
 */
import { octetsBetween } from './first-octets.ts';
import { textAt } from './octets.ts';
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
import { looksSealed } from './sealed.ts';

const TCP = 6;
const HEADER = 20;
const COOKIE = 0x2112_a442;
const PRIORITY = 0x0024;
const SOFTWARE = 0x8022;
/** Attribute 15 of four octets. */
const MICROSOFT = 0x000f_0004;
const MICROSOFT_COOKIE = 0x72c6_4bc6;
const MOST_ATTRIBUTES = 32;
/** Allocate is the first method of TURN, 3; the last is 12 (RFC 6062). */
const FIRST_TURN = 3;
const LAST_METHOD = 12;

/** Two class bits lie between the method's bits (RFC 8489 section 5). */
function classOf(type: number): number {
  return ((type >>> 7) & 2) | ((type >>> 4) & 1);
}

function methodOf(type: number): number {
  return (type & 15) | ((type >>> 1) & 0x70) | ((type >>> 2) & 0xf80);
}

function detect(payload: Payload): Detection {
  const { view, at, end, length, transport } = payload;
  if (end - at < HEADER) return 0;
  const type = view.getUint16(at);
  const size = view.getUint16(at + 2);
  const rest = length - HEADER;
  // A stream may hold several messages, or a part of one.
  if (type >= 0x4000 || (size & 3) !== 0 || (transport !== TCP && size !== rest)) return 0;
  if (view.getInt32(at + 4) !== COOKIE) return detectClassic(payload, type, size);
  const side = sideOf(payload, type, size);
  return methodOf(type) === 0 || methodOf(type) > 0x80 ? LIKELY | side : CERTAIN | side;
}

/** Indications come from both sides. */
function sideOf(payload: Payload, type: number, size: number): Detection {
  const kind = classOf(type);
  if (kind === 1) return 0;
  if (attributeAt(payload, size, PRIORITY) >= 0) return 0;
  if (kind !== 0) return ANSWERS;
  return ASKS;
}

/**
 * Without the cookie: attributes have to fill the length. Microsoft's TURN ([MS-TURN] section 2.2.2)
 * begins them with a cookie of its own.
 */
function detectClassic(payload: Payload, type: number, size: number): Detection {
  const { view, at, end, length } = payload;
  if (size !== length - HEADER || methodOf(type) < 1) return 0;
  const side = classOf(type) === 0 ? ASKS : classOf(type) === 1 ? 0 : ANSWERS;
  if (end - at >= HEADER + 8 && view.getInt32(at + HEADER) === MICROSOFT) {
    return view.getInt32(at + HEADER + 4) === MICROSOFT_COOKIE ? CERTAIN | side : 0;
  }
  // The transaction's number is random.
  if (methodOf(type) > 2 || classOf(type) === 1 || !looksSealed(payload.bytes, at + 4, end))
    return 0;
  let next = at + HEADER;
  const stop = at + HEADER + size;
  while (next + 4 <= stop && next + 4 <= end) {
    const attribute = view.getUint16(next);
    if (attribute === 0 || (attribute >= 0x1000 && attribute < 0x8000)) return 0;
    next += 4 + view.getUint16(next + 2);
  }
  if (next !== stop && end - at === length) return 0;
  return LIKELY | side;
}

/** Index of an attribute's value, or -1. */
function attributeAt({ view, at, end }: Payload, size: number, wanted: number): number {
  const stop = Math.min(end, at + HEADER + size);
  let next = at + HEADER;
  for (let count = 0; next + 4 <= stop && count < MOST_ATTRIBUTES; count++) {
    if (view.getUint16(next) === wanted) return next + 4;
    next += 4 + ((view.getUint16(next + 2) + 3) & ~3);
  }
  return -1;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end } = payload;
  const type = view.getUint16(at);
  const method = methodOf(type);
  if (method >= FIRST_TURN && method <= LAST_METHOD) to.service('dialect', 'turn');
  const size = view.getUint16(at + 2);
  if (classOf(type) < 2 || attributeAt(payload, size, PRIORITY) >= 0) return;
  const software = attributeAt(payload, size, SOFTWARE);
  if (software < 0) return;
  const text = textAt(bytes, software, Math.min(end, software + view.getUint16(software - 2)));
  if (text !== '') to.service('product', text.replace(/\0+$/, ''));
}

export const STUN: Detector = {
  protocol: 'stun',
  transports: [6, 17],
  ports: [3478, 19302],
  begins: octetsBetween(0, 0x3f),
  detect,
  facts,
};
