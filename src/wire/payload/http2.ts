/**
 * HTTP/2 in clear (RFC 9113): the client begins with a fixed preface, the server with a SETTINGS
 * frame: length (3), type 4 (1), flags (1), stream 0 (4), then settings of identifier (2) and
 * value (4). Over TLS it shows as the `alpn` of TLS only.
 */
import { ascii, isAt } from './octets.ts';
import { ANSWERS, ASKS, CERTAIN, type Detection, type Detector, type Payload } from './payload.ts';

const PREFACE = ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const FRAME = 9;
const SETTINGS = 4;
const SETTING = 6;
const MOST_SETTINGS = 16;
/** RFC 9113 defines 1 to 6, RFC 8441 8, RFC 9218 9. */
const LAST_IDENTIFIER = 9;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (isAt(bytes, at, end, PREFACE)) return CERTAIN | ASKS;
  if (end - at < FRAME + SETTING || bytes[at] !== 0 || bytes[at + 3] !== SETTINGS) return 0;
  const size = view.getUint16(at + 1);
  if (size === 0 || size % SETTING !== 0 || size > SETTING * MOST_SETTINGS) return 0;
  if (bytes[at + 4] !== 0 || view.getUint32(at + 5) !== 0 || FRAME + size > length) return 0;
  const stop = Math.min(end, at + FRAME + size);
  for (let next = at + FRAME; stop - next >= SETTING; next += SETTING) {
    const identifier = view.getUint16(next);
    if (identifier === 0 || identifier > LAST_IDENTIFIER) return 0;
  }
  return CERTAIN | ANSWERS;
}

export const HTTP2: Detector = {
  protocol: 'http2',
  transports: [6],
  ports: [50051],
  begins: [0, 0x50],
  detect,
};
