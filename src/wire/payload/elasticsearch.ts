/**
 * Elasticsearch over HTTP: answers carry `X-elastic-product: Elasticsearch` (since 7.14), and the
 * root document of all versions ends with the tag line “You Know, for Search”.
 */
import { ascii, findAnyCase, isAt, lineEnd, textAt } from './octets.ts';
import {
  ANSWERS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const VERSION = ascii('HTTP/1.');
const PRODUCT = ascii('\r\nX-ELASTIC-PRODUCT: ELASTICSEARCH');
const TAG_LINE = ascii('YOU KNOW, FOR SEARCH');
const NUMBER = ascii('"NUMBER"');
/** Octets of an answer that are looked through. */
const MOST_LOOKED = 1200;

function detect({ bytes, at, end }: Payload): Detection {
  if (!isAt(bytes, at, end, VERSION)) return 0;
  const stop = Math.min(end, at + MOST_LOOKED);
  const from = lineEnd(bytes, at, stop);
  if (findAnyCase(bytes, from, stop, PRODUCT) < 0 && findAnyCase(bytes, from, stop, TAG_LINE) < 0) {
    return 0;
  }
  return CERTAIN | ANSWERS;
}

/** `"number" : "8.11.1"` in the root document. */
function facts({ bytes, at, end }: Payload, to: FactSink): void {
  const stop = Math.min(end, at + MOST_LOOKED);
  const found = findAnyCase(bytes, at, stop, NUMBER);
  if (found < 0) return;
  const text = textAt(bytes, found + NUMBER.length, Math.min(stop, found + 64));
  const version = /^\s*:\s*"([\d.]{1,20})"/.exec(text)?.[1];
  if (version !== undefined) to.service('version', version);
}

export const ELASTICSEARCH: Detector = {
  protocol: 'elasticsearch',
  transports: [6],
  ports: [9200],
  begins: [0x48],
  over: 'http',
  detect,
  facts,
};
