/**
 * Requests and replies of ARP for IPv4 over Ethernet (RFC 826): what asks for the Ethernet address of
 * an IPv4 address, and what tells it.
 */
import { ARP_REPLY_FILTER } from './answer-filter.ts';
import type { NeighbourMessages } from './neighbour-engine.ts';
import { wordAt, writeWord } from './raw-scan.ts';

const LENGTH = 28;
const REPLY = 2;
/** Hardware Ethernet, protocol IPv4, with the lengths of their addresses, and a request. */
const REQUEST = [0, 1, 8, 0, 6, 4, 0, 1];
const SENDER_MAC = 8;
const SENDER = 14;
const TARGET_MAC = 18;
const TARGET = 24;
const EVERYBODY = new Uint8Array(6).fill(0xff);

export const ARP_MESSAGES: NeighbourMessages = {
  name: 'arp',
  etherType: 0x0806,
  filter: ARP_REPLY_FILTER,
  length: LENGTH,

  write(packet, { device, source }, target) {
    packet.set(REQUEST);
    packet.set(device.mac, SENDER_MAC);
    writeWord(packet, SENDER, source[0]!);
    packet.fill(0, TARGET_MAC, TARGET);
    writeWord(packet, TARGET, target[0]!);
    return EVERYBODY;
  },

  read(packet, length) {
    if (length < LENGTH || packet[4] !== 6 || packet[5] !== 4) return undefined;
    if (packet[6] !== 0 || packet[7] !== REPLY) return undefined;
    const mac = Uint8Array.from(packet.subarray(SENDER_MAC, SENDER));
    return { words: [wordAt(packet, SENDER)], mac };
  },
};
