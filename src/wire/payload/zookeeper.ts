/**
 * ZooKeeper: the four-letter words of its administrator's guide, and the connect request and answer of
 * its clients (`zookeeper.jute`): length, protocol 0, times, session, a password of 16 octets.
 */
import { octetsBetween } from './first-octets.ts';
import { ascii, findOctet, isAt, textAt } from './octets.ts';
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

const WORDS = 'ruok stat srvr mntr conf cons crst dump envi srst wchs wchc wchp dirs isro gtmk stmk'
  .split(' ')
  .map(ascii);
const FINE = ascii('imok');
const VERSION = ascii('Zookeeper version: ');
const MONITORED = ascii('zk_version\t');
const PASSWORD = 16;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 4) return 0;
  if (length <= 6) {
    // A terminal's line end may follow.
    if (length > 4 && bytes[end - 1] !== 10) return 0;
    if (length === 6 && bytes[at + 4] !== 13) return 0;
    if (isAt(bytes, at, end, FINE)) return LIKELY | ANSWERS;
    for (let index = 0; index < WORDS.length; index++) {
      if (isAt(bytes, at, end, WORDS[index]!)) return LIKELY | ASKS;
    }
    return 0;
  }
  if (isAt(bytes, at, end, VERSION) || isAt(bytes, at, end, MONITORED)) return CERTAIN | ANSWERS;
  if (end - at < 8 || view.getUint32(at) !== length - 4 || view.getInt32(at + 4) !== 0) return 0;
  // Newer clients and servers add an octet: read-only.
  if ((length === 48 || length === 49) && end - at >= 32) {
    return view.getInt32(at + 28) === PASSWORD ? CERTAIN | ASKS : 0;
  }
  if ((length === 40 || length === 41) && end - at >= 24) {
    return view.getInt32(at + 20) === PASSWORD ? CERTAIN | ANSWERS : 0;
  }
  return 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const word = isAt(bytes, at, end, VERSION)
    ? VERSION
    : isAt(bytes, at, end, MONITORED)
      ? MONITORED
      : undefined;
  if (!word) return;
  const start = at + word.length;
  const comma = findOctet(bytes, start, Math.min(end, start + 64), 0x2c);
  to.service('version', textAt(bytes, start, comma < 0 ? Math.min(end, start + 32) : comma).trim());
}

export const ZOOKEEPER: Detector = {
  protocol: 'zookeeper',
  transports: [6],
  ports: [2181],
  begins: [0, 0x5a, ...octetsBetween(0x61, 0x7a)],
  detect,
  facts,
};
