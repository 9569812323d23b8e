/**
 * IRC (RFC 2812): lines of an optional `:prefix`, a command or three digits, and parameters. A
 * client registers with NICK and USER, mostly after CAP (IRCv3); a server answers with numerics.
 */
import { ascii, findOctet, firstOctets, isAt, isAtAnyCase, lineEnd, textAt } from './octets.ts';
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
import { isHostName, isLine } from './reply-lines.ts';

const COLON = 0x3a;
const NICK = ascii('NICK ');
const USER = ascii('USER ');
const CAP = ['CAP LS', 'CAP REQ :', 'CAP END'].map(ascii);
const NOTICE = ['NOTICE AUTH :', 'NOTICE * :***'].map(ascii);
const NOTICE_TO = ['NOTICE * :', 'NOTICE AUTH :', 'CAP * LS', 'CAP * ACK'].map(ascii);
const TALK = ['JOIN #', 'PRIVMSG '].map(ascii);
const PING = ['PING :', 'PONG :'].map(ascii);
const PASS = ascii('PASS ');
/** Before the four parameters of `USER`. */
const USER_BLANKS = 4;

function detect({ bytes, at, end }: Payload): Detection {
  if (!isLine(bytes, at, end)) return 0;
  const stop = lineEnd(bytes, at, end);
  if (bytes[at] === COLON) return ofServer(bytes, at, stop);
  if (isNick(bytes, at, stop) || isAtAnyCase(bytes, at, stop, PASS)) {
    // What follows in the same payload, as clients send it, settles it.
    const next = bytes[stop] === 13 ? stop + 2 : stop + 1;
    const after = lineEnd(bytes, next, end);
    const isAlone = countBlanks(bytes, at, stop) === 1;
    const registers = isUserLine(bytes, next, after) || isNick(bytes, next, after);
    if (isAlone && registers) return CERTAIN | ASKS;
    return isNick(bytes, at, stop) ? LIKELY | ASKS : 0;
  }
  if (isAt(bytes, at, stop, USER)) return isUser(bytes, at, stop) ? CERTAIN | ASKS : 0;
  for (const word of CAP) if (isAt(bytes, at, stop, word)) return CERTAIN | ASKS;
  for (const word of NOTICE) if (isAt(bytes, at, stop, word)) return CERTAIN | ANSWERS;
  for (const word of TALK) if (isAtAnyCase(bytes, at, stop, word)) return LIKELY | ASKS;
  for (const word of PING) if (isAt(bytes, at, stop, word)) return LIKELY;
  return 0;
}

/** `:server 001 nick :…`, `:server NOTICE * :…`, `:nick!user@host PRIVMSG …`. */
function ofServer(bytes: Uint8Array, at: number, stop: number): Detection {
  const blank = findOctet(bytes, at, Math.min(stop, at + 128), 0x20);
  if (blank < at + 2) return 0;
  const next = blank + 1;
  for (const word of NOTICE_TO) if (isAt(bytes, next, stop, word)) return CERTAIN | ANSWERS;
  let digits = 0;
  while (digits < 4 && next + digits < stop && isDigit(bytes[next + digits]!)) digits++;
  return digits === 3 && bytes[next + 3] === 0x20 ? CERTAIN | ANSWERS : 0;
}

function isDigit(octet: number): boolean {
  return octet >= 0x30 && octet <= 0x39;
}

/** `USER` with its four parameters, the last of which may be a text. */
function isUserLine(bytes: Uint8Array, at: number, stop: number): boolean {
  if (!isAtAnyCase(bytes, at, stop, USER)) return false;
  return isUser(bytes, at, stop) || countBlanks(bytes, at, stop) === USER_BLANKS;
}

/** `NICK name`: sentences that begin so go on. */
function isNick(bytes: Uint8Array, at: number, stop: number): boolean {
  return isAtAnyCase(bytes, at, stop, NICK) && countBlanks(bytes, at, stop) === 1;
}

function countBlanks(bytes: Uint8Array, at: number, stop: number): number {
  let blanks = 0;
  for (let next = at; next < stop; next++) if (bytes[next] === 0x20) blanks++;
  return blanks;
}

/** `USER name mode * :real name`: three blanks and a colon, which FTP and POP3 have not. */
function isUser(bytes: Uint8Array, at: number, stop: number): boolean {
  let blanks = 0;
  for (let next = at; next < stop; next++) {
    if (bytes[next] !== 0x20) continue;
    if (++blanks === 4) return bytes[next + 1] === COLON;
  }
  return false;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || bytes[at] !== COLON) return;
  const blank = findOctet(bytes, at, lineEnd(bytes, at, end), 0x20);
  if (blank < 0) return;
  const server = textAt(bytes, at + 1, blank);
  if (isHostName(server)) to.name('irc', server, 'source');
}

export const IRC: Detector = {
  protocol: 'irc',
  transports: [6],
  ports: [6667, 194, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6668, 6669, 7000],
  begins: [COLON, ...firstOctets(NICK, USER, PASS, ...CAP, ...NOTICE, ...TALK, ...PING)],
  detect,
  facts,
};
