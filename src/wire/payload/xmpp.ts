/** XMPP (RFC 6120): both ends open a stream of XML, `<stream:stream …>`, with the server's name. */
import { ascii, findAnyCase, isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const DECLARATION = ascii('<?xml ');
const STREAM = ascii('<stream:stream');
const FEATURES = ascii('<stream:features');
const STREAM_ANY_CASE = ascii('<STREAM:STREAM');
const FROM = /<stream:stream[^>]{0,255} from=['"]([\w.-]+)['"]/;
const TO = /<stream:stream[^>]{0,255} to=['"]([\w.-]+)['"]/;
const MOST_LOOKED = 400;

function detect({ bytes, at, end }: Payload): Detection {
  if (isAt(bytes, at, end, FEATURES)) return CERTAIN | ANSWERS;
  if (isAt(bytes, at, end, STREAM)) return CERTAIN;
  if (!isAt(bytes, at, end, DECLARATION)) return 0;
  return findAnyCase(bytes, at, Math.min(end, at + 120), STREAM_ANY_CASE) > 0 ? CERTAIN : 0;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  const text = textAt(bytes, at, Math.min(end, at + MOST_LOOKED));
  const name = (fromServer ? FROM : TO).exec(text)?.[1];
  if (name !== undefined) to.name('xmpp', name, fromServer ? 'source' : 'destination');
}

export const XMPP: Detector = {
  protocol: 'xmpp',
  transports: [6],
  ports: [5222, 5269, 5280],
  begins: [0x3c],
  detect,
  facts,
};
