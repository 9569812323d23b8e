/**
 * Packet sockets of Linux with a receive ring (packet_mmap.txt, TPACKET_V3). The kernel fills
 * blocks with frames; `PacketRing` maps them and reads.
 *
 * Opening needs the privilege, mapping does not: so a socket is opened by the thread that has it,
 * and its descriptor goes to the thread that reads. The filter is attached before the socket is
 * bound, so that not one frame that does not match is ever in the ring.
 */
import { checked } from './libc.ts';
import { attachFilter, type FilterStep } from './socket-filter.ts';
import {
  closeSocket,
  openSocket,
  SOCK_DGRAM,
  SOCK_RAW,
  setOption,
  socketCalls,
} from './sockets.ts';

const AF_PACKET = 17;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_FANOUT = 18;
const PACKET_MR_PROMISC = 1;
const TPACKET_V3 = 2;
const ETH_P_ALL = 3;
const FRAME_OCTETS = 2048;
const LARGE_BLOCK = 256 * 1024;
const SMALL_BLOCK = 128 * 1024;
const LEAST_BLOCKS = 4;
/** From this size on large blocks leave the kernel enough of them to go on with. */
const LARGE_RING = 8 * 1024 * 1024;
/** How long a frame may wait in a block that is not full. */
const RETIRE_MS = 50;
/** Frames go to sockets by a hash of their flow, the same for both directions. */
const FANOUT_HASH = 0;
/** The kernel chooses a number for the group that nobody else uses. */
const FANOUT_UNIQUE = 0x2000;
/** A program that keeps nothing. */
const NOTHING: readonly FilterStep[] = [[6, 0, 0, 0]];

export interface PacketSocketOptions {
  /** Index of the interface; 0 is all of them. */
  readonly interfaceIndex: number;
  /** Without link headers: the kernel takes them off. */
  readonly cooked: boolean;
  readonly promiscuous: boolean;
  /** Octets of the ring, rounded up to whole blocks. */
  readonly ringOctets: number;
  readonly filter: readonly FilterStep[];
  /** Sockets that share the interface's frames, each with a ring of its own. */
  readonly fanout: number;
}

/** An open socket, as it can be handed to another thread. */
export interface PacketSocket {
  readonly descriptor: number;
  readonly blockOctets: number;
  readonly blocks: number;
}

/** What the kernel counted since the ring was opened. */
export interface RingCounts {
  /** Frames that matched the filter, those dropped included. */
  received: number;
  /** Frames for which the ring had no room. */
  dropped: number;
  /** How often the ring was full. */
  freezes: number;
}

/**
 * Opens an interface: one socket, or as many as share its frames. From here on frames arrive.
 * Throws `SystemCallError` (EPERM without the privilege) and `NativeUnavailable`.
 */
export function openPacketSockets(options: PacketSocketOptions): PacketSocket[] {
  const opened: PacketSocket[] = [];
  try {
    for (let index = 0; index < options.fanout; index++) opened.push(openOne(options));
    if (options.fanout > 1) share(opened, options.filter);
    return opened;
  } catch (error) {
    for (const { descriptor } of opened) closeSocket(descriptor);
    throw error;
  }
}

function openOne(options: PacketSocketOptions): PacketSocket {
  const { interfaceIndex, cooked, promiscuous, ringOctets, filter, fanout } = options;
  const blockOctets = ringOctets < LARGE_RING ? SMALL_BLOCK : LARGE_BLOCK;
  const blocks = Math.max(LEAST_BLOCKS, Math.ceil(ringOctets / blockOctets));
  // Protocol 0: nothing is received before the socket is bound.
  const descriptor = openSocket(AF_PACKET, cooked ? SOCK_DGRAM : SOCK_RAW, 0);
  try {
    setOption(descriptor, SOL_PACKET, PACKET_VERSION, TPACKET_V3);
    const frames = (blockOctets / FRAME_OCTETS) * blocks;
    const request = Uint32Array.of(blockOctets, blocks, FRAME_OCTETS, frames, RETIRE_MS, 0, 0);
    set(descriptor, PACKET_RX_RING, request);
    // Until all sockets of a group have joined it, each would get every frame.
    attachFilter(descriptor, fanout > 1 ? NOTHING : filter);
    if (promiscuous && interfaceIndex !== 0) {
      // struct packet_mreq: index, type (its first half), address.
      const membership = Uint32Array.of(interfaceIndex, PACKET_MR_PROMISC, 0, 0);
      set(descriptor, PACKET_ADD_MEMBERSHIP, membership);
    }
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(interfaceIndex, 4);
    checked('bind', socketCalls().bind(descriptor, address, 20));
    return { descriptor, blockOctets, blocks };
  } catch (error) {
    closeSocket(descriptor);
    throw error;
  }
}

/** Makes sockets a group that shares frames, then lets frames in. */
function share(sockets: readonly PacketSocket[], filter: readonly FilterStep[]): void {
  let group = 0;
  for (const [index, { descriptor }] of sockets.entries()) {
    const mode = index === 0 ? FANOUT_HASH | FANOUT_UNIQUE : FANOUT_HASH;
    setOption(descriptor, SOL_PACKET, PACKET_FANOUT, group | (mode << 16));
    if (index > 0) continue;
    const found = new Uint32Array(1);
    const size = Uint32Array.of(4);
    const { getsockopt } = socketCalls();
    const result = getsockopt(descriptor, SOL_PACKET, PACKET_FANOUT, found, size);
    checked('getsockopt(PACKET_FANOUT)', result);
    group = found[0]! & 0xffff;
  }
  for (const { descriptor } of sockets) attachFilter(descriptor, filter);
}

function set(descriptor: number, name: number, value: Uint32Array): void {
  const { setsockopt } = socketCalls();
  const result = setsockopt(descriptor, SOL_PACKET, name, value, value.byteLength);
  checked('setsockopt', result);
}

/** Adds what the kernel counted since it was asked last; it forgets what it tells. */
export function addStatistics({ descriptor }: PacketSocket, counts: RingCounts): void {
  const found = new Uint32Array(3);
  const size = Uint32Array.of(12);
  const { getsockopt } = socketCalls();
  if (getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, found, size) !== 0) return;
  counts.received += found[0]!;
  counts.dropped += found[1]!;
  counts.freezes += found[2]!;
}

/** Ends a socket. A ring that is still mapped goes with its mapping. */
export function closePacketSocket({ descriptor }: PacketSocket): void {
  closeSocket(descriptor);
}
