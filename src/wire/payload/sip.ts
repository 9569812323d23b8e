/**
 * SIP (RFC 3261 section 7): a request line that ends in `SIP/2.0`, or a status line that begins with
 * it. A session description in it (RFC 8866) says where RTP will be received.
 */
import { firstsOf } from './first-octets.ts';
import { ascii, decimalAt, isAt, isAtAnyCase, isText, lineEnd, textAt } from './octets.ts';
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

const STATUS = ascii('SIP/2.0 ');
const VERSION = ascii(' SIP/2.0');
/** The first ones open a conversation; within it both sides send the others. */
const METHODS = [
  'INVITE',
  'REGISTER',
  'SUBSCRIBE',
  'PUBLISH',
  'ACK',
  'BYE',
  'CANCEL',
  'OPTIONS',
  'PRACK',
  'NOTIFY',
  'INFO',
  'REFER',
  'MESSAGE',
  'UPDATE',
] as const;
const OPENING = 4;
const REQUESTS = METHODS.map((method) => ascii(`${method} `));
const SCHEMES = [ascii('SIP:'), ascii('SIPS:'), ascii('TEL:')] as const;
const SERVER = ascii('SERVER:');
const USER_AGENT = ascii('USER-AGENT:');
/** Octets of a first line that are searched for its end. */
const MOST_LINE = 1024;
const MOST_MEDIA = 16;

function detect({ bytes, at, end }: Payload): Detection {
  if (isAt(bytes, at, end, STATUS)) {
    const code = decimalAt(bytes, at + STATUS.length, end, 3);
    return code >= 100 && code < 700 ? CERTAIN | ANSWERS : 0;
  }
  for (let index = 0; index < REQUESTS.length; index++) {
    const method = REQUESTS[index]!;
    if (!isAt(bytes, at, end, method)) continue;
    return detectUri(bytes, at + method.length, end, index < OPENING ? ASKS : 0);
  }
  return 0;
}

/** What follows the method: an address, and the version at the line's end. */
function detectUri(bytes: Uint8Array, at: number, end: number, side: Detection): Detection {
  for (let index = 0; index < SCHEMES.length; index++) {
    if (!isAtAnyCase(bytes, at, end, SCHEMES[index]!)) continue;
    const stop = Math.min(end, at + MOST_LINE);
    const last = lineEnd(bytes, at, stop);
    if (!isText(bytes, at, last)) return 0;
    // The first line may be cut by the capture or the segment.
    const hasVersion = isAt(bytes, last - VERSION.length, last, VERSION);
    return hasVersion || last === stop ? CERTAIN | side : 0;
  }
  return 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (isAt(bytes, at, end, STATUS)) {
    const product = headerValue(bytes, at, end, SERVER) || headerValue(bytes, at, end, USER_AGENT);
    if (product) to.service('product', product);
  }
  tellMedia(bytes, at, end, to);
}

/** `c=IN IP4 address` holds for the session, or for the `m=audio port RTP/AVP …` before it. */
function tellMedia(bytes: Uint8Array, at: number, end: number, to: FactSink): void {
  const media: { port: number; own?: Uint8Array }[] = [];
  let session: Uint8Array | undefined;
  for (let next = at; next < end && media.length < MOST_MEDIA; ) {
    const last = lineEnd(bytes, next, end);
    if (bytes[next + 1] === 0x3d) {
      const line = textAt(bytes, next, last);
      const port = /^m=(?:audio|video) (\d{1,5})(?:\/\d+)? (?:UDP\/TLS\/)?RTP\/S?AVPF? /.exec(line);
      if (port) media.push({ port: Number(port[1]) });
      const address = /^c=IN IP4 (\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/.exec(line);
      if (address) {
        const octets = Uint8Array.from(address.slice(1), Number);
        const current = media.at(-1);
        if (current) current.own = octets;
        else session = octets;
      }
    }
    next = last;
    while (next < end && (bytes[next] === 13 || bytes[next] === 10)) next++;
  }
  for (const { port, own } of media) {
    const address = own ?? session;
    if (!address || port === 0 || port > 65_534 || address.every((octet) => octet === 0)) continue;
    to.expect('rtp', address, port);
    to.expect('rtcp', address, port + 1);
  }
}

export const SIP: Detector = {
  protocol: 'sip',
  transports: [6, 17],
  ports: [5060],
  begins: firstsOf('SIP', ...METHODS),
  follows: true,
  detect,
  facts,
};
