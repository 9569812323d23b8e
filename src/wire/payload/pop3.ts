/**
 * POP3 (RFC 1939): answers begin with `+OK` or `-ERR`. Redis answers with the same words; the
 * greeting's text or the commands tell the two apart.
 */
import { ascii, findAnyCase, firstOctets, isAt, isAtAnyCase, lineEnd, textAt } from './octets.ts';
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
import { isEndedLine, isOnlyLine } from './reply-lines.ts';

const OK = ascii('+OK');
const ERROR = ascii('-ERR');
const NAMES = ['POP3', 'POP SERVER', 'DOVECOT', 'CYRUS POP', 'CAPABILITY LIST FOLLOWS'].map(ascii);
const OWN = ['CAPA', 'STLS', 'UIDL', 'APOP '].map(ascii);
const SHARED = [
  'USER ',
  'PASS ',
  'STAT',
  'LIST',
  'RETR ',
  'DELE ',
  'TOP ',
  'NOOP',
  'QUIT',
  'RSET',
  'AUTH',
].map(ascii);
/** What has the password in it, or after it, readable (RFC 1939, RFC 4616). */
const LOGINS = ['PASS ', 'AUTH PLAIN', 'AUTH LOGIN'].map(ascii);
const READY = ascii('READY');

function detect({ bytes, at, end }: Payload): Detection {
  if (isAt(bytes, at, end, OK)) {
    if (!isEndedLine(bytes, at, end)) return 0;
    for (const name of NAMES) {
      if (findAnyCase(bytes, at, lineEnd(bytes, at, end), name) >= 0) return CERTAIN | ANSWERS;
    }
    return LIKELY | ANSWERS;
  }
  if (isAt(bytes, at, end, ERROR)) return isEndedLine(bytes, at, end) ? LIKELY | ANSWERS : 0;
  if (!isOnlyLine(bytes, at, end)) return 0;
  const stop = lineEnd(bytes, at, end);
  for (const word of OWN) {
    if (isCommand(bytes, at, stop, word)) return LIKELY | ASKS;
  }
  for (const word of SHARED) {
    if (isCommand(bytes, at, stop, word)) return LIKELY | ASKS;
  }
  return 0;
}

function isCommand(bytes: Uint8Array, at: number, stop: number, word: Uint8Array): boolean {
  if (!isAtAnyCase(bytes, at, stop, word)) return false;
  const next = at + word.length;
  return next === stop || word[word.length - 1] === 0x20 || bytes[next] === 0x20;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer) {
    for (const word of LOGINS) {
      if (isAtAnyCase(bytes, at, end, word)) to.service('login', 'in clear');
    }
    return;
  }
  const stop = lineEnd(bytes, at, end);
  if (!isAt(bytes, at, end, OK) || findAnyCase(bytes, at, stop, READY) < 0) return;
  to.service(
    'product',
    textAt(bytes, at + 4, stop)
      .replace(/<[^>]*>/, '')
      .trim(),
  );
}

export const POP3: Detector = {
  protocol: 'pop3',
  transports: [6],
  ports: [110],
  begins: firstOctets(OK, ERROR, ...OWN, ...SHARED),
  detect,
  facts,
};
