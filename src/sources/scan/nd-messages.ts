/**
 * Neighbour Solicitation and Advertisement with their IPv6 headers (RFC 4861 sections 4.3, 4.4 and
 * 7.1.2): what asks for the Ethernet address of an IPv6 address, and what tells it.
 */
import { ADVERTISEMENT_FILTER } from './answer-filter.ts';
import type { NeighbourMessages } from './neighbour-engine.ts';
import { internetChecksum, sumOfWords, sumsUp, wordAt, writeWord } from './raw-scan.ts';

const HEADER = 40;
const ICMPV6 = 58;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
/** Of type, target, and the option with our own Ethernet address. */
const BODY = 32;
export const SOLICITATION_LENGTH = HEADER + BODY;
const SOURCE_MAC = 1;
const TARGET_MAC = 2;
/** No router forwards what arrives with it: the sender is on the link. */
const FROM_THE_LINK = 255;
/** The address asked for, and told of. */
const TARGET = 48;

export const ND_MESSAGES: NeighbourMessages = {
  name: 'nd',
  etherType: 0x86dd,
  filter: ADVERTISEMENT_FILTER,
  length: SOLICITATION_LENGTH,

  write: (packet, { device, source }, target) =>
    writeSolicitation(packet, source, target, device.mac),

  read(packet, length, sender) {
    const mac = advertisedMac(packet, length, sender);
    if (mac === undefined) return undefined;
    return { words: [0, 4, 8, 12].map((at) => wordAt(packet, TARGET + at)), mac };
  },
};

/**
 * Writes the question at the start of `packet`. Returns the Ethernet group to send it to
 * (RFC 2464 section 7), valid until the next call.
 */
export function writeSolicitation(
  packet: Buffer,
  source: readonly number[],
  target: readonly number[],
  mac: Uint8Array,
): Uint8Array {
  packet.fill(0, 0, SOLICITATION_LENGTH);
  packet[0] = 0x60;
  packet[5] = BODY;
  packet[6] = ICMPV6;
  packet[7] = FROM_THE_LINK;
  for (let index = 0; index < 4; index++) {
    writeWord(packet, 8 + 4 * index, source[index]!);
    writeWord(packet, TARGET + 4 * index, target[index]!);
  }
  // The group of all whose addresses end alike: ff02::1:ffXX:XXXX (RFC 4291 section 2.7.1).
  writeWord(packet, 24, 0xff020000);
  writeWord(packet, 32, 1);
  writeWord(packet, 36, (0xff000000 | (target[3]! & 0xffffff)) >>> 0);
  packet[40] = SOLICITATION;
  packet[64] = SOURCE_MAC;
  packet[65] = 1;
  packet.set(mac, 66);
  const octets = new Uint8Array(packet.buffer, packet.byteOffset, SOLICITATION_LENGTH);
  const sum = sumOfWords(octets, 8, SOLICITATION_LENGTH) + BODY + ICMPV6;
  packet.writeUInt16BE(internetChecksum(sum), 42);
  GROUP.set(packet.subarray(36, 40), 2);
  return GROUP;
}

const GROUP = Uint8Array.of(0x33, 0x33, 0, 0, 0, 0);

/**
 * The Ethernet address that an advertisement (from its IPv6 header on) gives for the target at its
 * octet 48, or else that it came from; undefined: it is none, or one that no kernel would believe.
 * @param sender copied if it is the answer
 */
export function advertisedMac(
  packet: Uint8Array,
  length: number,
  sender: Uint8Array,
): Uint8Array | undefined {
  const end = HEADER + ((packet[4]! << 8) | packet[5]!);
  if (length < HEADER + 24 || end > length || end < HEADER + 24) return undefined;
  if (packet[6] !== ICMPV6 || packet[7] !== FROM_THE_LINK) return undefined;
  if (packet[40] !== ADVERTISEMENT || packet[41] !== 0 || packet[TARGET] === 0xff) return undefined;
  const pseudo = sumOfWords(packet, 8, HEADER) + end - HEADER + ICMPV6;
  if (!sumsUp(packet, HEADER, end, pseudo)) return undefined;
  let mac = sender;
  for (let at = HEADER + 24; at < end; ) {
    const size = at + 1 < end ? 8 * packet[at + 1]! : 0;
    if (size === 0 || at + size > end) return undefined;
    if (packet[at] === TARGET_MAC && size === 8) mac = packet.subarray(at + 2, at + 8);
    at += size;
  }
  return Uint8Array.from(mac);
}
