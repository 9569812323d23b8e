/**
 * Redis (redis.io, “Redis serialization protocol specification”): requests are arrays of strings,
 * `*1 CRLF $4 CRLF PING CRLF`; answers begin with `+`, `-`, `:`, `$` or `*`. POP3 says `+OK` and
 * `-ERR` too.
 */
import {
  ascii,
  decimalAt,
  findAnyCase,
  findOctet,
  isAt,
  isAtAnyCase,
  lineEnd,
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
import { isOnlyLine } from './reply-lines.ts';

const ARRAY = 0x2a;
const STRING = 0x24;
const NUMBER = 0x3a;
const CR = 13;
/** A request has a few arguments, rarely thousands. */
const MOST_ARGUMENTS = 1_048_576;
const COMMANDS = [
  'PING',
  'GET',
  'SET',
  'AUTH',
  'HELLO',
  'CLIENT',
  'COMMAND',
  'CONFIG',
  'INFO',
  'SELECT',
  'EVAL',
  'MGET',
  'MSET',
  'DEL',
  'EXISTS',
  'EXPIRE',
  'INCR',
  'HGET',
  'HSET',
  'HMGET',
  'HGETALL',
  'LPUSH',
  'RPUSH',
  'LPOP',
  'RPOP',
  'BRPOP',
  'BLPOP',
  'LRANGE',
  'LLEN',
  'SADD',
  'SMEMBERS',
  'ZADD',
  'ZRANGE',
  'PUBLISH',
  'SUBSCRIBE',
  'PSUBSCRIBE',
  'SCAN',
  'KEYS',
  'TTL',
  'TYPE',
  'MULTI',
  'EXEC',
  'REPLCONF',
  'PSYNC',
  'CLUSTER',
  'SENTINEL',
  'SETEX',
  'EVALSHA',
  'XADD',
  'XREADGROUP',
  'FLUSHALL',
  'DBSIZE',
  'SLAVEOF',
  'REPLICAOF',
  'QUIT',
  'ECHO',
].map(ascii);
const ERRORS = [
  '-NOAUTH ',
  '-WRONGPASS ',
  '-MOVED ',
  '-DENIED Redis',
  '-WRONGTYPE ',
  '-LOADING Redis',
  '-ERR unknown command',
].map(ascii);
const PLAIN = ['+OK\r\n', '-ERR ', '$-1\r\n', '+QUEUED\r\n'].map(ascii);
const PONG = ascii('+PONG\r\n');
const VERSION = ascii('REDIS_VERSION:');
const AUTH = ascii('AUTH\r\n');
const HELLO = ascii('HELLO\r\n');
const INLINE = ascii('PING\r\n');

function detect({ bytes, at, end, length }: Payload): Detection {
  const first = bytes[at]!;
  if (first === ARRAY) return ofArray(bytes, at, end);
  if (isAt(bytes, at, end, PONG)) return (length === PONG.length ? CERTAIN : LIKELY) | ANSWERS;
  for (const word of ERRORS) if (isAt(bytes, at, end, word)) return CERTAIN | ANSWERS;
  for (const word of PLAIN) {
    if (!isAt(bytes, at, end, word)) continue;
    const isWhole = length === word.length || (first === 0x2d && endsLine(bytes, at, end, length));
    return isWhole ? LIKELY | ANSWERS : 0;
  }
  if (isAtAnyCase(bytes, at, end, INLINE)) return length === INLINE.length ? LIKELY | ASKS : 0;
  if (first === NUMBER) {
    return isOnlyLine(bytes, at, end) && wholeNumber(bytes, at, end) >= 0 ? LIKELY | ANSWERS : 0;
  }
  if (first !== STRING) return 0;
  const size = wholeNumber(bytes, at, end);
  if (size < 0) return 0;
  const body = lineEnd(bytes, at, end) + 2;
  if (findAnyCase(bytes, body, Math.min(end, body + 64), VERSION) >= 0) return CERTAIN | ANSWERS;
  // The string and its line end are the whole payload.
  return body + size + 2 - at === length ? LIKELY | ANSWERS : 0;
}

/** Whether the payload ends as every message does, by CR LF, where its end was captured. */
function endsLine(bytes: Uint8Array, at: number, end: number, length: number): boolean {
  return end - at < length || (bytes[end - 2] === CR && bytes[end - 1] === 10);
}

/** `*2 CRLF $3 CRLF GET CRLF …`; a word that is a command comes from a client. */
function ofArray(bytes: Uint8Array, at: number, end: number): Detection {
  const count = wholeNumber(bytes, at, end);
  if (count < 1 || count > MOST_ARGUMENTS) return 0;
  const second = lineEnd(bytes, at, end) + 2;
  if (second >= end || bytes[second] !== STRING) return 0;
  const size = wholeNumber(bytes, second, end);
  if (size < 1) return 0;
  const word = lineEnd(bytes, second, end) + 2;
  for (const command of COMMANDS) {
    if (command.length === size && isAtAnyCase(bytes, word, end, command)) return CERTAIN | ASKS;
  }
  return end - word > size + 1 && bytes[word + size] === CR && bytes[word + size + 1] === 10
    ? CERTAIN
    : 0;
}

/** The decimal number between the first octet and CR LF, or -1. */
function wholeNumber(bytes: Uint8Array, at: number, end: number): number {
  const stop = findOctet(bytes, at + 1, Math.min(end, at + 12), CR);
  if (stop < at + 2 || end - stop < 2 || bytes[stop + 1] !== 10) return -1;
  for (let next = at + 1; next < stop; next++) {
    if (bytes[next]! < 0x30 || bytes[next]! > 0x39) return -1;
  }
  return decimalAt(bytes, at + 1, stop, 10);
}

function facts({ bytes, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer) {
    if (bytes[at] !== ARRAY) return;
    // The first word is AUTH, or HELLO, which takes it as an argument.
    const hello = findAnyCase(bytes, at, Math.min(end, at + 16), HELLO) > 0;
    const stop = Math.min(end, at + (hello ? 64 : 16));
    if (findAnyCase(bytes, at, stop, AUTH) > 0) to.service('login', 'in clear');
    return;
  }
  const found = findAnyCase(bytes, at, Math.min(end, at + 96), VERSION);
  if (found < 0) return;
  to.service('version', textAt(bytes, found + VERSION.length, lineEnd(bytes, found, end)));
}

export const REDIS: Detector = {
  protocol: 'redis',
  transports: [6],
  ports: [6379, 6380, 26_379, 16_379],
  begins: [ARRAY, STRING, NUMBER, 0x2b, 0x2d, 0x50, 0x70],
  detect,
  facts,
};
