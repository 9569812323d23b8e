/**
 * IMAP (RFC 9051): the server greets with `* OK`, commands are `tag COMMAND`, their answers begin
 * with the same tag.
 */
import { ascii, findAnyCase, isAt, isAtAnyCase, LETTERS, lineEnd, textAt } from './octets.ts';
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
import { isEndedLine } from './reply-lines.ts';

const UNTAGGED = ascii('* ');
const OK = ascii('OK');
const NAME = ascii('IMAP');
const GREETINGS = ['* OK', '* PREAUTH', '* BYE'].map(ascii);
const CAPABILITIES = ascii('* CAPABILITY IMAP4');
const OWN = [
  'CAPABILITY',
  'AUTHENTICATE ',
  'STARTTLS',
  'SELECT "',
  'SELECT INBOX',
  'EXAMINE "',
  'EXAMINE INBOX',
  'LSUB "',
  'UID FETCH ',
].map(ascii);
const SHARED = [
  'SELECT ',
  'EXAMINE ',
  'LSUB ',
  'LOGIN ',
  'LIST ',
  'STATUS ',
  'NOOP',
  'LOGOUT',
  'IDLE',
  'ID ',
  'FETCH ',
  'NAMESPACE',
  'ENABLE ',
].map(ascii);
const QUOTE = 0x22;
const READY = ascii('READY');
/** What has the password in it, or after it, readable (RFC 4616). */
const LOGINS = ['LOGIN ', 'AUTHENTICATE PLAIN', 'AUTHENTICATE LOGIN'].map(ascii);
const DIGITS = Array.from({ length: 10 }, (_, digit) => 0x30 + digit);
/** Letters of a tag; clients count with a few. */
const MOST_TAG = 12;

function detect({ bytes, at, end }: Payload): Detection {
  if (isAt(bytes, at, end, UNTAGGED)) {
    if (!isEndedLine(bytes, at, end)) return 0;
    if (isAt(bytes, at, end, CAPABILITIES)) return CERTAIN | ANSWERS;
    for (const greeting of GREETINGS) {
      if (!isAt(bytes, at, end, greeting)) continue;
      const named = findAnyCase(bytes, at, lineEnd(bytes, at, end), NAME) >= 0;
      return (named ? CERTAIN : LIKELY) | ANSWERS;
    }
    return 0;
  }
  const command = afterTag(bytes, at, end);
  if (command < 0 || !isEndedLine(bytes, at, end)) return 0;
  const stop = lineEnd(bytes, at, end);
  for (const word of OWN) {
    if (isCommand(bytes, command, stop, word)) return CERTAIN | ASKS;
  }
  for (const word of SHARED) {
    if (isCommand(bytes, command, stop, word)) return LIKELY | ASKS;
  }
  return isAt(bytes, command, stop, OK) && bytes[command + 2] === 0x20 ? LIKELY | ANSWERS : 0;
}

/** Index after a tag with a digit in it and a blank, or -1. */
function afterTag(bytes: Uint8Array, at: number, end: number): number {
  let digits = 0;
  for (let next = at; next < end && next - at <= MOST_TAG; next++) {
    const octet = bytes[next]!;
    if (octet === 0x20) return digits > 0 ? next + 1 : -1;
    const letter = octet | 0x20;
    if (octet >= 0x30 && octet <= 0x39) digits++;
    else if ((letter < 0x61 || letter > 0x7a) && octet !== 0x2e) return -1;
  }
  return -1;
}

function isCommand(bytes: Uint8Array, at: number, stop: number, word: Uint8Array): boolean {
  if (!isAtAnyCase(bytes, at, stop, word)) return false;
  const last = word[word.length - 1];
  return last === 0x20 || last === QUOTE || at + word.length === stop;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  const stop = lineEnd(bytes, at, end);
  if (fromServer) {
    if (!isAt(bytes, at, end, GREETINGS[0]!)) return;
    // Dovecot says `* OK Waiting for authentication process to respond..` before it greets.
    if (findAnyCase(bytes, at, stop, READY) < 0 && findAnyCase(bytes, at, stop, NAME) < 0) return;
    to.service(
      'product',
      textAt(bytes, at + 4, stop)
        .replace(/\[[^\]]*\]/, '')
        .trim(),
    );
    return;
  }
  const command = afterTag(bytes, at, end);
  if (command < 0) return;
  for (const word of LOGINS) {
    if (isAtAnyCase(bytes, command, stop, word)) to.service('login', 'in clear');
  }
}

export const IMAP: Detector = {
  protocol: 'imap',
  transports: [6],
  ports: [143],
  begins: [0x2a, ...LETTERS, ...DIGITS],
  detect,
  facts,
};
