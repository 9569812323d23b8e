/**
 * Many datagrams in one call: recvmmsg(2) into headers, addresses and buffers laid out once in
 * memory of their own, so that receiving allocates nothing. How many datagrams the kernel dropped
 * for want of room is asked of the socket (SO_MEMINFO, the counter that SO_RXQ_OVFL reports too).
 */
import { bind, lastErrno, type NativeFunction, SystemCallError } from './libc.ts';
import { MappedMemory } from './mapped-memory.ts';
import {
  AF_INET,
  AF_INET6,
  closeSocket,
  ERRNO,
  openSocket,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOL_SOCKET,
  setOption,
  socketCalls,
  writeSocketAddress,
} from './sockets.ts';

/** `struct mmsghdr` of 64-bit Linux: msghdr of 56 octets, msg_len, padding. */
const HEADER = 64;
const VECTOR = 16;
const ADDRESS = 32;
const MSG_DONTWAIT = 0x40;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
/** Index of the drops among the nine words of SO_MEMINFO. */
const MEMINFO_WORDS = 9;
const MEMINFO_DROPS = 8;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

let calls: Readonly<Record<'recvmmsg', NativeFunction>> | undefined;

/**
 * Owns its buffer, which holds the datagrams of the last call; `close` frees it, and nothing made
 * from `buffer` may be touched then.
 */
export class DatagramBatch {
  readonly buffer: Uint8Array;
  private readonly memory: MappedMemory;
  private readonly headers: DataView;
  private readonly addresses: DataView;
  private readonly most: number;
  private readonly size: number;

  /**
   * @param most datagrams of one call
   * @param size octets kept of each
   * Throws `NativeUnavailable`, `SystemCallError`.
   */
  constructor(most: number, size: number) {
    calls ??= bind({
      recvmmsg:
        'int recvmmsg(int fd, void *messages, unsigned int count, int flags, void *timeout)',
    });
    const vectorsAt = HEADER * most;
    const addressesAt = vectorsAt + VECTOR * most;
    const packetsAt = addressesAt + ADDRESS * most;
    this.memory = new MappedMemory(packetsAt + size * most);
    const { buffer, address } = this.memory;
    this.most = most;
    this.size = size;
    this.headers = new DataView(buffer, 0, vectorsAt);
    this.addresses = new DataView(buffer, addressesAt, ADDRESS * most);
    this.buffer = new Uint8Array(buffer, packetsAt, size * most);
    const vectors = new DataView(buffer, vectorsAt, VECTOR * most);
    for (let index = 0; index < most; index++) {
      const at = HEADER * index;
      this.headers.setBigUint64(at, address + BigInt(addressesAt + ADDRESS * index), true);
      this.headers.setUint32(at + 8, ADDRESS, true);
      this.headers.setBigUint64(at + 16, address + BigInt(vectorsAt + VECTOR * index), true);
      this.headers.setBigUint64(at + 24, 1n, true);
      vectors.setBigUint64(VECTOR * index, address + BigInt(packetsAt + size * index), true);
      vectors.setBigUint64(VECTOR * index + 8, BigInt(size), true);
    }
  }

  /** Takes what has come, without waiting; returns how many datagrams. Throws `SystemCallError`. */
  receive(fd: number): number {
    const { address } = this.memory;
    const count = calls!.recvmmsg(fd, address, this.most, MSG_DONTWAIT, null) as number;
    if (count >= 0) return count;
    const errno = lastErrno();
    if (errno === ERRNO.EAGAIN || errno === ERRNO.EINTR) return 0;
    throw new SystemCallError('recvmmsg', errno);
  }

  /** Where the datagram's octets are in `buffer`. */
  start(index: number): number {
    return index * this.size;
  }

  end(index: number): number {
    const length = this.headers.getUint32(HEADER * index + 56, true);
    return index * this.size + Math.min(length, this.size);
  }

  /** Words of the sender's address are at `senderAt`: one of IPv4, four of IPv6. */
  isSender4(index: number): boolean {
    return this.addresses.getUint16(ADDRESS * index, true) === AF_INET;
  }

  /** Word `word` of the sender's address, as a signed integer. */
  senderWord(index: number, word: number): number {
    const at = ADDRESS * index + (this.isSender4(index) ? 4 : 8);
    return this.addresses.getInt32(at + 4 * word);
  }

  close(): void {
    this.memory.release();
  }
}

/**
 * A socket that receives datagrams, with as large a buffer as it may have.
 * @param words its address, one word for IPv4, four for IPv6
 * @param bufferOctets wanted; beyond the machine's limit only root gets it
 * Throws `NativeUnavailable`, `SystemCallError` (EADDRINUSE, EACCES, EADDRNOTAVAIL).
 */
export function openReceiver(words: readonly number[], port: number, bufferOctets: number): number {
  const fd = openSocket(words.length === 1 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  try {
    if (words.length === 4) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    try {
      setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bufferOctets);
    } catch {
      setOption(fd, SOL_SOCKET, SO_RCVBUF, bufferOctets);
    }
    const address = Buffer.alloc(28);
    const length = writeSocketAddress(address, 0, words, port);
    if (socketCalls().bind(fd, address, length) < 0) throw new SystemCallError('bind', lastErrno());
    return fd;
  } catch (error) {
    closeSocket(fd);
    throw error;
  }
}

/** Octets of the socket's buffer, as the kernel counts them (twice what was asked for). */
export function receiveBuffer(fd: number): number {
  return optionWords(fd, SO_RCVBUF, 1)?.[0] ?? 0;
}

/** Datagrams that the kernel dropped because the buffer was full; undefined when it cannot tell. */
export function droppedDatagrams(fd: number): number | undefined {
  return optionWords(fd, SO_MEMINFO, MEMINFO_WORDS)?.[MEMINFO_DROPS];
}

function optionWords(fd: number, name: number, count: number): Uint32Array | undefined {
  const value = new Uint32Array(count);
  const length = new Uint32Array([4 * count]);
  const result = socketCalls().getsockopt(fd, SOL_SOCKET, name, value, length) as number;
  return result < 0 || length[0]! < 4 * count ? undefined : value;
}
