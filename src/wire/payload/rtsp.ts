/**
 * RTSP (RFC 2326; version 2 RFC 7826): HTTP's lines with an `rtsp:` address and a version of its own.
 * The answer to SETUP names the ports that media will come from.
 */
import { firstsOf } from './first-octets.ts';
import { ascii, decimalAt, isAt, isAtAnyCase } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';
import { headerValue } from './text-headers.ts';

const METHODS = [
  'OPTIONS',
  'DESCRIBE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'ANNOUNCE',
  'RECORD',
  'GET_PARAMETER',
  'SET_PARAMETER',
] as const;
const REQUESTS = METHODS.map((method) => ascii(`${method} `));
const SCHEME = ascii('RTSP');
const ANY = ascii('* RTSP/');
const STATUS = ascii('RTSP/');
const SERVER = ascii('SERVER:');
const TRANSPORT = ascii('TRANSPORT:');

function detect({ bytes, at, end }: Payload): Detection {
  if (isAt(bytes, at, end, STATUS)) {
    const code = decimalAt(bytes, at + 9, end, 3);
    return code >= 100 && code < 600 ? CERTAIN | ANSWERS : 0;
  }
  for (let index = 0; index < REQUESTS.length; index++) {
    const method = REQUESTS[index]!;
    if (!isAt(bytes, at, end, method)) continue;
    const target = at + method.length;
    const isRtsp = isAtAnyCase(bytes, target, end, SCHEME) || isAt(bytes, target, end, ANY);
    return isRtsp ? CERTAIN | ASKS : 0;
  }
  return 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (!isAt(bytes, at, end, STATUS)) return;
  const product = headerValue(bytes, at, end, SERVER);
  if (product) to.service('product', product);
  const ports = /(?:^|;)server_port=(\d{1,5})(?:-(\d{1,5}))?/.exec(
    headerValue(bytes, at, end, TRANSPORT),
  );
  const [media, control] = [Number(ports?.[1] ?? 0), Number(ports?.[2] ?? 0)];
  if (media > 0 && media < 65_536) to.expect('rtp', 'source', media);
  if (control > 0 && control < 65_536) to.expect('rtcp', 'source', control);
}

export const RTSP: Detector = {
  protocol: 'rtsp',
  transports: [6],
  ports: [554, 8554],
  begins: firstsOf('RTSP', ...METHODS),
  follows: true,
  detect,
  facts,
};
