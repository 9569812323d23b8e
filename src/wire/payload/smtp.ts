/**
 * SMTP (RFC 5321): the server greets with `220 host ESMTP …`, the client says EHLO or HELO and
 * its name. The greeting of FTP has the same code: what tells is the word SMTP, or the commands.
 */
import {
  ascii,
  findAnyCase,
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
import { isHostName, isLine, isOnlyLine, isRow, replyCode } from './reply-lines.ts';

const NAME = ascii('SMTP');
const HELLOS = [ascii('EHLO '), ascii('HELO '), ascii('LHLO ')];
const CERTAIN_COMMANDS = [ascii('MAIL FROM:'), ascii('RCPT TO:')];
const LIKELY_COMMANDS = [
  ascii('STARTTLS'),
  ascii('DATA'),
  ascii('RSET'),
  ascii('QUIT'),
  ascii('NOOP'),
];
const AUTH = ascii('AUTH ');
const AUTH_PLAIN = ascii('AUTH PLAIN');
const AUTH_LOGIN = ascii('AUTH LOGIN');
const EXTENSIONS = [ascii('PIPELINING'), ascii('8BITMIME'), ascii('ENHANCEDSTATUSCODES')];
const PORT = 25;
const BLANK = 0x20;
const READY = 220;
const DONE = 250;
/** Reply codes of RFC 5321, RFC 4954, RFC 1870, RFC 3207, RFC 7504 and of what extends them. */
const CODES = new Set([
  211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454, 455, 500, 501,
  502, 503, 504, 510, 512, 515, 521, 523, 530, 534, 535, 538, 541, 550, 551, 552, 553, 554, 555,
  556, 571,
]);

function detect({ bytes, at, end, destinationPort }: Payload): Detection {
  const code = replyCode(bytes, at, end);
  if (code === READY) {
    const stop = lineEnd(bytes, at, end);
    return (findAnyCase(bytes, at, stop, NAME) >= 0 ? CERTAIN : LIKELY) | ANSWERS;
  }
  if (code === DONE) {
    for (const word of EXTENSIONS) {
      if (findAnyCase(bytes, at, end, word) >= 0) return CERTAIN | ANSWERS;
    }
  }
  if (code !== 0) {
    const isReply = CODES.has(code) && !isRow(bytes, at, lineEnd(bytes, at, end));
    return isReply ? LIKELY | ANSWERS : 0;
  }
  for (const word of HELLOS) {
    if (isAtAnyCase(bytes, at, end, word)) return isHello(bytes, at, end) ? CERTAIN | ASKS : 0;
  }
  for (const word of CERTAIN_COMMANDS) {
    if (!isAtAnyCase(bytes, at, end, word)) continue;
    const isWhole =
      isLine(bytes, at, end) && isPath(bytes, at + word.length, lineEnd(bytes, at, end));
    return isWhole ? CERTAIN | ASKS : 0;
  }
  if (isAtAnyCase(bytes, at, end, AUTH)) return isOnlyLine(bytes, at, end) ? LIKELY | ASKS : 0;
  for (const word of LIKELY_COMMANDS) {
    if (!isAtAnyCase(bytes, at, end, word)) continue;
    // Elsewhere than on its port, lines end as they should (RFC 5321 section 2.3.8).
    const after = bytes[at + word.length]!;
    const isEnded = after === 13 || (after === 10 && destinationPort === PORT);
    return isOnlyLine(bytes, at, end) && isEnded ? LIKELY | ASKS : 0;
  }
  return 0;
}

/** One argument without blanks, and nothing else unless commands are sent ahead. */
function isHello(bytes: Uint8Array, at: number, end: number): boolean {
  const stop = lineEnd(bytes, at, end);
  if (stop === end || bytes[stop] !== 13 || stop - at < 6) return false;
  for (let next = at + 5; next < stop; next++) {
    if (bytes[next]! <= 0x20 || bytes[next]! > 0x7e) return false;
  }
  return true;
}

/**
 * `<path>` (RFC 5321 section 4.1.2), perhaps behind blanks, as clients of old send it; or an address
 * without brackets, of which some are as careless. Parameters may follow, behind a blank.
 */
function isPath(bytes: Uint8Array, at: number, stop: number): boolean {
  let next = at;
  while (next < stop && bytes[next] === BLANK) next++;
  const isBracketed = bytes[next] === 0x3c;
  let hasAt = false;
  for (; next < stop && bytes[next] !== BLANK; next++) {
    if (bytes[next] === 0x40) hasAt = true;
    if (isBracketed && bytes[next] === 0x3e) return next + 1 === stop || bytes[next + 1] === BLANK;
  }
  return !isBracketed && hasAt;
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  const stop = lineEnd(bytes, at, end);
  if (fromServer) {
    if (replyCode(bytes, at, end) !== READY) return;
    const [host = '', ...others] = textAt(bytes, at + 4, stop)
      .trim()
      .split(/\s+/);
    // `220 2.0.0 Ready to start TLS` answers STARTTLS: it greets nobody.
    if (!isHostName(host) && findAnyCase(bytes, at, stop, NAME) < 0) return;
    if (isHostName(host)) to.name('smtp', host, 'source');
    // `ESMTP Exim 4.96 Sun, 1 Jan …`: the date is no part of the product.
    const product = others.join(' ').replace(/\s*\w{3},\s+\d{1,2}\s.*$/, '');
    to.service('product', product.replace(/^E?SMTP\s*/i, ''));
    return;
  }
  for (const word of HELLOS) {
    if (!isAtAnyCase(bytes, at, end, word)) continue;
    const host = textAt(bytes, at + word.length, stop);
    // `220 2.0.0 Ready to start TLS` answers STARTTLS: it greets nobody.
    if (!isHostName(host) && findAnyCase(bytes, at, stop, NAME) < 0) return;
    if (isHostName(host)) to.name('smtp', host, 'source');
  }
  if (isAtAnyCase(bytes, at, end, AUTH_PLAIN) || isAtAnyCase(bytes, at, end, AUTH_LOGIN)) {
    to.service('login', 'in clear');
  }
}

export const SMTP: Detector = {
  protocol: 'smtp',
  transports: [6],
  begins: [
    ...REPLY_DIGITS,
    ...firstOctets(...HELLOS, ...CERTAIN_COMMANDS, ...LIKELY_COMMANDS, AUTH),
  ],
  ports: [PORT, 587, 2525, 24, 1025],
  detect,
  facts,
};
