/**
 * Sockets as the C library has them: addresses in their binary form, options, limits, epoll. For
 * sending and watching thousands of probes at once, which the runtime's own sockets do one object
 * at a time.
 *
 * Numbers are those of Linux (asm-generic, the same on x86-64 and arm64; uapi headers).
 */
import { bind, checked, lastErrno, type NativeFunction } from './libc.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_LINGER = 13;
export const SO_ATTACH_FILTER = 26;
export const SO_SNDBUFFORCE = 32;

/** Error numbers that decide what a failed call means. */
export const ERRNO = {
  EPERM: 1,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOPROTOOPT: 92,
  EAFNOSUPPORT: 97,
  EADDRNOTAVAIL: 99,
  ENETUNREACH: 101,
  ECONNRESET: 104,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTDOWN: 112,
  EHOSTUNREACH: 113,
  EALREADY: 114,
  EINPROGRESS: 115,
} as const;

/** Whether a packet could not be sent for want of buffers, which passes. */
export function isLocalLack(errno: number): boolean {
  return (
    errno === ERRNO.ENOBUFS ||
    errno === ERRNO.EAGAIN ||
    errno === ERRNO.ENOMEM ||
    errno === ERRNO.EINTR
  );
}

/** Octets of `sockaddr_in6`; `sockaddr_in` takes the first 16. */
export const ADDRESS_LENGTH = 28;

type Calls = Readonly<
  Record<
    | 'socket'
    | 'close'
    | 'connect'
    | 'bind'
    | 'setsockopt'
    | 'getsockopt'
    | 'getsockname'
    | 'getrlimit'
    | 'setrlimit'
    | 'epoll_create1'
    | 'epoll_ctl'
    | 'epoll_wait'
    | 'poll'
    | 'if_nametoindex',
    NativeFunction
  >
>;

let calls: Calls | undefined;

/** The calls of this file, bound on first use. Throws `NativeUnavailable`. */
export function socketCalls(): Calls {
  calls ??= bind({
    socket: 'int socket(int family, int type, int protocol)',
    close: 'int close(int fd)',
    connect: 'int connect(int fd, const void *address, uint32_t length)',
    bind: 'int bind(int fd, const void *address, uint32_t length)',
    setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    getsockopt: 'int getsockopt(int fd, int level, int name, void *value, void *length)',
    getsockname: 'int getsockname(int fd, void *address, void *length)',
    getrlimit: 'int getrlimit(int resource, void *limit)',
    setrlimit: 'int setrlimit(int resource, const void *limit)',
    epoll_create1: 'int epoll_create1(int flags)',
    epoll_ctl: 'int epoll_ctl(int epoll, int operation, int fd, void *event)',
    epoll_wait: 'int epoll_wait(int epoll, void *events, int most, int timeout)',
    poll: 'int poll(void *fds, unsigned long count, int timeout)',
    if_nametoindex: 'unsigned int if_nametoindex(const char *name)',
  });
  return calls;
}

/** A new socket, closed on exec. Throws `SystemCallError`. */
export function openSocket(family: number, type: number, protocol: number): number {
  return checked('socket', socketCalls().socket(family, type | SOCK_CLOEXEC, protocol));
}

/** Like `openSocket`, but -1 with `lastErrno()` instead of an error: for hot loops. */
export function trySocket(family: number, type: number, protocol: number): number {
  return socketCalls().socket(family, type | SOCK_CLOEXEC, protocol);
}

/** What goes wrong at it is passed over: nobody could do anything about it. */
export function closeSocket(fd: number): void {
  socketCalls().close(fd);
}

/**
 * Closes a packet socket on another thread: the kernel waits until nobody on any processor looks
 * at it any more, which takes tens of milliseconds.
 */
export function closePacketSocket(fd: number): void {
  socketCalls().close.async(fd, () => {});
}

const OPTION = Buffer.alloc(8);

/** Sets an option that is an int. Throws `SystemCallError`. */
export function setOption(fd: number, level: number, name: number, value: number): void {
  OPTION.writeInt32LE(value, 0);
  checked('setsockopt', socketCalls().setsockopt(fd, level, name, OPTION, 4));
}

const OPTION_LENGTH = Buffer.from([4, 0, 0, 0]);

/** The pending error of a socket, which it forgets; 0: none. */
export function takeError(fd: number): number {
  OPTION_LENGTH.writeUInt32LE(4, 0);
  const result = socketCalls().getsockopt(fd, SOL_SOCKET, SO_ERROR, OPTION, OPTION_LENGTH);
  return result < 0 ? lastErrno() : OPTION.readInt32LE(0);
}

/**
 * Writes a socket address into `target` at `at` and returns its length (16 or 28).
 * @param words one unsigned 32-bit word for IPv4, four for IPv6, most significant first
 * @param scope interface index of a link-local IPv6 address
 */
export function writeSocketAddress(
  target: Buffer,
  at: number,
  words: readonly number[],
  port: number,
  scope = 0,
): number {
  target.writeUInt16BE(port, at + 2);
  if (words.length === 1) {
    target.writeUInt16LE(AF_INET, at);
    target.writeUInt32BE(words[0]!, at + 4);
    target.fill(0, at + 8, at + 16);
    return 16;
  }
  target.writeUInt16LE(AF_INET6, at);
  target.writeUInt32LE(0, at + 4);
  for (let index = 0; index < 4; index++) target.writeUInt32BE(words[index]!, at + 8 + 4 * index);
  target.writeUInt32LE(scope, at + 24);
  return 28;
}

/** Who a frame goes to: the interface, and the Ethernet address there. */
export interface LinkTarget {
  readonly interfaceIndex: number;
  readonly mac: Uint8Array;
}

/** Octets of `sockaddr_ll`. */
export const LINK_ADDRESS_LENGTH = 20;

/** Writes the address of a packet socket (packet(7)) into `target` at `at`. */
export function writeLinkAddress(
  target: Buffer,
  at: number,
  protocol: number,
  { interfaceIndex, mac }: LinkTarget,
): void {
  target.writeUInt16LE(AF_PACKET, at);
  target.writeUInt16BE(protocol, at + 2);
  target.writeInt32LE(interfaceIndex, at + 4);
  target[at + 11] = 6;
  target.set(mac, at + 12);
}

/**
 * From now on the packet socket receives packets of that Ethernet type, on every interface.
 * Throws `SystemCallError`.
 */
export function bindPacketSocket(fd: number, protocol: number): void {
  const address = Buffer.alloc(LINK_ADDRESS_LENGTH);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(protocol, 2);
  checked('bind', socketCalls().bind(fd, address, LINK_ADDRESS_LENGTH));
}

/** Address words and port of the socket's own end. Throws `SystemCallError`. */
export function localAddress(fd: number): { words: number[]; port: number } {
  const address = Buffer.alloc(ADDRESS_LENGTH);
  const length = Buffer.from([ADDRESS_LENGTH, 0, 0, 0]);
  checked('getsockname', socketCalls().getsockname(fd, address, length));
  const port = address.readUInt16BE(2);
  if (address.readUInt16LE(0) === AF_INET) return { words: [address.readUInt32BE(4)], port };
  return { words: [8, 12, 16, 20].map((at) => address.readUInt32BE(at)), port };
}

/** Index of the interface with that name or number; 0: there is none. */
export function interfaceIndex(zone: string): number {
  if (/^\d{1,9}$/.test(zone)) return Number(zone);
  return socketCalls().if_nametoindex(zone);
}

const RLIMIT_NOFILE = 7;
/** More than any scan uses at once. */
const MOST_DESCRIPTORS = 65_536;

/** Raises the soft limit of open descriptors as far as it may go, and returns it. */
export function raiseDescriptorLimit(): number {
  const limit = Buffer.alloc(16);
  checked('getrlimit', socketCalls().getrlimit(RLIMIT_NOFILE, limit));
  const soft = limit.readBigUInt64LE(0);
  const hard = limit.readBigUInt64LE(8);
  const wanted = hard < MOST_DESCRIPTORS ? hard : BigInt(MOST_DESCRIPTORS);
  if (wanted > soft) {
    limit.writeBigUInt64LE(wanted, 0);
    if (socketCalls().setrlimit(RLIMIT_NOFILE, limit) === 0) return Number(wanted);
  }
  return Math.min(Number(soft), MOST_DESCRIPTORS);
}

const MOST_POLLED = 160;
const POLL_FDS = Buffer.alloc(8 * MOST_POLLED);
const POLLIN = 1;

/** Waits until one of the descriptors (at most 160) can be read, or `waitMs` have passed. */
export function waitReadable(fds: readonly number[], waitMs: number): void {
  fds.forEach((fd, index) => {
    POLL_FDS.writeInt32LE(fd, 8 * index);
    POLL_FDS.writeInt16LE(POLLIN, 8 * index + 4);
    POLL_FDS.writeInt16LE(0, 8 * index + 6);
  });
  socketCalls().poll(POLL_FDS, fds.length, Math.ceil(waitMs));
}
