/**
 * SOCKS versions 4, 4a (Y.-D. Lee's memorandums) and 5 (RFC 1928 sections 3, 4, 6), with its login by
 * name and password in clear (RFC 1929 section 2). Few octets, and none of them magic: likely, and
 * certain only where a host's name fits to the last octet.
 */
import { isText } from './octets.ts';
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

const MOST_METHODS = 8;
const NONE_ACCEPTABLE = 0xff;
const ADDRESS_4 = 1;
const HOST_NAME = 3;
const ADDRESS_6 = 4;
const PASSWORD = 2;
/** Version of the login, which is not that of SOCKS. */
const LOGIN = 1;
/** What `facts` remembers of a conversation: a login may come; what comes now is not SOCKS. */
const MAY_LOG_IN = 1;
const OPEN = 2;

function detect(payload: Payload): Detection {
  const { bytes, at, end, length } = payload;
  if (end - at < 2 || end - at !== length) return 0;
  if (bytes[at] === 5) return detect5(payload);
  if (bytes[at] === 0) return detectReply4(payload);
  if (bytes[at] === LOGIN) return isLogin(payload) ? LIKELY | ASKS : 0;
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

/** Version, a name and a password, each behind its length; printable, as names are. */
function isLogin({ bytes, at, end, length }: Payload): boolean {
  const name = bytes[at + 1]!;
  const password = at + 2 + name;
  if (name === 0 || password >= end || bytes[password] === 0) return false;
  return password + 1 + bytes[password]! - at === length && isText(bytes, at + 2, password);
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, at, end, fromServer, memory } = payload;
  if (memory === OPEN) return;
  if (!fromServer && bytes[at] === LOGIN) {
    if (memory === MAY_LOG_IN) to.service('login', 'in clear');
  } else if (bytes[at] !== 5) payload.memory = OPEN;
  else if (end - at > 3 && bytes[at + 2] === 0 && bytes[at + 1]! !== end - at - 2) {
    // A request: what follows its answer belongs to somebody else.
    payload.memory = OPEN;
  } else if (!fromServer || bytes[at + 1] === PASSWORD) payload.memory = MAY_LOG_IN;
}

export const SOCKS: Detector = {
  protocol: 'socks',
  transports: [6],
  ports: [1080, 9050, 9150],
  begins: [0, LOGIN, 4, 5],
  detect,
  facts,
};
