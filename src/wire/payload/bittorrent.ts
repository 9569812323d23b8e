/**
 * BitTorrent: the handshake of peers (BEP 3) over TCP, and over UDP the distributed hash table (BEP
 * 5, bencoded dictionaries), uTP (BEP 29), trackers (BEP 15) and local discovery (BEP 14). Both
 * sides of it are peers: only trackers and hash table have questions and answers.
 */
import { ascii, findAnyCase, isAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  LIKELY,
  type Payload,
} from './payload.ts';

const TCP = 6;
const HANDSHAKE = ascii('\x13BitTorrent protocol');
const LOCAL_SEARCH = ascii('BT-SEARCH * HTTP/1.1\r\n');
/** `1:y1:q` ends a question, `r` an answer, `e` an error: keys are sorted, and y comes last. */
const KIND = ascii('1:Y1:');
const DICTIONARY = 0x64;
const DIGIT_0 = 0x30;
const COLON = 0x3a;
const LAST = 0x65;
const UTP_HEADER = 20;
const UTP_SYN = 0x41;
const UTP_STATE = 0x21;
const MOST_DICTIONARY = 2048;

function detect(payload: Payload): Detection {
  const { bytes, at, end, transport } = payload;
  if (isAt(bytes, at, end, HANDSHAKE)) return CERTAIN;
  if (transport === TCP) return 0;
  switch (bytes[at]) {
    case DICTIONARY:
      return detectDictionary(payload);
    case UTP_SYN:
    case UTP_STATE:
      return detectUtp(payload);
    case 0:
      return detectTracker(payload);
    default:
      return isAt(bytes, at, end, LOCAL_SEARCH) ? CERTAIN : 0;
  }
}

function detectDictionary({ bytes, at, end, length }: Payload): Detection {
  if (length < 16 || length > MOST_DICTIONARY || end - at < 16) return 0;
  const digit = bytes[at + 1]! - DIGIT_0;
  if (digit < 1 || digit > 9 || bytes[at + 2] !== COLON) return 0;
  const isWhole = end - at === length;
  if (isWhole && bytes[end - 1] !== LAST) return 0;
  const kind = findAnyCase(bytes, at, end, KIND) + KIND.length;
  if (kind < KIND.length || kind >= end) return isWhole ? 0 : LIKELY;
  const letter = bytes[kind];
  if (letter === 0x71) return CERTAIN | ASKS;
  return letter === 0x72 || letter === 0x65 ? CERTAIN | ANSWERS : 0;
}

/**
 * Type and version, extension, connection, time, time difference, window, sequence number,
 * acknowledgement. A first packet knows no difference and acknowledges nothing.
 */
function detectUtp({ bytes, view, at, end, length }: Payload): Detection {
  if (length < UTP_HEADER || end - at < UTP_HEADER) return 0;
  const extension = bytes[at + 1]!;
  if (extension === 0 ? length !== UTP_HEADER : extension > 2 || length > 64) return 0;
  if (bytes[at] === UTP_STATE) return extension === 0 && view.getInt32(at + 4) !== 0 ? LIKELY : 0;
  if (view.getInt32(at + 8) !== 0 || view.getInt32(at + 4) === 0) return 0;
  const isNumbered = view.getUint16(at + 16) === 1 && view.getUint16(at + 18) === 0;
  return isNumbered ? CERTAIN : LIKELY;
}

/** Connect: the number 0x41727101980, action 0, transaction. */
function detectTracker({ view, at, end, length }: Payload): Detection {
  if (length !== 16 || end - at < 12) return 0;
  const isConnect =
    view.getInt32(at) === 0x417 &&
    view.getInt32(at + 4) === 0x27101980 &&
    view.getInt32(at + 8) === 0;
  return isConnect ? CERTAIN | ASKS : 0;
}

export const BITTORRENT: Detector = {
  protocol: 'bittorrent',
  transports: [6, 17],
  ports: [6881, 6882, 6883, 6884, 6885, 6886, 6887, 6888, 6889, 6771],
  begins: [0x13, DICTIONARY, UTP_SYN, UTP_STATE, 0, 0x42],
  detect,
};
