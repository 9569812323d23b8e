/**
 * Receives datagrams and the ICMP errors about those that were sent: recvfrom(2), and recvmsg(2)
 * on the error queue (ip(7), IP_RECVERR), which tells type and code of the error and whose
 * datagram it is about, without any privilege.
 */
import { bind, type NativeFunction } from './libc.ts';
import { MappedMemory } from './mapped-memory.ts';
import { AF_INET, AF_PACKET } from './sockets.ts';

const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
const IPPROTO_IP = 0;
const IP_RECVERR = 11;
const IPPROTO_IPV6 = 41;
const IPV6_RECVERR = 25;
/** Level and option that switch the error queue on, by address words (1 or 4). */
export const ERROR_QUEUE_OPTION: Readonly<Record<4 | 6, readonly [number, number]>> = {
  4: [IPPROTO_IP, IP_RECVERR],
  6: [IPPROTO_IPV6, IPV6_RECVERR],
};

const PACKET_AT = 0;
const PACKET_SIZE = 2048;
const ADDRESS_AT = PACKET_AT + PACKET_SIZE;
const LENGTH_AT = ADDRESS_AT + 32;
const HEADER_AT = LENGTH_AT + 32;
const VECTOR_AT = HEADER_AT + 64;
const CONTROL_AT = VECTOR_AT + 16;
const CONTROL_SIZE = 512;

/** Who noticed the error: `sock_extended_err`, ee_origin. */
export const ORIGIN_ICMP = 2;
export const ORIGIN_ICMP6 = 3;

/**
 * One datagram or error at a time: each call overwrites what the last one read. `close` frees the
 * memory that `packet` lies in.
 */
export class DatagramReader {
  /** The last datagram; borrowed until the next call. */
  readonly packet: Buffer;
  /** Words of the address it came from, or was sent to where an error is read. */
  readonly words = new Uint32Array(4);
  /** Of a packet socket: the Ethernet address it came from; borrowed as well. */
  readonly mac: Uint8Array;
  port = 0;
  /** Interface of a link-local address, or that a packet socket's packet came in by. */
  scope = 0;
  origin = 0;
  type = 0;
  code = 0;
  errno = 0;
  /** Words of the address of who sent the ICMP error; 0 where nobody did. */
  readonly offender = new Uint32Array(4);
  private readonly memory = new MappedMemory(8192);
  private readonly view: DataView;
  private readonly calls: Readonly<Record<'recvfrom' | 'recvmsg', NativeFunction>>;

  constructor() {
    this.calls = bind({
      recvfrom:
        'long recvfrom(int fd, void *packet, size_t size, int flags, void *address, void *length)',
      recvmsg: 'long recvmsg(int fd, void *message, int flags)',
    });
    const { buffer, address } = this.memory;
    this.view = new DataView(buffer);
    this.packet = Buffer.from(buffer, PACKET_AT, PACKET_SIZE);
    this.mac = new Uint8Array(buffer, ADDRESS_AT + 12, 6);
    this.view.setBigUint64(VECTOR_AT, address + BigInt(PACKET_AT), true);
    this.view.setBigUint64(VECTOR_AT + 8, BigInt(PACKET_SIZE), true);
  }

  /** Octets of the next datagram (longer ones are cut at 2048), or -1 when there is none. */
  receive(fd: number): number {
    const { address } = this.memory;
    this.view.setUint32(LENGTH_AT, 28, true);
    const length = this.calls.recvfrom(
      fd,
      address + BigInt(PACKET_AT),
      PACKET_SIZE,
      MSG_DONTWAIT,
      address + BigInt(ADDRESS_AT),
      address + BigInt(LENGTH_AT),
    ) as number;
    if (length >= 0) this.readAddress();
    return length;
  }

  /** Reads the next error; false when there is none. */
  receiveError(fd: number): boolean {
    const { view } = this;
    const { address } = this.memory;
    view.setBigUint64(HEADER_AT, address + BigInt(ADDRESS_AT), true);
    view.setUint32(HEADER_AT + 8, 28, true);
    view.setBigUint64(HEADER_AT + 16, address + BigInt(VECTOR_AT), true);
    view.setBigUint64(HEADER_AT + 24, 1n, true);
    view.setBigUint64(HEADER_AT + 32, address + BigInt(CONTROL_AT), true);
    view.setBigUint64(HEADER_AT + 40, BigInt(CONTROL_SIZE), true);
    view.setUint16(ADDRESS_AT, 0, true);
    const flags = MSG_ERRQUEUE | MSG_DONTWAIT;
    if (this.calls.recvmsg(fd, address + BigInt(HEADER_AT), flags) < 0) return false;
    this.readAddress();
    this.readControl(Number(view.getBigUint64(HEADER_AT + 40, true)));
    return true;
  }

  /** Control messages: length, level, type; padded to eight octets. */
  private readControl(length: number): void {
    const { view } = this;
    this.origin = 0;
    for (let at = CONTROL_AT; at + 16 <= CONTROL_AT + length; ) {
      const size = Number(view.getBigUint64(at, true));
      if (size < 16) return;
      const level = view.getInt32(at + 8, true);
      const kind = view.getInt32(at + 12, true);
      const isError =
        (level === IPPROTO_IP && kind === IP_RECVERR) ||
        (level === IPPROTO_IPV6 && kind === IPV6_RECVERR);
      if (isError) {
        this.errno = view.getUint32(at + 16, true);
        this.origin = view.getUint8(at + 20);
        this.type = view.getUint8(at + 21);
        this.code = view.getUint8(at + 22);
        this.readOffender(at + 32, at + size);
      }
      at += (size + 7) & ~7;
    }
  }

  /** The socket address behind the error (ip(7), SO_EE_OFFENDER). */
  private readOffender(at: number, end: number): void {
    const { view, offender } = this;
    offender.fill(0);
    if (at + 16 > end) return;
    if (view.getUint16(at, true) === AF_INET) {
      offender[0] = view.getUint32(at + 4);
      return;
    }
    if (at + 24 > end) return;
    for (let index = 0; index < 4; index++) offender[index] = view.getUint32(at + 8 + 4 * index);
  }

  private readAddress(): void {
    const { view, words } = this;
    if (view.getUint16(ADDRESS_AT, true) === AF_PACKET) {
      this.scope = view.getInt32(ADDRESS_AT + 4, true);
      return;
    }
    this.port = view.getUint16(ADDRESS_AT + 2);
    if (view.getUint16(ADDRESS_AT, true) === AF_INET) {
      words[0] = view.getUint32(ADDRESS_AT + 4);
      this.scope = 0;
      return;
    }
    for (let index = 0; index < 4; index++)
      words[index] = view.getUint32(ADDRESS_AT + 8 + 4 * index);
    this.scope = view.getUint32(ADDRESS_AT + 24, true);
  }

  close(): void {
    this.memory.release();
  }
}
