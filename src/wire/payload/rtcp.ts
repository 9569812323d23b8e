/**
 * RTCP (RFC 3550 section 6): packets of 32-bit words, one after the other, that fill the datagram;
 * the first is a sender or receiver report, or feedback (RFC 4585, RFC 5506).
 */
import { octetsBetween } from './first-octets.ts';
import { type Detection, type Detector, LIKELY, type Payload } from './payload.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const LAST_TYPE = 207;
const REPORT_BLOCK = 6;
const MOST_PACKETS = 16;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  if (end - at < 8 || sourcePort < 1024 || destinationPort < 1024) return 0;
  const type = bytes[at + 1]!;
  const blocks = bytes[at]! & 31;
  const words = view.getUint16(at + 2);
  if (view.getInt32(at + 4) === 0) return 0;
  if (type === SENDER_REPORT ? words < 6 + REPORT_BLOCK * blocks : false) return 0;
  if (type === RECEIVER_REPORT ? words < 1 + REPORT_BLOCK * blocks : false) return 0;
  if (type !== SENDER_REPORT && type !== RECEIVER_REPORT && type !== 205 && type !== 206) return 0;
  let next = at;
  for (let count = 0; count < MOST_PACKETS && next + 4 <= end; count++) {
    const isRtcp = (bytes[next]! & 0xc0) === 0x80;
    if (!isRtcp || bytes[next + 1]! < SENDER_REPORT || bytes[next + 1]! > LAST_TYPE) {
      // After all of them, secure RTCP has an index and an authentication tag (RFC 3711).
      return count > 0 && at + length - next >= 8 && at + length - next <= 20 ? LIKELY : 0;
    }
    next += 4 * (view.getUint16(next + 2) + 1);
    if (next > at + length) return 0;
  }
  return next === at + length || (next > end && end < at + length) ? LIKELY : 0;
}

export const RTCP: Detector = {
  protocol: 'rtcp',
  transports: [17],
  ports: [],
  begins: octetsBetween(0x80, 0xbf),
  detect,
};
