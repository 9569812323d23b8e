/**
 * Kafka requests (Apache Kafka, “Protocol Guide”): length (4), kind (2), its version (2), a number
 * that the answer repeats (4), the client's name (2 octets of length, text). Answers have only
 * length and number, and tell nothing.
 */
import { ASKS, CERTAIN, type Detection, type Detector, LIKELY, type Payload } from './payload.ts';

const HEADER = 14;
/** Kinds and versions of Kafka 4, with room for some more. */
const LAST_KIND = 92;
const LAST_VERSION = 20;
const MOST_NAME = 255;
const NULL_NAME = 0xffff;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER || view.getUint32(at) + 4 !== length) return 0;
  const kind = view.getUint16(at + 4);
  if (kind > LAST_KIND || view.getUint16(at + 6) > LAST_VERSION) return 0;
  const name = view.getUint16(at + 12);
  // Numbers are counted up from 0 or 1 by all clients.
  const young = view.getUint32(at + 8) < 0x1000000;
  if (name === NULL_NAME || name === 0) return young && kind > 0 ? LIKELY | ASKS : 0;
  if (name > MOST_NAME || HEADER + name > length || end - at < HEADER + name || name < 3) return 0;
  for (let next = at + HEADER; next < at + HEADER + name; next++) {
    const octet = bytes[next]!;
    const letter = octet | 0x20;
    const other =
      octet === 0x2d || octet === 0x2e || octet === 0x5f || octet === 0x40 || octet === 0x20;
    if ((letter < 0x61 || letter > 0x7a) && (octet < 0x30 || octet > 0x39) && !other) return 0;
  }
  return young ? CERTAIN | ASKS : LIKELY | ASKS;
}

export const KAFKA: Detector = {
  protocol: 'kafka',
  transports: [6],
  ports: [9092],
  begins: [0],
  detect,
};
