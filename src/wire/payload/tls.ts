/**
 * TLS (RFC 8446, RFC 5246) and its forerunner SSL 3.0. A record is type (1), version (2), length
 * (2), then for handshakes messages of type (1) and length (3). Hellos are always in clear: the
 * client's has the server's name (RFC 6066) and the protocols it offers (RFC 7301), the server's
 * the version agreed on. Up to TLS 1.2 the certificate follows in clear too.
 */
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
import { looksSealed } from './sealed.ts';
import { CLIENT_HELLO, HELLO, type Octets, readMessage, SERVER_HELLO } from './tls-messages.ts';

const RECORD = 5;
const CHANGE_CIPHER = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
/** 2^14 octets and what encryption may add (RFC 5246 section 6.2.3). */
const MOST_RECORD = 16_384 + 2048;
/** A record that is enciphered has a tag or blocks of so many octets. */
const SHORTEST = 16;
/** Octets that any full segment has. */
const SEGMENT = 256;
/** Octets of an explicit nonce, which counts. */
const NUMBER = 8;
const HELLO_REQUEST = 0;
const HELLO_DONE = 14;
/** Handshake types of messages in clear that may begin a payload. */
const MESSAGES = new Set([0, 4, 11, 12, 13, 14, 15, 16, 20, 21, 22]);

/** Whether a record header that TLS could have sent is at `at`. */
function isRecord(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at]!;
  if (type < CHANGE_CIPHER || type > DATA || bytes[at + 1] !== 3 || bytes[at + 2]! > 3)
    return false;
  const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
  return length > 0 && length <= MOST_RECORD;
}

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < RECORD + 1 || !isRecord(bytes, at)) return 0;
  const type = bytes[at]!;
  const record = view.getUint16(at + 3);
  if (type === CHANGE_CIPHER) return record === 1 && bytes[at + 5] === 1 ? LIKELY : 0;
  if (type === ALERT) {
    if (record !== 2) {
      const isWhole = record >= SHORTEST && RECORD + record <= length;
      return isWhole && isSecret(payload, record) ? LIKELY : 0;
    }
    return end - at >= 7 && (bytes[at + 5] === 1 || bytes[at + 5] === 2) ? LIKELY : 0;
  }
  // Nothing in the middle of a conversation is of SSL 3.0 any more (RFC 7568).
  if (type === DATA && bytes[at + 2] === 0) return 0;
  if (type === DATA) return record >= SHORTEST && isSecret(payload, record) ? LIKELY : 0;
  if (end - at < RECORD + 4) return 0;
  const message = bytes[at + RECORD]!;
  const stated = view.getUint32(at + RECORD) & 0xffffff;
  if (message === CLIENT_HELLO || message === SERVER_HELLO) {
    // A record may end before what tells a hello; some cut it so that no one shall read the name.
    if (message === CLIENT_HELLO && stated >= HELLO + 4 && record <= 4 + HELLO) {
      const next = at + RECORD + record;
      const isCertain = end - next >= RECORD && isRecord(bytes, next) && bytes[next] === HANDSHAKE;
      return isCertain ? CERTAIN | ASKS : next - at < length ? LIKELY | ASKS : 0;
    }
    if (end - at < RECORD + 4 + HELLO + 1) return 0;
    // Only a client's hello may be so large that it goes on in another record.
    if (stated < HELLO + 4 || (message === SERVER_HELLO && stated + 4 > record)) return 0;
    const hello = at + RECORD + 4;
    if (bytes[hello] !== 3 || bytes[hello + 1]! > 3 || bytes[hello + HELLO]! > 32) return 0;
    return CERTAIN | (message === CLIENT_HELLO ? ASKS : ANSWERS);
  }
  if (!MESSAGES.has(message) || stated >= 0x20000) return 0;
  // A request for a hello and the end of the server's messages are empty (RFC 5246 section 7.4).
  return (message === HELLO_REQUEST || message === HELLO_DONE) && stated !== 0 ? 0 : LIKELY;
}

/**
 * Whether the record is enciphered as far as it was captured: behind the eight octets of a number
 * that some begin with (RFC 5288). Another record follows it.
 */
function isSecret({ bytes, at, end, length }: Payload, record: number): boolean {
  const stop = at + RECORD + record;
  if (end - stop > RECORD && !isRecord(bytes, stop)) return false;
  // Records go on in the next segment where this one is full.
  if (stop > at + length && length < SEGMENT) return false;
  const from = Math.min(at + RECORD + NUMBER, stop - SHORTEST);
  return looksSealed(bytes, from, Math.min(end, stop));
}

/**
 * Up to the end of the handshake record that goes on beyond the payload; of a client's hello that goes
 * on in further records, as many octets as it has at least.
 */
function wants(payload: Payload): number {
  const { bytes, view, at, end } = payload;
  let missing = helloOctets(payload);
  let next = at;
  for (; end - next >= RECORD && isRecord(bytes, next); ) {
    if (bytes[next] !== HANDSHAKE) return 0;
    const record = view.getUint16(next + 3);
    missing -= record;
    next += RECORD + record;
    if (next > end) return next - at;
  }
  return missing > 0 ? next - at + RECORD + missing : 0;
}

/**
 * Octets of the client's hello that the payload begins with, and of its header, which may go on in
 * further records as well: 4 at least. 0 of another message.
 */
function helloOctets({ bytes, view, at, end }: Payload): number {
  let word = 0;
  let got = 0;
  for (let next = at; got < 4 && end - next > RECORD && isRecord(bytes, next); ) {
    if (bytes[next] !== HANDSHAKE) break;
    const stop = next + RECORD + view.getUint16(next + 3);
    for (let octet = next + RECORD; got < 4 && octet < Math.min(stop, end); octet++) {
      word |= bytes[octet]! << (24 - 8 * got++);
    }
    next = stop;
  }
  return word >>> 24 === CLIENT_HELLO ? 4 + (got < 4 ? 0 : word & 0xffffff) : 0;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end } = payload;
  const hello = helloOctets(payload);
  if (hello > 0 && hello > view.getUint16(at + 3)) {
    const message = joined(payload, hello);
    readMessages(message, 0, message.end, to);
    return;
  }
  for (let next = at; end - next >= RECORD && isRecord(bytes, next); ) {
    const stop = next + RECORD + view.getUint16(next + 3);
    if (bytes[next] !== HANDSHAKE) return;
    readMessages(payload, next + RECORD, Math.min(stop, end), to);
    next = stop;
  }
}

/** The octets of a message that goes on in further records, as far as they are there. */
function joined({ bytes, view, at, end }: Payload, length: number): Octets {
  const message = new Uint8Array(Math.min(length, end - at));
  let got = 0;
  for (let next = at; end - next >= RECORD && got < message.length; ) {
    if (!isRecord(bytes, next) || bytes[next] !== HANDSHAKE) break;
    const stop = next + RECORD + view.getUint16(next + 3);
    const part = bytes.subarray(next + RECORD, Math.min(stop, end));
    message.set(part.subarray(0, message.length - got), got);
    got += part.length;
    next = stop;
  }
  return { bytes: message, view: new DataView(message.buffer), end: Math.min(got, message.length) };
}

/** Reads handshake messages: those of one record, or one of several. */
function readMessages(payload: Octets, at: number, end: number, to: FactSink): void {
  const { bytes, view } = payload;
  for (let next = at; end - next >= 4; ) {
    const message = bytes[next]!;
    const body = next + 4;
    const stop = body + (view.getUint32(next) & 0xffffff);
    const limit = Math.min(stop, end);
    readMessage(payload, message, body, limit, stop <= end, to);
    next = stop;
  }
}

export const TLS: Detector = {
  protocol: 'tls',
  transports: [6],
  ports: [
    443, 261, 448, 465, 563, 614, 636, 684, 695, 832, 853, 989, 990, 992, 993, 994, 995, 1311, 2083,
    2087, 2096, 2221, 2252, 2376, 2379, 2380, 3269, 3424, 3471, 4433, 4443, 5061, 5223, 5269, 5349,
    5671, 5868, 5986, 6443, 6514, 6619, 6679, 6697, 7002, 8243, 8443, 8531, 8883, 9093, 9443, 10250,
    16993, 18091, 18092, 20911,
  ],
  begins: [CHANGE_CIPHER, ALERT, HANDSHAKE, DATA],
  detect,
  wants,
  facts,
};
