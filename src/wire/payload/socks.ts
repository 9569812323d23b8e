/**
 * SOCKS versions 4, 4a (Y.-D. Lee's memorandums) and 5 (RFC 1928 sections 3, 4, 6). Few octets, and
 * none of them magic: likely, and certain only where a host's name fits to the last octet.
 */
import { isText } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  LIKELY,
  type Payload,
} from './payload.ts';

const MOST_METHODS = 8;
const NONE_ACCEPTABLE = 0xff;
const ADDRESS_4 = 1;
const HOST_NAME = 3;
const ADDRESS_6 = 4;

function detect(payload: Payload): Detection {
  const { bytes, at, end, length } = payload;
  if (end - at < 2 || end - at !== length) return 0;
  if (bytes[at] === 5) return detect5(payload);
  if (bytes[at] === 0) return detectReply4(payload);
  // Version 4: connect or bind, port, address, user, zero.
  if (length < 9 || length > 512 || bytes[at + 1]! < 1 || bytes[at + 1]! > 2) return 0;
  if (bytes[end - 1] !== 0) return 0;
  let zeros = 0;
  for (let next = at + 8; next < end; next++) if (bytes[next] === 0) zeros += 1;
  // Version 4a: the address 0.0.0.x, and the host's name after the user's.
  const isNamed =
    bytes[at + 4] === 0 && bytes[at + 5] === 0 && bytes[at + 6] === 0 && bytes[at + 7] !== 0;
  return zeros === (isNamed ? 2 : 1) ? (isNamed && length > 12 ? CERTAIN : LIKELY) | ASKS : 0;
}

/** Null, 90 to 93, port and address: eight octets. */
function detectReply4({ bytes, at, length }: Payload): Detection {
  return length === 8 && bytes[at + 1]! >= 90 && bytes[at + 1]! <= 93 ? LIKELY | ANSWERS : 0;
}

function detect5({ bytes, at, end, length }: Payload): Detection {
  const second = bytes[at + 1]!;
  if (length === 2) {
    // The method chosen; the ones in use are none, GSSAPI, password.
    return second <= 2 || second === NONE_ACCEPTABLE ? LIKELY | ANSWERS : 0;
  }
  if (second >= 1 && second <= MOST_METHODS && length === 2 + second) {
    for (let next = at + 2; next < end; next++) {
      if (bytes[next]! > 9 && bytes[next]! < 0x80) return 0;
    }
    return LIKELY | ASKS;
  }
  // Command or reply code, reserved, kind of address, address, port.
  if (length < 10 || second > 8 || bytes[at + 2] !== 0) return 0;
  const isName = bytes[at + 3] === HOST_NAME;
  const octets =
    bytes[at + 3] === ADDRESS_4
      ? 4
      : bytes[at + 3] === ADDRESS_6
        ? 16
        : isName
          ? 1 + bytes[at + 4]!
          : 0;
  if (octets === 0 || length !== 4 + octets + 2) return 0;
  // Codes 1 to 3 are commands or failures; 0 is success alone.
  const side = second === 0 || second > 3 ? ANSWERS : 0;
  const isCertain = isName && octets > 4 && isText(bytes, at + 5, at + 4 + octets);
  return (isCertain ? CERTAIN : LIKELY) | side;
}

export const SOCKS: Detector = {
  protocol: 'socks',
  transports: [6],
  ports: [1080, 9050, 9150],
  begins: [0, 4, 5],
  detect,
};
