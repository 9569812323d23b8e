/**
 * FTP control connections (RFC 959). Data goes over connections of its own, whose ports are agreed
 * on here: PORT and EPRT name one of the client's, the answers to PASV and EPSV one of the
 * server's (RFC 2428). Their addresses are not believed: translators and attackers change them.
 */
import {
  ascii,
  decimalAt,
  findAnyCase,
  findOctet,
  firstOctets,
  isAtAnyCase,
  lineEnd,
  REPLY_DIGITS,
  textAt,
} from './octets.ts';
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
import { isLine, isOnlyLine, isRow, replyCode } from './reply-lines.ts';

const NAME = ascii('FTP');
const PASSIVE = ascii('PASSIVE MODE');
const PORT = ascii('PORT ');
const EPRT = ascii('EPRT ');
const PASS = ascii('PASS ');
const USER = ascii('USER ');
/** Names that need no password (RFC 1635). */
const ANONYMOUS = [ascii('ANONYMOUS'), ascii('FTP')];
/** In the memory of a conversation: the user named last is one of these. */
const NOBODY = 1;
/** Commands that only FTP has. */
const OWN = [
  'PASV',
  'EPSV',
  'TYPE A',
  'TYPE I',
  'AUTH TLS',
  'AUTH SSL',
  'PBSZ ',
  'PROT ',
  'SYST',
  'FEAT',
  'MLSD',
  'OPTS UTF8',
].map(ascii);
/** Commands that others have too, with arguments or without. */
const SHARED = [
  'USER ',
  'PASS ',
  'CWD ',
  'LIST',
  'NLST',
  'RETR ',
  'STOR ',
  'SIZE ',
  'MDTM ',
  'DELE ',
  'MKD ',
  'RMD ',
  'RNFR ',
  'RNTO ',
  'ACCT ',
  'STAT',
  'HELP',
  'SITE ',
  'APPE ',
  'CLNT ',
  'OPTS ',
].map(ascii);
/** Those of one letter, and of numbers. */
const LETTER = ['MODE ', 'STRU '].map(ascii);
const NUMBER = ['ALLO ', 'REST '].map(ascii);
/** More of them, which never have arguments. */
const ALONE = ['PWD', 'QUIT', 'NOOP', 'CDUP', 'ABOR'].map(ascii);
/** Sentences of text begin with such words too, but have more of them than a command and its names. */
const MOST_BLANKS = 3;
/** Reply codes of RFC 959, RFC 2228, RFC 2428 and RFC 3659. */
const CODES = new Set([
  110, 120, 125, 150, 200, 202, 211, 212, 213, 214, 215, 220, 221, 225, 226, 227, 228, 229, 230,
  232, 234, 235, 250, 257, 331, 332, 334, 335, 336, 350, 421, 425, 426, 430, 431, 434, 450, 451,
  452, 500, 501, 502, 503, 504, 521, 522, 530, 532, 533, 534, 535, 536, 537, 550, 551, 552, 553,
]);
const CONTROL_PORT = 21;
const READY = 220;
const PASSIVE_MODE = 227;
const EXTENDED_PASSIVE_MODE = 229;
const PIPE = 0x7c;

function detect({ bytes, at, end, destinationPort }: Payload): Detection {
  const code = replyCode(bytes, at, end);
  if (code !== 0) {
    const stop = lineEnd(bytes, at, end);
    if (code === READY && findAnyCase(bytes, at, stop, NAME) >= 0) return CERTAIN | ANSWERS;
    if (code === PASSIVE_MODE || code === EXTENDED_PASSIVE_MODE) {
      if (findAnyCase(bytes, at, stop, PASSIVE) >= 0) return CERTAIN | ANSWERS;
    }
    return CODES.has(code) && !isRow(bytes, at, stop) ? LIKELY | ANSWERS : 0;
  }
  if (!isOnlyLine(bytes, at, end)) return 0;
  const stop = lineEnd(bytes, at, end);
  if (isAtAnyCase(bytes, at, end, PORT))
    return commaPort(bytes, at + 5, stop) > 0 ? CERTAIN | ASKS : 0;
  if (isAtAnyCase(bytes, at, end, EPRT))
    return pipePort(bytes, at + 5, stop) > 0 ? CERTAIN | ASKS : 0;
  if (isCommand(OWN, bytes, at, stop)) return CERTAIN | ASKS;
  // Elsewhere than on its port, lines end as they should (RFC 959 section 5.3).
  if (destinationPort !== CONTROL_PORT && bytes[stop] !== 13) return 0;
  if (isOneOf(ALONE, bytes, at, stop)) return LIKELY | ASKS;
  if (isCommand(LETTER, bytes, at, stop)) return stop - at === 6 ? LIKELY | ASKS : 0;
  if (isCommand(NUMBER, bytes, at, stop)) {
    return decimalAt(bytes, at + 5, stop, 12) >= 0 ? LIKELY | ASKS : 0;
  }
  if (!isCommand(SHARED, bytes, at, stop)) return 0;
  return blanks(bytes, at, stop) <= MOST_BLANKS ? LIKELY | ASKS : 0;
}

function isOneOf(
  words: readonly Uint8Array[],
  bytes: Uint8Array,
  at: number,
  stop: number,
): boolean {
  for (const word of words) {
    if (stop - at === word.length && isAtAnyCase(bytes, at, stop, word)) return true;
  }
  return false;
}

function blanks(bytes: Uint8Array, at: number, stop: number): number {
  let count = 0;
  for (let next = at; next < stop; next++) if (bytes[next] === 0x20) count++;
  return count;
}

/** Whether the line is one of the commands, with an argument only where a blank says so. */
function isCommand(
  words: readonly Uint8Array[],
  bytes: Uint8Array,
  at: number,
  stop: number,
): boolean {
  for (const word of words) {
    if (!isAtAnyCase(bytes, at, stop, word)) continue;
    const next = at + word.length;
    if (next === stop || word[word.length - 1] === 0x20 || bytes[next] === 0x20) return true;
  }
  return false;
}

/** The port in `h1,h2,h3,h4,p1,p2`, or 0. */
function commaPort(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  let high = 0;
  for (let field = 0; field < 6; field++) {
    const value = decimalAt(bytes, next, end, 3);
    if (value < 0 || value > 255) return 0;
    if (field === 4) high = value;
    if (field === 5) return high * 256 + value;
    next = findOctet(bytes, next, Math.min(end, next + 4), 0x2c) + 1;
    if (next === 0) return 0;
  }
  return 0;
}

/** The port in `|1|192.0.2.1|2000|` or `|||2000|`, or 0; the bar may be any other octet. */
function pipePort(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return 0;
  const bar = bytes[at]!;
  let next = at;
  for (let field = 0; field < 2; field++) {
    next = findOctet(bytes, next + 1, Math.min(end, next + 48), bar);
    if (next < 0) return 0;
  }
  const port = decimalAt(bytes, next + 1, end, 5);
  return port > 0 && port <= 65_535 ? port : 0;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, at, end, fromServer } = payload;
  const stop = lineEnd(bytes, at, end);
  if (!fromServer) {
    let port = 0;
    if (isAtAnyCase(bytes, at, stop, PORT)) port = commaPort(bytes, at + 5, stop);
    else if (isAtAnyCase(bytes, at, stop, EPRT)) port = pipePort(bytes, at + 5, stop);
    else if (isAtAnyCase(bytes, at, stop, USER))
      payload.memory = isAnonymous(bytes, at, stop) ? NOBODY : 0;
    else if (isAtAnyCase(bytes, at, stop, PASS) && payload.memory !== NOBODY) {
      to.service('login', 'in clear');
    }
    if (port > 0) to.expect('ftp-data', 'source', port);
    return;
  }
  const code = replyCode(bytes, at, end);
  if (code === PASSIVE_MODE) {
    const from = digitAt(bytes, at + 4, stop);
    const port = from < 0 ? 0 : commaPort(bytes, from, stop);
    if (port > 0) to.expect('ftp-data', 'source', port);
  } else if (code === EXTENDED_PASSIVE_MODE) {
    const from = findOctet(bytes, at, stop, PIPE);
    const port = from < 0 ? 0 : pipePort(bytes, from, stop);
    if (port > 0) to.expect('ftp-data', 'source', port);
  } else if (code === READY && isLine(bytes, at, end)) {
    to.service('product', textAt(bytes, at + 4, stop).trim());
  }
}

function isAnonymous(bytes: Uint8Array, at: number, stop: number): boolean {
  const from = at + USER.length;
  return ANONYMOUS.some(
    (name) => stop - from === name.length && isAtAnyCase(bytes, from, stop, name),
  );
}

function digitAt(bytes: Uint8Array, at: number, end: number): number {
  for (let next = at; next < end; next++) {
    if (bytes[next]! >= 0x30 && bytes[next]! <= 0x39) return next;
  }
  return -1;
}

export const FTP: Detector = {
  protocol: 'ftp',
  transports: [6],
  ports: [21, 2121, 2811],
  begins: [...REPLY_DIGITS, ...firstOctets(PORT, EPRT, ...OWN, ...SHARED)],
  follows: true,
  detect,
  facts,
};
