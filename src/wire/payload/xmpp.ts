/**
 * XMPP (RFC 6120 section 4.2): a stream header in the namespace of streams, after an XML declaration
 * perhaps. Its `to` is the server's name as the client knows it, its `from` the name it says it has.
 */
import { ascii, findAnyCase, isAtAnyCase, textAt } from './octets.ts';
import {
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const STREAM = ascii('<STREAM:STREAM');
const NAMESPACE = ascii('ETHERX.JABBER.ORG/STREAMS');
const AUTH = ascii('<AUTH ');
const SASL = ascii('URN:IETF:PARAMS:XML:NS:XMPP-SASL');
const PLAIN = [ascii("MECHANISM='PLAIN'"), ascii('MECHANISM="PLAIN"')];
const SEARCHED = 512;

function detect({ bytes, at, end }: Payload): Detection {
  if (end - at < STREAM.length || bytes[at] !== 0x3c) return 0;
  const stop = Math.min(end, at + SEARCHED);
  if (isAtAnyCase(bytes, at, stop, AUTH)) {
    return findAnyCase(bytes, at, stop, SASL) >= 0 ? CERTAIN | ASKS : 0;
  }
  if (findAnyCase(bytes, at, stop, STREAM) < 0) return 0;
  return findAnyCase(bytes, at, stop, NAMESPACE) >= 0 ? CERTAIN : LIKELY;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  if (isAtAnyCase(bytes, at, end, AUTH)) {
    // The password in base64 (RFC 4616).
    const plain = PLAIN.some((word) => findAnyCase(bytes, at, end, word) >= 0);
    if (plain) to.service('login', 'in clear');
    return;
  }
  const stream = findAnyCase(bytes, at, Math.min(end, at + SEARCHED), STREAM);
  if (stream < 0) return;
  const tag = /^[^>]*/.exec(textAt(bytes, stream, end))?.[0] ?? '';
  const name = /\sto=(?:'([^']*)'|"([^"]*)")/.exec(tag);
  const isServer = /\sid=/.test(tag);
  const own = /\sfrom=(?:'([^']*)'|"([^"]*)")/.exec(tag);
  const asked = name?.[1] ?? name?.[2];
  const said = own?.[1] ?? own?.[2];
  // Only a server's header has an id (section 4.7.3); a client's `from` is a person's address.
  if (isServer) {
    if (said) to.name('xmpp', said, 'source');
  } else if (asked) to.name('xmpp', asked, 'destination');
}

export const XMPP: Detector = {
  protocol: 'xmpp',
  transports: [6],
  ports: [5222, 5269],
  begins: [0x3c],
  detect,
  facts,
};
