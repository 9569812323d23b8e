/** What engines with raw sockets share: source ports, our own address towards a host, arrival. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { bind, lastErrno, type NativeFunction, SystemCallError } from '../../native/libc.ts';
import {
  ADDRESS_LENGTH,
  AF_INET,
  AF_INET6,
  closeSocket,
  ERRNO,
  interfaceIndex,
  localAddress,
  SOCK_DGRAM,
  socketCalls,
  trySocket,
  writeSocketAddress,
} from '../../native/sockets.ts';
import type { Address } from '../../net/address.ts';
import type { Clock } from './engine.ts';

/** Source ports in a row, one for each try; a power of two. */
export const TRY_PORTS = 16;

/** First of `TRY_PORTS` source ports outside the range that the kernel gives to connections. */
export function freePorts(): number {
  let [low, high] = [32_768, 60_999];
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    [low = low, high = high] = text.trim().split(/\s+/).map(Number) as [number, number];
  } catch {
    // The kernel's default stands.
  }
  const above = 65_535 - TRY_PORTS - high;
  if (above > 256) return high + 1 + randomInt(above);
  const below = low - TRY_PORTS - 20_000;
  return below > 256 ? 20_000 + randomInt(below) : 61_000 + randomInt(4000);
}

/**
 * Our address towards the host by the kernel's routes; without `source` there is no way, as on a
 * kernel that has no IPv6. Throws `SystemCallError` where there is no room for a socket.
 */
export function routeTo(address: Address): {
  source: readonly number[] | undefined;
  scope: number;
} {
  const { family, words, zone } = address;
  const scope = zone === undefined ? 0 : interfaceIndex(zone);
  const fd = trySocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  if (fd < 0) {
    if (lastErrno() === ERRNO.EAFNOSUPPORT) return { source: undefined, scope };
    throw new SystemCallError('socket', lastErrno());
  }
  try {
    const target = Buffer.alloc(ADDRESS_LENGTH);
    // Connecting a datagram socket sends nothing: it only looks up the route. Port 9: discard.
    const length = writeSocketAddress(target, 0, words, 9, scope);
    if (socketCalls().connect(fd, target, length) < 0) return { source: undefined, scope };
    return { source: localAddress(fd).words, scope };
  } finally {
    closeSocket(fd);
  }
}

const CLOCK_REALTIME = 0;

/** Turns the kernel's arrival times (wall clock) into times on the scan's clock. */
export class ArrivalClock {
  private readonly clock: Clock;
  private readonly time = Buffer.alloc(16);
  private readonly calls: Readonly<Record<'clock_gettime', NativeFunction>>;
  private nowUs = 0;
  private seconds = 0;
  private nanoseconds = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.calls = bind({ clock_gettime: 'int clock_gettime(int clock, void *time)' });
    this.calibrate();
  }

  /** To be called before arrivals are read: the wall clock may have been set meanwhile. */
  calibrate(): void {
    this.calls.clock_gettime(CLOCK_REALTIME, this.time);
    this.seconds = this.time.readUInt32LE(0);
    this.nanoseconds = this.time.readUInt32LE(8);
    this.nowUs = this.clock();
  }

  /** Never later than now. */
  at(seconds: number, nanoseconds: number): number {
    const ago = (this.seconds - seconds) * 1e6 + (this.nanoseconds - nanoseconds) / 1000;
    return ago > 0 && ago < 1e9 ? this.nowUs - ago : this.nowUs;
  }
}

/** The Internet checksum (RFC 1071) of a sum of 16-bit words. */
export function internetChecksum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff;
}

/**
 * Whether octets, with what a pseudo header adds up to, have the right Internet checksum (RFC
 * 1071).
 * @param sum of the words that are not among the octets
 */
export function sumsUp(bytes: Uint8Array, at: number, end: number, sum = 0): boolean {
  let total = sum + sumOfWords(bytes, at, end);
  if (((end - at) & 1) === 1) total += bytes[end - 1]! << 8;
  return internetChecksum(total) === 0;
}

/** The sum of 16-bit words; a last octet alone does not count. */
export function sumOfWords(bytes: Uint8Array, at: number, end: number): number {
  let total = 0;
  for (let index = at; index + 1 < end; index += 2) {
    total += (bytes[index]! << 8) | bytes[index + 1]!;
  }
  return total;
}

/** The 32-bit word at `at`, most significant octet first. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

/** 32 bits in network order. */
export function writeWord(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = (word >>> 16) & 255;
  bytes[at + 2] = (word >>> 8) & 255;
  bytes[at + 3] = word & 255;
}
