/**
 * Kerberos 5 (RFC 4120): over UDP a message, over TCP its length (4) and the message. Messages are
 * application-tagged sequences whose first fields are the version 5 and the message's type.
 */
import { Ber } from './ber.ts';
import { textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const TCP = 6;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const GENERAL_STRING = 0x1b;
const VERSION = 5;
const AS_REQUEST = 10;
const AS_ANSWER = 11;
const TGS_REQUEST = 12;
const TGS_ANSWER = 13;
const ERROR = 30;
/** [APPLICATION n], constructed. */
const APPLICATION = 0x60;
const BODY = 0xa4;
const MOST_FIELDS = 12;

const whole = new Ber();
const field = new Ber();
const part = new Ber();

/** Index of the message, behind the length that TCP puts before it. */
function messageAt({ view, at, end, length, transport }: Payload): number {
  if (transport !== TCP) return at;
  if (end - at < 8) return -1;
  const size = view.getUint32(at);
  // The rest of a long message may come in other packets.
  return size >= 10 && size < 0x100000 && size + 4 >= length ? at + 4 : -1;
}

function detect(payload: Payload): Detection {
  const { bytes, end } = payload;
  const at = messageAt(payload);
  if (at < 0 || !whole.open(bytes, at, end)) return 0;
  const type = whole.tag - APPLICATION;
  const request = type === AS_REQUEST || type === TGS_REQUEST;
  if (!request && type !== AS_ANSWER && type !== TGS_ANSWER && type !== ERROR) return 0;
  if (!whole.openTag(bytes, whole.start, end, SEQUENCE)) return 0;
  // Requests have no field [0].
  const first = request ? 0xa1 : 0xa0;
  if (!isNumber(bytes, whole.start, end, first, VERSION)) return 0;
  if (!isNumber(bytes, field.stop, end, first + 1, type)) return 0;
  return CERTAIN | (request ? ASKS : ANSWERS);
}

/** Whether the field with this tag is the number; leaves the cursor on the field. */
function isNumber(bytes: Uint8Array, at: number, end: number, tag: number, value: number): boolean {
  if (!field.openTag(bytes, at, end, tag)) return false;
  if (!part.openTag(bytes, field.start, end, INTEGER)) return false;
  return part.start + 1 === part.stop && part.start < end && bytes[part.start] === value;
}

function facts(payload: Payload, to: FactSink): void {
  const { bytes, end } = payload;
  const at = messageAt(payload);
  if (at < 0 || !whole.open(bytes, at, end)) return;
  const type = whole.tag - APPLICATION;
  if (!whole.openTag(bytes, whole.start, end, SEQUENCE)) return;
  if (type === ERROR) return readFields(bytes, whole.start, end, 0xa9, 0, '', to);
  if (type === AS_ANSWER || type === TGS_ANSWER) {
    return readFields(bytes, whole.start, end, 0xa3, 0xa4, 'destination', to);
  }
  // The body of a request: realm [2], client [1].
  for (let next = whole.start; field.open(bytes, next, end); next = field.stop) {
    if (field.tag !== BODY) continue;
    if (!field.openTag(bytes, field.start, end, SEQUENCE)) return;
    return readFields(bytes, field.start, end, 0xa2, 0xa1, 'source', to);
  }
}

/** The realm, and the client where it is a machine, whose names end with a dollar sign. */
function readFields(
  bytes: Uint8Array,
  at: number,
  end: number,
  realmTag: number,
  clientTag: number,
  client: 'source' | 'destination' | '',
  to: FactSink,
): void {
  let next = at;
  for (let count = 0; count < MOST_FIELDS && field.open(bytes, next, end); count++) {
    next = field.stop;
    if (field.tag === realmTag) {
      const realm = stringAt(bytes, field.start, end);
      if (realm !== '') to.service('realm', realm);
    } else if (field.tag === clientTag && client !== '') {
      const name = principalAt(bytes, field.start, end);
      if (name.endsWith('$') && name.length > 1) to.name('kerberos', name.slice(0, -1), client);
    }
  }
}

function stringAt(bytes: Uint8Array, at: number, end: number): string {
  if (!part.openTag(bytes, at, end, GENERAL_STRING) || part.cut) return '';
  return textAt(bytes, part.start, part.stop);
}

/** The first string of a PrincipalName: kind [0], strings [1]. */
function principalAt(bytes: Uint8Array, at: number, end: number): string {
  if (!part.openTag(bytes, at, end, SEQUENCE)) return '';
  if (!part.openTag(bytes, part.start, end, 0xa0)) return '';
  if (!part.openTag(bytes, part.stop, end, 0xa1)) return '';
  if (!part.openTag(bytes, part.start, end, SEQUENCE)) return '';
  return stringAt(bytes, part.start, end);
}

export const KERBEROS: Detector = {
  protocol: 'kerberos',
  transports: [TCP, 17],
  ports: [88],
  // The length of a message below 1 MiB.
  beginsOverTcp: [0x00],
  detect,
  facts,
};
