/**
 * The line printer daemon (RFC 1179 section 5): a line that begins with an octet of command and a
 * queue's name. Few octets, and none of them magic: likely at most.
 */
import { findOctet } from './octets.ts';
import { ASKS, type Detection, type Detector, LIKELY, type Payload } from './payload.ts';

const MOST_QUEUE = 64;

/** Commands 1 to 5 end their only line; a queue's name has no blank. */
function detect({ bytes, at, end, length }: Payload): Detection {
  if (end - at < 3 || end - at !== length || length > 2 + 4 * MOST_QUEUE) return 0;
  const command = bytes[at]!;
  if (command < 1 || command > 5 || bytes[end - 1] !== 10) return 0;
  if (findOctet(bytes, at + 1, end - 1, 10) >= 0) return 0;
  for (let next = at + 1; next < end - 1; next++) {
    const isBlank = bytes[next] === 0x20 && next > at + 1 && command > 2;
    if (!isBlank && (bytes[next]! < 0x21 || bytes[next]! > 0x7e)) return 0;
  }
  return LIKELY | ASKS;
}

export const LPD: Detector = {
  protocol: 'lpd',
  transports: [6],
  ports: [515],
  begins: [1, 2, 3, 4, 5],
  detect,
};
