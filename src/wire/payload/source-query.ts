/**
 * Questions to game servers as Valve's have them (developer.valvesoftware.com, "Server queries"): four
 * octets of ones, a letter, then texts.
 */
import { ascii, findOctet, isAt, isText, textAt } from './octets.ts';
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

const HEADER = 4;
const INFO_QUERY = ascii('TSource Engine Query\0');
const INFO = 0x49;
const CHALLENGE = 0x41;
const PLAYERS_QUERY = 0x55;
const RULES_QUERY = 0x56;
const PLAYERS = 0x44;
const RULES = 0x45;

/** Whether it begins with four octets of ones and goes on. */
export function isConnectionless({ view, at, end }: Payload): boolean {
  return end - at > HEADER && view.getInt32(at) === -1;
}

function detect(payload: Payload): Detection {
  const { bytes, at, end, length } = payload;
  if (!isConnectionless(payload)) return 0;
  switch (bytes[at + HEADER]) {
    case INFO_QUERY[0]:
      return isAt(bytes, at + HEADER, end, INFO_QUERY) ? CERTAIN | ASKS : 0;
    case PLAYERS_QUERY:
    case RULES_QUERY:
      return length === 9 ? LIKELY | ASKS : 0;
    case CHALLENGE:
      return length === 9 ? LIKELY | ANSWERS : 0;
    case INFO:
      // Protocol, name, map, folder, game: four texts.
      return texts(bytes, at + 6, end) === 4 ? CERTAIN | ANSWERS : 0;
    case PLAYERS:
    case RULES:
      return length > 7 ? LIKELY | ANSWERS : 0;
    default:
      return 0;
  }
}

/** How many of the next four texts end before the payload does; map and folder are plain names. */
function texts(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  for (let count = 0; count < 4; count++) {
    const stop = findOctet(bytes, next, Math.min(end, next + 256), 0);
    if (stop < 0) return count;
    const isName = count === 1 || count === 2;
    if (isName && (stop === next || !isText(bytes, next, stop))) return count;
    next = stop + 1;
  }
  return end - next >= 9 ? 4 : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (bytes[at + HEADER] !== INFO) return;
  let next = at + 6;
  for (let count = 0; count < 4; count++) {
    const stop = findOctet(bytes, next, end, 0);
    if (stop < 0) return;
    if (count === 0) to.service('title', textAt(bytes, next, stop));
    if (count === 3) to.service('product', textAt(bytes, next, stop));
    next = stop + 1;
  }
}

export const SOURCE_QUERY: Detector = {
  protocol: 'source-query',
  transports: [17],
  ports: [27015],
  begins: [0xff],
  detect,
  facts,
};
