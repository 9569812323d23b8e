/**
 * The ways by which bare probes leave: sockets with a batch of messages whose fixed parts, IP
 * header included where we write it ourselves, are laid out once.
 */
import { MessageBatch } from '../../native/message-batch.ts';
import { SO_SNDBUF, SO_SNDBUFFORCE, SOL_SOCKET, setOption } from '../../native/sockets.ts';
import { BATCH_SIZE } from './engine.ts';
import type { RawProbe } from './raw-probe.ts';
import { writeWord } from './raw-scan.ts';

/** Octets of IP headers without options. */
export const IPV4_HEADER = 20;
export const IPV6_HEADER = 40;
const DONT_FRAGMENT = 0x4000;
const TTL = 64;
/** A whole batch must fit into the socket's send buffer, also while a neighbour is looked for. */
const SEND_BUFFER = 64 << 20;

/** A way for probes to leave; batches are filled for one way at a time. */
export interface Way {
  readonly fd: number;
  readonly messages: MessageBatch;
  /** Octets of the IP header that we write ourselves. */
  readonly header: number;
  /** Ethernet type of frames; 0: no frames, but packets that the kernel sends by its routes. */
  readonly etherType: number;
}

/**
 * @param header octets of the IP header in each message: 0, `IPV4_HEADER` or `IPV6_HEADER`
 * @param address octets of the addresses
 */
export function openWay(
  probe: RawProbe,
  fd: number,
  header: number,
  address: number,
  etherType = 0,
): Way {
  growSendBuffer(fd);
  const length = header + probe.length;
  const messages = new MessageBatch(BATCH_SIZE, (length + 15) & ~15);
  for (let slot = 0; slot < BATCH_SIZE; slot++) {
    const at = messages.packetSize * slot;
    if (header === IPV4_HEADER) writeIPv4(messages.packets, at, probe);
    else if (header === IPV6_HEADER) writeIPv6(messages.packets, at, probe);
    probe.writeFixed(messages.packets, at + header);
    messages.setLengths(slot, length, address);
  }
  return { fd, messages, header, etherType };
}

/** Beyond the system's bound only with CAP_NET_ADMIN; up to it for whoever may open raw sockets. */
function growSendBuffer(fd: number): void {
  try {
    setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
  } catch {
    setOption(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
  }
}

function writeIPv4(packets: Buffer, at: number, { protocol, length }: RawProbe): void {
  packets[at] = 0x45;
  packets.writeUInt16BE(IPV4_HEADER + length, at + 2);
  packets.writeUInt16BE(DONT_FRAGMENT, at + 6);
  packets[at + 8] = TTL;
  packets[at + 9] = protocol;
}

function writeIPv6(packets: Buffer, at: number, { protocol, length }: RawProbe): void {
  packets[at] = 0x60;
  packets.writeUInt16BE(length, at + 4);
  packets[at + 6] = protocol;
  packets[at + 7] = TTL;
}

/** Sum of the words of the IPv4 header but for the addresses. */
export function headerWords({ protocol, length }: RawProbe): number {
  return 0x4500 + IPV4_HEADER + length + DONT_FRAGMENT + ((TTL << 8) | protocol);
}

/**
 * Writes what differs from host to host in an IP header.
 * @param headerSum checksum of the IPv4 header; 0: the kernel fills it in
 */
export function writeAddresses(
  packets: Buffer,
  at: number,
  source: readonly number[],
  target: readonly number[],
  headerSum: number,
): void {
  if (target.length === 1) {
    writeWord(packets, at + 12, source[0]!);
    writeWord(packets, at + 16, target[0]!);
    packets[at + 10] = headerSum >>> 8;
    packets[at + 11] = headerSum & 255;
    return;
  }
  for (let index = 0; index < 4; index++) {
    writeWord(packets, at + 8 + 4 * index, source[index]!);
    writeWord(packets, at + 24 + 4 * index, target[index]!);
  }
}
