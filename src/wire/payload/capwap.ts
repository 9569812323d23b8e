/**
 * CAPWAP, between wireless access points and their controller (RFC 5415 sections 4.3 and 4.5): a
 * preamble that says whether DTLS follows, a header, then a control message of known length.
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

const CONTROL_PORT = 5246;
const SECURED = 0x01;
const MOST_MESSAGE = 26;
const DISCOVERY = 1;
const DISCOVERY_RESPONSE = 2;
const HANDSHAKE = 22;

function detect({ bytes, view, at, end, length, sourcePort, destinationPort }: Payload): Detection {
  if (end - at < 8 || sourcePort === destinationPort) return 0;
  if (bytes[at] === SECURED) {
    // Three reserved octets, then a DTLS record.
    const isDtls = end - at >= 17 && view.getInt32(at) === 0x0100_0000 && bytes[at + 5] === 0xfe;
    return isDtls && bytes[at + 4]! >= 20 && bytes[at + 4]! <= 23
      ? bytes[at + 4] === HANDSHAKE
        ? CERTAIN
        : LIKELY
      : 0;
  }
  const octets = (bytes[at + 1]! >>> 3) << 2;
  const message = at + octets;
  if (bytes[at] !== 0 || octets < 8 || message + 8 > end) return 0;
  // Fragment id and offset are zero in whole messages; the type is of IETF's enterprise 0.
  if (view.getInt32(at + 4) !== 0 || (bytes[at + 3]! & 0x80) !== 0) return 0;
  const type = view.getUint32(message);
  const kind = type & 0xff;
  // Cisco's controllers use its enterprise number, 9.
  if ((type >>> 8 !== 0 && type >>> 8 !== 9) || kind < 1 || kind > MOST_MESSAGE) return 0;
  // The length counts the message's elements and its own three octets.
  const counted = view.getUint16(message + 5) + 5;
  if (message + counted !== at + length && message + counted + 3 !== at + length) return 0;
  const side = kind === DISCOVERY ? ASKS : kind === DISCOVERY_RESPONSE ? ANSWERS : 0;
  const onPort = sourcePort === CONTROL_PORT || destinationPort === CONTROL_PORT;
  return (onPort || counted > 16 ? CERTAIN : LIKELY) | side;
}

export const CAPWAP: Detector = {
  protocol: 'capwap',
  transports: [17],
  ports: [CONTROL_PORT, 5247],
  begins: [0, SECURED],
  detect,
};
