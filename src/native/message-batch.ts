/**
 * Many datagrams in one call: sendmmsg(2) over headers, addresses and packets laid out once in
 * memory of their own, so that sending allocates nothing.
 */
import { bind, lastErrno, type NativeFunction } from './libc.ts';
import { MappedMemory } from './mapped-memory.ts';

/** `struct mmsghdr` of 64-bit Linux: msghdr of 56 octets, msg_len, padding. */
const HEADER = 64;
const VECTOR = 16;
const ADDRESS = 32;
const MSG_DONTWAIT = 0x40;

let calls: Readonly<Record<'sendmmsg', NativeFunction>> | undefined;

/**
 * Whoever fills it writes packets and addresses in place; the kernel has copied them when `send`
 * returns.
 */
export class MessageBatch {
  /** Packets one after another, `packetSize` octets each; the batch owns them. */
  readonly packets: Buffer;
  /** Destinations one after another, `addressSize` octets each. */
  readonly addresses: Buffer;
  readonly packetSize: number;
  readonly addressSize = ADDRESS;
  private readonly memory: MappedMemory;
  private readonly headers: DataView;
  private readonly vectors: DataView;

  /** @param count messages it holds at most. Throws `NativeUnavailable`, `SystemCallError`. */
  constructor(count: number, packetSize: number) {
    calls ??= bind({
      sendmmsg: 'int sendmmsg(int fd, void *messages, unsigned int count, int flags)',
    });
    const vectorsAt = HEADER * count;
    const addressesAt = vectorsAt + VECTOR * count;
    const packetsAt = addressesAt + ADDRESS * count;
    const length = packetsAt + packetSize * count;
    this.memory = new MappedMemory(length);
    const { buffer, address } = this.memory;
    this.packetSize = packetSize;
    this.headers = new DataView(buffer, 0, vectorsAt);
    this.vectors = new DataView(buffer, vectorsAt, VECTOR * count);
    this.addresses = Buffer.from(buffer, addressesAt, ADDRESS * count);
    this.packets = Buffer.from(buffer, packetsAt, packetSize * count);
    for (let index = 0; index < count; index++) {
      const at = HEADER * index;
      this.headers.setBigUint64(at, address + BigInt(addressesAt + ADDRESS * index), true);
      this.headers.setBigUint64(at + 16, address + BigInt(vectorsAt + VECTOR * index), true);
      this.headers.setBigUint64(at + 24, 1n, true);
      const packet = address + BigInt(packetsAt + packetSize * index);
      this.vectors.setBigUint64(VECTOR * index, packet, true);
    }
  }

  /** States the lengths of message `index`: of its packet and of its address, octets. */
  setLengths(index: number, packet: number, address: number): void {
    this.headers.setUint32(HEADER * index + 8, address, true);
    this.vectors.setUint32(VECTOR * index + 8, packet, true);
  }

  /** Sends messages from `first` on without waiting for room. Returns how many went out, or minus the error number. */
  send(fd: number, first: number, count: number): number {
    const at = this.memory.address + BigInt(HEADER * first);
    const sent = calls!.sendmmsg(fd, at, count, MSG_DONTWAIT) as number;
    return sent < 0 ? -lastErrno() : sent;
  }

  close(): void {
    this.memory.release();
  }
}
