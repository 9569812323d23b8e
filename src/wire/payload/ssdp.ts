/**
 * SSDP, the discovery of UPnP (UPnP Device Architecture 2.0, chapter 1): HTTP's lines over UDP. A
 * search, an announcement, or an answer, which says where the device's description is.
 */
import { ascii, decimalAt, findAnyCase, isAt } from './octets.ts';
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
import { headerValue, webEndpoint } from './text-headers.ts';

const SEARCH = ascii('M-SEARCH * HTTP/1.');
const NOTIFY = ascii('NOTIFY * HTTP/1.');
const STATUS = ascii('HTTP/1.1 ');
/** A header that only answers to searches have: the unique service name. */
const NAME = ascii('\nUSN:');
const SERVER = ascii('SERVER:');
const LOCATION = ascii('LOCATION:');
const SEARCHED = 1024;

function detect({ bytes, at, end, sourcePort }: Payload): Detection {
  if (isAt(bytes, at, end, SEARCH)) return CERTAIN | ASKS;
  if (isAt(bytes, at, end, NOTIFY)) return CERTAIN;
  if (!isAt(bytes, at, end, STATUS) || decimalAt(bytes, at + 9, end, 3) !== 200) return 0;
  if (findAnyCase(bytes, at, Math.min(end, at + SEARCHED), NAME) >= 0) return CERTAIN | ANSWERS;
  return sourcePort === 1900 ? LIKELY | ANSWERS : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (isAt(bytes, at, end, SEARCH)) return;
  const product = headerValue(bytes, at, end, SERVER);
  if (product) to.service('product', product);
  const description = webEndpoint(headerValue(bytes, at, end, LOCATION));
  if (description) to.expect('http', description.address, description.port);
}

export const SSDP: Detector = {
  protocol: 'ssdp',
  transports: [17],
  ports: [1900],
  begins: [0x4d, 0x4e, 0x48],
  detect,
  facts,
};
