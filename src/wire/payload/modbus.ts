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
const PORT = 502;
/** Units are 0 to 247, and 255 where a device has none (Implementation Guide, section 4.4.2). */
const LAST_UNIT = 247;
const NO_UNIT = 255;
/** Most coils and most registers of one request (Application Protocol, section 6). */
const MOST_COILS = 2000;
const MOST_REGISTERS = 125;
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
  const isOnPort = payload.sourcePort === PORT || payload.destinationPort === PORT;
  // An LDAP message with a long length may look the same: its tag is here the transaction.
  if (view.getUint16(at) === LDAP) return isOnPort ? LIKELY : 0;
  const unit = bytes[at + HEADER - 1]!;
  if (unit > LAST_UNIT && unit !== NO_UNIT && !isOnPort) return 0;
  const code = bytes[at + HEADER]!;
  const data = octets - 2;
  if (code >= EXCEPTION) {
    const why = end - at > HEADER + 1 ? bytes[at + HEADER + 1]! : 0;
    return data === 1 && why >= 1 && why <= 11 && (code & 0x7f) <= ENCAPSULATED
      ? LIKELY | ANSWERS
      : 0;
  }
  // Functions that makers define have no form at all.
  if (code > ENCAPSULATED) return isOnPort && isOfMakers(code) ? LIKELY : 0;
  const said = shape(payload, code, data);
  // Unit 0 is all units of a line, which do not answer; some clients ask a device itself so.
  return unit === 0 && said !== 0 ? LIKELY | (said & (ASKS | ANSWERS)) : said;
}

/** 90 is Schneider's UMAS; 65–72 and 100–110 are for makers to define. */
function isOfMakers(code: number): boolean {
  return code === 90 || (code >= 65 && code <= 72) || (code >= 100 && code <= 110);
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

/** Whether so many octets of data fit the function; -2 stands for an octet that was not captured. */
function shape({ bytes, view, at, end }: Payload, code: number, data: number): Detection {
  const from = at + HEADER + 1;
  // The count of octets in answers to reads, and in requests to write several.
  const first = data > 0 && from < end ? bytes[from]! : -2;
  const fifth = data > 4 && from + 4 < end ? bytes[from + 4]! : -2;
  // Of requests, the first address and how many.
  const start = data >= 4 && from + 4 <= end ? view.getUint16(from) : 0;
  const count = data >= 4 && from + 4 <= end ? view.getUint16(from + 2) : 1;
  const coils = code === 1 || code === 2 || code === 15;
  const isRange =
    count > 0 && count <= (coils ? MOST_COILS : MOST_REGISTERS) && start + count <= 0x1_0000;
  switch (code) {
    // Reads: address and count, or count and values.
    case 1:
    case 2:
    case 3:
    case 4: {
      const isAnswer = data === first + 1 && data > 1 && (coils || (first & 1) === 0);
      if (data === 4) return isAnswer ? LIKELY : isRange ? CERTAIN | ASKS : 0;
      return isAnswer ? CERTAIN | ANSWERS : 0;
    }
    // Writes of one value are answered by their copy; a coil is on (FF00) or off.
    case 5:
      return data === 4 && (count === 0 || count === 0xff00 || end < from + 4) ? CERTAIN : 0;
    // Any value; a test, by its number.
    case 6:
      return data === 4 ? LIKELY : 0;
    case 8:
      return data === 4 && start <= 20 ? LIKELY : 0;
    case 7:
    case 11:
    case 12:
    case 17:
      return status(code, data, first);
    // Writes of several: address, count, octets, values; answered by address and count.
    case 15:
    case 16:
      if (!isRange) return 0;
      if (data === 4) return CERTAIN | ANSWERS;
      return data === fifth + 5 && fifth === (coils ? (count + 7) >>> 3 : 2 * count)
        ? CERTAIN | ASKS
        : 0;
    case 20:
    case 21:
      return data === first + 1 ? LIKELY : 0;
    case 22:
      return data === 6 ? LIKELY : 0;
    case 23:
      if (data === first + 1 && data > 1 && (first & 1) === 0) return CERTAIN | ANSWERS;
      return data >= 11 && isRange ? LIKELY | ASKS : 0;
    case 24:
      return data === 2 ? LIKELY | ASKS : data >= 4 && start === data - 2 ? LIKELY | ANSWERS : 0;
    case ENCAPSULATED:
      if (first !== DEVICE_IDENTIFICATION && first !== 13) return 0;
      return data === 3 ? CERTAIN | ASKS : CERTAIN;
    default:
      return 0;
  }
}

/** Exception status, event counter and log, server id: asked without data. */
function status(code: number, data: number, first: number): Detection {
  if (data === 0) return LIKELY | ASKS;
  const isAnswer = (code === 7 && data === 1) || data === first + 1 || (code === 11 && data === 4);
  return isAnswer ? LIKELY | ANSWERS : 0;
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
