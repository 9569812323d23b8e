/**
 * WireGuard (J. Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel", section 5.4): four
 * message types as a little-endian word, the first three of fixed lengths.
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
import { looksSealed } from './sealed.ts';

const INITIATION = 148;
const RESPONSE = 92;
const COOKIE = 64;
const DATA_HEADER = 32;
const MAC2 = 16;
/** Where the first key or nonce, or the data, begin: after the type and one or two indices. */
const SEALED = [8, 12, 8, 16] as const;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 16) return 0;
  // The type, then three reserved octets.
  const type = view.getInt32(at, true);
  if (type < 1 || type > 4 || !looksSealed(bytes, at + SEALED[type - 1]!, end)) return 0;
  switch (type) {
    case 1:
      return length === INITIATION ? surely(view, at + INITIATION - MAC2, end) | ASKS : 0;
    case 2:
      return length === RESPONSE ? surely(view, at + RESPONSE - MAC2, end) | ANSWERS : 0;
    case 3:
      return length === COOKIE ? LIKELY : 0;
    // The counter begins with zero; the data are padded to 16 octets.
    case 4:
      return length >= DATA_HEADER &&
        (length & 15) === 0 &&
        view.getInt32(at + 12) === 0 &&
        bytes[at + 11] === 0
        ? LIKELY
        : 0;
    default:
      return 0;
  }
}

/** The second MAC is zero unless the other side is under load. */
function surely(view: DataView, mac: number, end: number): Detection {
  if (mac + MAC2 > end) return LIKELY;
  for (let next = mac; next < mac + MAC2; next += 4) if (view.getInt32(next) !== 0) return LIKELY;
  return CERTAIN;
}

export const WIREGUARD: Detector = {
  protocol: 'wireguard',
  transports: [17],
  ports: [51820],
  begins: [1, 2, 3, 4],
  detect,
};
