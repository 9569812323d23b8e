/**
 * DNP3 (IEEE 1815 section 9.2): 05 64, length, control, destination, source, a checksum over these
 * eight octets. The control octet's top bit is set in what the master sends.
 */
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  LIKELY,
  type Payload,
} from './payload.ts';

const HEADER = 8;
const FROM_MASTER = 0x80;
/** The polynomial 3D65 (hex), its bits turned round. */
const POLYNOMIAL = 0xa6bc;

function detect({ bytes, view, at, end }: Payload): Detection {
  if (end - at < HEADER || bytes[at] !== 0x05 || bytes[at + 1] !== 0x64) return 0;
  if (bytes[at + 2]! < 5) return 0;
  const side = (bytes[at + 3]! & FROM_MASTER) !== 0 ? ASKS : ANSWERS;
  if (end - at < HEADER + 2) return LIKELY | side;
  return view.getUint16(at + HEADER, true) === checksum(bytes, at) ? CERTAIN | side : 0;
}

function checksum(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let next = at; next < at + HEADER; next++) {
    sum ^= bytes[next]!;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  }
  return ~sum & 0xffff;
}

export const DNP3: Detector = {
  protocol: 'dnp3',
  transports: [6, 17],
  ports: [20000],
  begins: [0x05],
  detect,
};
