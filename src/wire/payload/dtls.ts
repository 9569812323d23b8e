/**
 * DTLS 1.0 and 1.2 (RFC 4347, RFC 6347), and what DTLS 1.3 (RFC 9147) sends in clear. A record is type
 * (1), version (2), epoch (2), sequence number (6), length (2); a datagram holds whole records. Handshake
 * messages in clear, those of epoch 0, are type (1), length (3), number (2), and offset and length
 * (3 each) of the fragment that follows. Records in the short form of DTLS 1.3 have nothing fixed and are
 * not told.
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
import { CLIENT_HELLO, DATAGRAMS, HELLO, readMessage, SERVER_HELLO } from './tls-messages.ts';

const RECORD = 13;
const FRAGMENT = 12;
const CHANGE_CIPHER = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const DATA = 23;
const VERIFY = 3;
/** 2^14 octets and what encryption may add. */
const MOST_RECORD = 16_384 + 2048;
/** Epochs of a conversation of days; each new handshake begins one. */
const MOST_EPOCH = 255;
/** Messages in clear: hellos, cookie, ticket, certificate to finished, status. */
const MESSAGES = new Set([0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 22]);

/** Whether a record header is at `at`, of which all octets are there. */
function isRecord({ bytes, view }: Payload, at: number): boolean {
  const type = bytes[at]!;
  if (type < CHANGE_CIPHER || type > DATA || bytes[at + 1] !== DATAGRAMS) return false;
  const minor = bytes[at + 2]!;
  if (minor !== 0xff && minor !== 0xfd) return false;
  const length = view.getUint16(at + 11);
  return view.getUint16(at + 3) <= MOST_EPOCH && length > 0 && length <= MOST_RECORD;
}

function detect(payload: Payload): Detection {
  const { bytes, view, at, end, length } = payload;
  if (end - at < RECORD + 1) return 0;
  for (let next = at; next !== at + length; next += RECORD + view.getUint16(next + 11)) {
    if (next > at + length) return 0;
    // What comes was not captured.
    if (end - next < RECORD) break;
    if (!isRecord(payload, next)) return 0;
  }
  const type = bytes[at]!;
  if (view.getUint16(at + 3) > 0) return CERTAIN;
  if (type === HANDSHAKE) return detectMessage(payload, at + RECORD);
  if (type === CHANGE_CIPHER) return view.getUint16(at + 11) === 1 ? CERTAIN : 0;
  return type === ALERT && view.getUint16(at + 11) === 2 ? LIKELY : 0;
}

function detectMessage({ bytes, view, end }: Payload, at: number): Detection {
  if (end - at < FRAGMENT) return 0;
  const message = bytes[at]!;
  const length = view.getUint32(at) & 0xffffff;
  const offset = view.getUint32(at + 5) & 0xffffff;
  const fragment = view.getUint32(at + 8) & 0xffffff;
  if (!MESSAGES.has(message) || offset + fragment > length) return 0;
  if (fragment + FRAGMENT > view.getUint16(at - 2)) return 0;
  if (message === VERIFY) return CERTAIN | ANSWERS;
  if (message !== CLIENT_HELLO && message !== SERVER_HELLO) return CERTAIN;
  if (length < HELLO + 3) return 0;
  const isBegin = offset === 0 && end - at > FRAGMENT;
  if (isBegin && bytes[at + FRAGMENT] !== DATAGRAMS) return 0;
  return CERTAIN | (message === CLIENT_HELLO ? ASKS : ANSWERS);
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, view, at, end } = payload;
  for (let next = at; end - next >= RECORD && isRecord(payload, next); ) {
    const stop = Math.min(end, next + RECORD + view.getUint16(next + 11));
    if (bytes[next] === HANDSHAKE && view.getUint16(next + 3) === 0) {
      readFragments(payload, next + RECORD, stop, to);
    }
    next += RECORD + view.getUint16(next + 11);
  }
}

/** Reads the messages of a record of which the beginning is there. */
function readFragments(payload: Payload, at: number, end: number, to: FactSink): void {
  const { bytes, view } = payload;
  for (let next = at; end - next >= FRAGMENT; ) {
    const body = next + FRAGMENT;
    const stop = body + (view.getUint32(next + 8) & 0xffffff);
    if ((view.getUint32(next + 5) & 0xffffff) === 0) {
      const whole = stop <= end && stop - body === (view.getUint32(next) & 0xffffff);
      readMessage(payload, bytes[next]!, body, Math.min(stop, end), whole, to);
    }
    next = stop;
  }
}

export const DTLS: Detector = {
  protocol: 'dtls',
  transports: [17],
  ports: [443, 853, 2083, 3391, 4433, 4740, 5061, 5349, 5658, 5684, 5868, 6514, 10_161, 10_162],
  begins: [CHANGE_CIPHER, ALERT, HANDSHAKE, DATA],
  detect,
  facts,
};
