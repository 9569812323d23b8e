/**
 * The NetBIOS datagram service (RFC 1002 section 4.4): message type 1, flags 1, id 2, source
 * address 4, source port 2, length 2, offset 2, source name, destination name, data.
 *
 * What Windows sends in it is the browser service ([MS-BRWS]): host announcements that carry the
 * sender's name, its system's version and a comment.
 */
import { skipName } from './dns-name.ts';
import { octetsBetween } from './first-octets.ts';
import { netbiosNameAt } from './netbios-spelling.ts';
import { ascii, findAnyCase, findOctet, textAt } from './octets.ts';
import {
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const HEADER = 14;
const DIRECT_UNIQUE = 0x10;
const BROADCAST = 0x12;
const ERROR = 0x13;
const QUERY_NEGATIVE = 0x16;
const BROWSE = ascii('\\MAILSLOT\\BROWSE\0');
const HOST_ANNOUNCEMENT = 1;
const DOMAIN_ANNOUNCEMENT = 12;
const LOCAL_MASTER_ANNOUNCEMENT = 15;
const SERVER_NAME = 16;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 11) return 0;
  const type = bytes[at]!;
  // Flags: fragment bits and the kind of node; the upper half is reserved.
  if (type < DIRECT_UNIQUE || type > QUERY_NEGATIVE || bytes[at + 1]! > 15) return 0;
  // An error code ends its message; they are 82, 83 and 84.
  if (type === ERROR) return length === 11 && (bytes[at + 10]! & 0xfc) === 0x80 ? LIKELY : 0;
  if (type > ERROR) return isSpelled(bytes, at + 10, end) ? CERTAIN : 0;
  if (end - at < HEADER) return 0;
  // The length counts what follows it and the offset.
  if (view.getUint16(at + 10) + HEADER !== length && view.getUint16(at + 12) === 0) return 0;
  return isSpelled(bytes, at + HEADER, end) ? CERTAIN : 0;
}

function isSpelled(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 34 || bytes[at] !== 32) return false;
  for (let next = at + 1; next <= at + 32; next++) {
    if (bytes[next]! < 0x41 || bytes[next]! > 0x50) return false;
  }
  return true;
}

/** The source name belongs to the address that the message itself states. */
function facts(payload: Payload, to: FactSink): void {
  const { bytes, at, end } = payload;
  if (bytes[at]! > BROADCAST || !isSpelled(bytes, at + HEADER, end)) return;
  const address = bytes.slice(at + 4, at + 8);
  const source = netbiosNameAt(bytes, at + HEADER);
  to.name('netbios', source, address);
  const destination = skipName(bytes, at + HEADER, end);
  if (destination < 0) return;
  const data = skipName(bytes, destination, end);
  if (data > 0) tellAnnouncement(payload, data, source, address, to);
}

/**
 * Announcement ([MS-BRWS] section 2.2.1): command 1, update count 1, periodicity 4, name 16,
 * version 2, server type 4, browser version 2, signature AA55, comment.
 */
function tellAnnouncement(
  payload: Payload,
  at: number,
  source: string,
  address: Uint8Array,
  to: FactSink,
): void {
  const { bytes, view, end } = payload;
  const slot = findAnyCase(bytes, at, Math.min(end, at + 256), BROWSE);
  const frame = slot + BROWSE.length;
  if (slot < 0 || frame + 32 > end) return;
  const command = bytes[frame]!;
  const isHost = command === HOST_ANNOUNCEMENT || command === LOCAL_MASTER_ANNOUNCEMENT;
  if (!isHost && command !== DOMAIN_ANNOUNCEMENT) return;
  const nameEnd = findOctet(bytes, frame + 6, frame + 6 + SERVER_NAME, 0);
  const name = textAt(bytes, frame + 6, nameEnd < 0 ? frame + 6 + SERVER_NAME : nameEnd);
  if (isHost) {
    if (name && !source.startsWith(`${name}<`)) to.name('netbios', name, address);
    to.service('version', `${bytes[frame + 22]}.${bytes[frame + 23]}`);
  } else if (name && view.getUint16(frame + 28, true) > 0) {
    to.name('netbios-group', name, address);
  }
}

export const NETBIOS_DATAGRAM: Detector = {
  protocol: 'netbios-dgm',
  transports: [17],
  ports: [138],
  begins: octetsBetween(DIRECT_UNIQUE, QUERY_NEGATIVE),
  follows: true,
  detect,
  facts,
};
