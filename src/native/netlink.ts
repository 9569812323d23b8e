/**
 * Netlink sockets (netlink(7), RFC 3549): one request, and the kernel's answer in messages: a dump
 * of all there is, or what it says of one thing.
 *
 * A socket belongs to the network namespace in which its thread was when it opened it. `inNetwork`
 * goes into another namespace for the time of one call (setns(2), needs CAP_SYS_ADMIN) and comes
 * back whatever happens; nothing else may run in between, so all of it is synchronous.
 */
import { closeSync, openSync } from 'node:fs';
import { bind, checked, lastErrno, type NativeFunction, SystemCallError } from './libc.ts';

export const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const CLONE_NEWNET = 0x40000000;
const EINTR = 4;
const EAGAIN = 11;
const ENOBUFS = 105;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;

/** rtnetlink(7). */
export const NETLINK_ROUTE = 0;
export const NLMSG_HEADER = 16;
export const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
export const NLM_F_REQUEST = 0x01;
const NLM_F_DUMP = 0x300;
/** The kernel fills at most 32 KiB a message batch unless more room is offered. */
const RECEIVE_LENGTH = 1 << 18;

type Calls = Readonly<
  Record<
    'socket' | 'send' | 'recv' | 'close' | 'setsockopt' | 'setns' | 'if_indextoname',
    NativeFunction
  >
>;
let calls: Calls | undefined;

function libc(): Calls {
  calls ??= bind({
    socket: 'int socket(int domain, int type, int protocol)',
    send: 'long send(int fd, const void *buffer, size_t length, int flags)',
    recv: 'long recv(int fd, void *buffer, size_t length, int flags)',
    close: 'int close(int fd)',
    setsockopt: 'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    setns: 'int setns(int fd, int type)',
    if_indextoname: 'void *if_indextoname(uint32_t index, void *name)',
  });
  return calls;
}

/**
 * Handed each message: its type, and its payload as words of 32 bits in this machine's order, from
 * `start` to before `end`. The words are valid for the call.
 */
export type OnMessage = (type: number, words: Uint32Array, start: number, end: number) => void;

/**
 * Hears of each attribute of a message (netlink(7), `struct nlattr`) between `start` and `end`: its
 * type, the word its payload begins at, and the payload's octets.
 */
export function eachAttribute(
  words: Uint32Array,
  start: number,
  end: number,
  visit: (type: number, at: number, octets: number) => void,
): void {
  for (let at = start; at < end; ) {
    const size = words[at]! & 0xffff;
    const next = at + ((size + 3) >> 2);
    if (size < 4 || next > end) return;
    visit((words[at]! >>> 16) & 0x3fff, at + 1, size - 4);
    at = next;
  }
}

/** Octets of a message from a word on, copied. */
export function octetsAt(words: Uint32Array, at: number, octets: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + 4 * at, octets).slice();
}

/** A netlink conversation in the namespace in which it was opened. Close it when done. */
export class NetlinkSocket {
  private readonly file: number;
  private readonly buffer = new Uint8Array(RECEIVE_LENGTH);
  /** Messages begin at multiples of four. A view of octets takes longer for each number. */
  private readonly words = new Uint32Array(this.buffer.buffer);
  private sequence = 1;

  /** @param protocol `NETLINK_SOCK_DIAG` is 4. Throws `SystemCallError`, `NativeUnavailable`. */
  constructor(protocol: number) {
    this.file = checked('socket', libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
    // Two seconds: the kernel answers at once or never.
    const timeout = new BigInt64Array([2n, 0n]);
    libc().setsockopt(this.file, SOL_SOCKET, SO_RCVTIMEO, timeout, 16);
  }

  /**
   * Sends one request for a dump and hands over the answer's messages, in order, to its end.
   * Throws `SystemCallError` with the kernel's error, such as `ENOENT` for a family it has not.
   */
  dump(type: number, payload: Uint8Array, onMessage: OnMessage): void {
    const sequence = this.send(type, NLM_F_REQUEST | NLM_F_DUMP, payload);
    while (!this.readBatch(sequence, onMessage)) {
      // Each batch is one datagram.
    }
  }

  /** Asks of one thing, which is answered by one message. Throws as `dump` does. */
  ask(type: number, payload: Uint8Array, onMessage: OnMessage): void {
    const sequence = this.send(type, NLM_F_REQUEST, payload);
    let answered = false;
    const take: OnMessage = (...message) => {
      answered = true;
      onMessage(...message);
    };
    // What came too late for an earlier question is passed over.
    while (!this.readBatch(sequence, take) && !answered);
  }

  /** Returns the number by which its answer is known. */
  private send(type: number, flags: number, payload: Uint8Array): number {
    const sequence = this.sequence++;
    const request = new Uint8Array(NLMSG_HEADER + payload.length);
    const head = new DataView(request.buffer);
    head.setUint32(0, request.length, true);
    head.setUint16(4, type, true);
    head.setUint16(6, flags, true);
    head.setUint32(8, sequence, true);
    request.set(payload, NLMSG_HEADER);
    checked('send', Number(libc().send(this.file, request, request.length, 0)));
    return sequence;
  }

  /** True at the end of the answer. */
  private readBatch(sequence: number, onMessage: OnMessage): boolean {
    const { words } = this;
    const length = this.receive();
    for (let at = 0; at + NLMSG_HEADER <= length; ) {
      const word = at >> 2;
      const size = words[word]!;
      if (size < NLMSG_HEADER || at + size > length) return true;
      const type = words[word + 1]! & 0xffff;
      if (words[word + 2] === sequence) {
        if (type === NLMSG_DONE || type === NLMSG_ERROR) {
          // Where the part of the kernel is missing that could tell, the end says so, not an error.
          const errno = size < NLMSG_HEADER + 4 ? 0 : -(words[word + 4]! | 0);
          if (errno > 0) throw new SystemCallError('netlink', errno);
          return true;
        }
        onMessage(type, words, word + (NLMSG_HEADER >> 2), (at + size + 3) >> 2);
      }
      at += (size + 3) & ~3;
    }
    return false;
  }

  private receive(): number {
    for (;;) {
      const length = Number(libc().recv(this.file, this.buffer, this.buffer.length, 0));
      if (length > 0) return length;
      const errno = length === 0 ? EAGAIN : lastErrno();
      if (errno !== EINTR && errno !== ENOBUFS) throw new SystemCallError('recv', errno);
    }
  }

  close(): void {
    libc().close(this.file);
  }
}

/**
 * Runs `look` in the network namespace of that path (`/proc/42/ns/net`, `/run/netns/blue`).
 * `look` must be synchronous. Throws `SystemCallError` where it is not permitted.
 */
export function inNetwork<Result>(path: string, look: () => Result): Result {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const away = openSync(path, 'r');
    try {
      checked('setns', libc().setns(away, CLONE_NEWNET));
    } finally {
      closeSync(away);
    }
    try {
      return look();
    } finally {
      // Nothing forbids it to who could leave; if it failed all the same, nothing that follows holds.
      checked('setns', libc().setns(home, CLONE_NEWNET));
    }
  } finally {
    closeSync(home);
  }
}

/** Name of a network interface of the namespace we are in, or its number as text. */
export function interfaceName(index: number): string {
  const name = new Uint8Array(16);
  if (libc().if_indextoname(index, name) === null) return String(index);
  const end = name.indexOf(0);
  return new TextDecoder().decode(name.subarray(0, end < 0 ? 16 : end));
}
