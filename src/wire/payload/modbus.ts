/**
 * Modbus over TCP ("MODBUS Messaging on TCP/IP Implementation Guide" V1.0b; functions:
 * "MODBUS Application Protocol" V1.1b3): transaction 2, protocol 2 (zero), length 2, unit 1,
 * function 1, data. Certain when a known function's data have the length that it calls for.
 */
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

const HEADER = 7;
/** Unit, function and at most 252 octets of data. */
const MOST_LENGTH = 254;
const EXCEPTION = 0x80;
/** A sequence whose length takes four octets. */
const LDAP = 0x3084;
const ENCAPSULATED = 43;
const DEVICE_IDENTIFICATION = 14;
const OBJECTS = ['vendor', 'product-code', 'version'] as const;

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < HEADER + 1 || view.getUint16(at + 2) !== 0) return 0;
  const octets = view.getUint16(at + 4);
  if (octets < 2 || octets > MOST_LENGTH || octets + 6 > length) return 0;
  if (octets + 6 < length && !isChain(payload, at + 6 + octets)) return 0;
  // An LDAP message with a long length may look the same: its tag is here the transaction.
  if (view.getUint16(at) === LDAP) return LIKELY;
  const code = bytes[at + HEADER]!;
  const data = octets - 2;
  if (code >= EXCEPTION) {
    const why = end - at > HEADER + 1 ? bytes[at + HEADER + 1]! : 0;
    return data === 1 && why >= 1 && why <= 11 && (code & 0x7f) <= ENCAPSULATED
      ? LIKELY | ANSWERS
      : 0;
  }
  return shape(
    code,
    data,
    end - at > HEADER + 1 ? bytes[at + HEADER + 1]! : -1,
    end - at > 12 ? bytes[at + 12]! : -1,
  );
}

/**
 * Whether further messages, alike, fill the rest of the segment to its end, of which the first can
 * be seen.
 */
function isChain({ view, at, end, length }: Payload, from: number): boolean {
  if (from + 6 > end) return false;
  let next = from;
  while (next < at + length) {
    if (next + 6 > end) return true;
    const octets = view.getUint16(next + 4);
    if (view.getUint16(next + 2) !== 0 || octets < 2 || octets > MOST_LENGTH) return false;
    next += 6 + octets;
  }
  return next === at + length;
}

/**
 * Whether the data fit the function.
 *
 * @param first the data's first octet: the count of octets in answers to reads
 * @param fifth the data's fifth octet: the count in requests to write several
 */
function shape(code: number, data: number, first: number, fifth: number): Detection {
  switch (code) {
    // Reads: address and count, or count and values.
    case 1:
    case 2:
    case 3:
    case 4: {
      const isAnswer = data === first + 1 && (code < 3 || (first & 1) === 0);
      if (data === 4) return isAnswer ? LIKELY : CERTAIN | ASKS;
      return isAnswer ? CERTAIN | ANSWERS : 0;
    }
    // Writes of one value are answered by their copy.
    case 5:
    case 6:
    case 8:
      return data === 4 ? CERTAIN : 0;
    case 7:
    case 11:
    case 12:
    case 17:
      if (data === 0) return CERTAIN | ASKS;
      return code === 7 || data === first + 1 || (code === 11 && data === 4) ? LIKELY | ANSWERS : 0;
    // Writes of several: address, count, octets, values; answered by address and count.
    case 15:
    case 16:
      if (data === 4) return CERTAIN | ANSWERS;
      return data === fifth + 5 ? CERTAIN | ASKS : 0;
    case 20:
    case 21:
      return data === first + 1 ? LIKELY : 0;
    case 22:
      return data === 6 ? CERTAIN : 0;
    case 23:
      return data === first + 1 ? CERTAIN | ANSWERS : data >= 11 ? LIKELY | ASKS : 0;
    case 24:
      return data === 2 ? CERTAIN | ASKS : data >= 4 ? LIKELY | ANSWERS : 0;
    case ENCAPSULATED:
      return first === DEVICE_IDENTIFICATION || first === 13
        ? data === 3
          ? CERTAIN | ASKS
          : CERTAIN
        : 0;
    // 90 is Schneider's UMAS; 65–72 and 100–110 are for makers to define.
    default:
      return code === 90 || (code >= 65 && code <= 72) || (code >= 100 && code <= 110) ? LIKELY : 0;
  }
}

/** Read device identification: 14, code, conformity, more, next, count, then id, length, text. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const data = at + HEADER + 1;
  if (bytes[at + HEADER] !== ENCAPSULATED || end - data < 6) return;
  if (bytes[data] !== DEVICE_IDENTIFICATION) return;
  let next = data + 6;
  for (let count = 0; count < bytes[data + 5]! && count < 16 && next + 2 <= end; count++) {
    const after = next + 2 + bytes[next + 1]!;
    const key = OBJECTS[bytes[next]!] ?? (bytes[next] === 4 ? 'product' : undefined);
    if (key && after <= end) to.service(key, textAt(bytes, next + 2, after));
    next = after;
  }
}

export const MODBUS: Detector = {
  protocol: 'modbus',
  transports: [6, 17],
  ports: [502],
  detect,
  facts,
};
