/**
 * Receives the answers to probes from every interface: an AF_PACKET socket with a kernel filter
 * and a mapped ring of small slots (packet(7), PACKET_RX_RING, version 2). Packets begin at their
 * IP header whatever the link is (SOCK_DGRAM), so Ethernet, loopback and tun look alike.
 *
 * Version 2, not 3: a slot can be read the moment it is filled, where version 3 hands over whole
 * blocks after a timer, which would hold up a sender that waits for answers to go on.
 */
import { checked } from './libc.ts';
import { MappedMemory } from './mapped-memory.ts';
import { attachFilter, type FilterStep } from './socket-filter.ts';
import {
  AF_PACKET,
  bindPacketSocket,
  closeSocket,
  openSocket,
  SOCK_DGRAM,
  setOption,
  socketCalls,
} from './sockets.ts';

const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const TPACKET_V2 = 1;

/** `tp_status`: it never left this machine, so that its checksum was not made; found right. */
const CHECKSUM_NOT_READY = 1 << 3;
const CHECKSUM_VALID = 1 << 7;

const SLOT = 256;
const BLOCK = 65_536;
const SLOTS = 32_768;

/** 8 MiB of slots for one family. Owns socket and mapping, until `close`. */
export class ScanRing {
  readonly fd: number;
  /** The ring; a packet lies where `next` says until `next` is called again. */
  readonly bytes: Uint8Array;
  /** Of the packet that `next` found: octets kept, when it arrived, on which interface. */
  length = 0;
  seconds = 0;
  nanoseconds = 0;
  interfaceIndex = 0;
  /** Nobody has looked at its checksums yet: it came over a wire, from a device that does not. */
  unchecked = false;
  private readonly memory: MappedMemory;
  private readonly words: Int32Array;
  private readonly view: DataView;
  private slot = 0;
  private held = -1;

  /**
   * @param protocol Ethernet type to receive: 0x0800 or 0x86dd
   * Throws `SystemCallError` (EPERM without CAP_NET_RAW), `NativeUnavailable`.
   */
  constructor(protocol: number, filter: readonly FilterStep[]) {
    // Protocol 0 receives nothing, until the filter stands.
    this.fd = openSocket(AF_PACKET, SOCK_DGRAM, 0);
    try {
      attachFilter(this.fd, filter);
      setOption(this.fd, SOL_PACKET, PACKET_VERSION, TPACKET_V2);
      const request = Buffer.alloc(16);
      [BLOCK, (SLOT * SLOTS) / BLOCK, SLOT, SLOTS].forEach((value, index) => {
        request.writeUInt32LE(value, 4 * index);
      });
      const { setsockopt } = socketCalls();
      checked(
        'setsockopt(PACKET_RX_RING)',
        setsockopt(this.fd, SOL_PACKET, PACKET_RX_RING, request, 16),
      );
      this.memory = new MappedMemory(SLOT * SLOTS, this.fd);
      bindPacketSocket(this.fd, protocol);
    } catch (error) {
      closeSocket(this.fd);
      throw error;
    }
    this.bytes = new Uint8Array(this.memory.buffer);
    this.words = new Int32Array(this.memory.buffer);
    this.view = new DataView(this.memory.buffer);
  }

  /** Position of the next packet in `bytes`, or -1. Gives the packet before back to the kernel. */
  next(): number {
    if (this.held >= 0) {
      Atomics.store(this.words, this.held, 0);
      this.held = -1;
    }
    const at = this.slot * SLOT;
    // The kernel sets the lowest bit last: TP_STATUS_USER.
    const status = Atomics.load(this.words, at >> 2);
    if ((status & 1) === 0) return -1;
    this.unchecked = (status & (CHECKSUM_NOT_READY | CHECKSUM_VALID)) === 0;
    this.held = at >> 2;
    this.slot = (this.slot + 1) % SLOTS;
    const { view } = this;
    this.length = view.getUint32(at + 8, true);
    this.seconds = view.getUint32(at + 16, true);
    this.nanoseconds = view.getUint32(at + 20, true);
    this.interfaceIndex = view.getInt32(at + 36, true);
    return at + view.getUint16(at + 14, true);
  }

  /** Packets the ring had no slot for, since it was asked last. */
  takeDrops(): number {
    const statistics = Buffer.alloc(8);
    const length = Buffer.from([8, 0, 0, 0]);
    socketCalls().getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, statistics, length);
    return statistics.readUInt32LE(4);
  }

  close(): void {
    // The mapping holds the socket, so this returns at once.
    closeSocket(this.fd);
    this.memory.releaseAside();
  }
}
