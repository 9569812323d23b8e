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
/** Commands without arguments, with numbers of messages, and with names or words (RFC 1939, RFC 5034). */
const ALONE = ['CAPA', 'STLS', 'STAT', 'NOOP', 'QUIT', 'RSET'].map(ascii);
const OF_MESSAGES = ['UIDL', 'LIST', 'RETR', 'DELE', 'TOP'].map(ascii);
const NAMING = ['APOP', 'USER', 'PASS', 'AUTH'].map(ascii);
const PORT = 110;
const BLANK = 0x20;
const MOST_WORDS = 3;
/** What has the password in it, or after it, readable (RFC 1939, RFC 4616). */
const LOGINS = ['PASS ', 'AUTH PLAIN', 'AUTH LOGIN'].map(ascii);
const READY = ascii('READY');

function detect({ bytes, at, end, destinationPort }: Payload): Detection {
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
  // Elsewhere than on its port, lines end as they should (RFC 1939 section 3).
  if (destinationPort !== PORT && bytes[stop] !== 13) return 0;
  const isLikely =
    isCommand(ALONE, bytes, at, stop, isNothing) ||
    isCommand(OF_MESSAGES, bytes, at, stop, isNumbers) ||
    isCommand(NAMING, bytes, at, stop, isShort);
  return isLikely ? LIKELY | ASKS : 0;
}

/** Whether the line is one of the commands, with arguments that fit it. */
function isCommand(
  words: readonly Uint8Array[],
  bytes: Uint8Array,
  at: number,
  stop: number,
  fits: (bytes: Uint8Array, at: number, stop: number) => boolean,
): boolean {
  for (const word of words) {
    if (isAtAnyCase(bytes, at, stop, word) && fits(bytes, at + word.length, stop)) return true;
  }
  return false;
}

function isNothing(_: Uint8Array, at: number, stop: number): boolean {
  return at === stop;
}

/** Numbers of messages and lines, each behind a blank. */
function isNumbers(bytes: Uint8Array, at: number, stop: number): boolean {
  if (at < stop && bytes[at] !== BLANK) return false;
  for (let next = at; next < stop; next++) {
    const octet = bytes[next]!;
    if (octet !== BLANK && (octet < 0x30 || octet > 0x39)) return false;
  }
  return true;
}

/** A blank and some words, not as many as sentences have that begin with such a word. */
function isShort(bytes: Uint8Array, at: number, stop: number): boolean {
  if (stop - at < 2 || bytes[at] !== BLANK) return false;
  let words = 0;
  for (let next = at; next < stop; next++) if (bytes[next] === BLANK) words++;
  return words <= MOST_WORDS;
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
  ports: [PORT],
  begins: firstOctets(OK, ERROR, ...ALONE, ...OF_MESSAGES, ...NAMING),
  detect,
  facts,
};
