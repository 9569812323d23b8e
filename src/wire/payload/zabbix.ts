/**
 * Zabbix ("Header" in the appendix of its manual, zabbix.com/documentation): `ZBXD`, flags, the
 * data's length (little-endian), then JSON or an item's key. A server asks agents on 10050, agents
 * and proxies call the server on 10051.
 */
import { ascii, findAnyCase, isAt } from './octets.ts';
import { ANSWERS, ASKS, CERTAIN, type Detection, type Detector, type Payload } from './payload.ts';

const MAGIC = ascii('ZBXD');
const HEADER = 13;
const REQUEST = ascii('"REQUEST"');
const RESPONSE = ascii('"RESPONSE"');

function detect({ bytes, at, end }: Payload): Detection {
  if (end - at < 5 || !isAt(bytes, at, end, MAGIC)) return 0;
  // 1 protocol, 2 compressed, 4 large.
  if ((bytes[at + 4]! & 1) === 0 || bytes[at + 4]! > 7) return 0;
  const stop = Math.min(end, at + HEADER + 32);
  if (findAnyCase(bytes, at, stop, REQUEST) >= 0) return CERTAIN | ASKS;
  return CERTAIN | (findAnyCase(bytes, at, stop, RESPONSE) >= 0 ? ANSWERS : 0);
}

export const ZABBIX: Detector = {
  protocol: 'zabbix',
  transports: [6],
  ports: [10050, 10051],
  begins: [0x5a],
  detect,
};
