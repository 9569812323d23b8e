/**
 * IKE versions 1 (RFC 2408 section 3.1) and 2 (RFC 7296 section 3.1): both sides' identifiers, next
 * payload, version, exchange, flags, message id, length. On port 4500 four zero octets come before
 * it, which no ESP packet begins with (RFC 3948 section 2.2).
 */
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

const HEADER = 28;
const VERSION_1 = 0x10;
const VERSION_2 = 0x20;
const INITIAL = 34;
/** Flags of version 2: the original initiator sent it; it is a response. */
const FROM_INITIATOR = 0x08;
const RESPONSE = 0x20;

/** Index of the IKE header. */
function headerAt({ view, at, end }: Payload): number {
  return end - at >= 4 && view.getInt32(at) === 0 ? at + 4 : at;
}

function detect(payload: Payload): Detection {
  const { bytes, view, end } = payload;
  const header = headerAt(payload);
  if (end - header < HEADER) return 0;
  if (view.getInt32(header) === 0 && view.getInt32(header + 4) === 0) return 0;
  if (view.getUint32(header + 24) !== payload.at + payload.length - header) return 0;
  const version = bytes[header + 17]!;
  if (version === VERSION_2) return detectV2(payload, header);
  if (version !== VERSION_1) return 0;
  const exchange = bytes[header + 18]!;
  // Base, main, authentication only, aggressive, informational; quick, new group (RFC 2409).
  const known = (exchange >= 1 && exchange <= 6) || (exchange >= 32 && exchange <= 33);
  const next = bytes[header + 16]!;
  if (!known || bytes[header + 19]! > 7 || (next > 20 && next < 128)) return 0;
  return CERTAIN | (isFirst(view, header) && exchange !== 5 ? ASKS : 0);
}

function detectV2({ bytes, view }: Payload, header: number): Detection {
  const exchange = bytes[header + 18]!;
  const flags = bytes[header + 19]!;
  const next = bytes[header + 16]!;
  if (exchange < INITIAL || exchange > 44 || (flags & 0xc7) !== 0) return 0;
  if (next !== 0 && (next < 33 || next > 54)) return 0;
  if (exchange !== INITIAL) return CERTAIN;
  if ((flags & RESPONSE) !== 0) return CERTAIN | ANSWERS;
  if ((flags & FROM_INITIATOR) === 0) return LIKELY;
  return CERTAIN | (isFirst(view, header) ? ASKS : 0);
}

/** The responder has no identifier yet: only the first message lacks it. */
function isFirst(view: DataView, header: number): boolean {
  return view.getInt32(header + 8) === 0 && view.getInt32(header + 12) === 0;
}

function facts(payload: Payload, to: FactSink): void {
  to.service('version', payload.bytes[headerAt(payload) + 17] === VERSION_2 ? '2' : '1');
}

export const IKE: Detector = {
  protocol: 'ike',
  transports: [17],
  ports: [500, 4500],
  detect,
  facts,
};
