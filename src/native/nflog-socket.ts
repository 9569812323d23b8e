/**
 * The kernel's packet log (nfnetlink_log): what rules with `log group N` or `-j NFLOG` log, as
 * netlink messages. One socket may be bound to several groups, and no group to several sockets.
 *
 * Needs CAP_NET_ADMIN in the network namespace. What a socket has no room for is dropped: the next
 * call fails once with ENOBUFS, and sequence numbers skip.
 */
import { bind, checked, lastErrno, type NativeFunction, SystemCallError } from './libc.ts';
import { AF_NETLINK, NLM_F_REQUEST, NLMSG_ERROR, NLMSG_HEADER } from './netlink.ts';
import { hasCapability } from './privileges.ts';
import {
  closeSocket,
  ERRNO,
  openSocket,
  SO_RCVBUF,
  SOCK_RAW,
  SOL_SOCKET,
  setOption,
} from './sockets.ts';

const NETLINK_NETFILTER = 12;
const CAP_NET_ADMIN = 12;
const EBUSY = 16;
const NLM_F_ACK = 4;
/** Subsystem in the high octet, message in the low one. */
const PACKET = 0x400;
const CONFIG = 0x401;
/** `nfgenmsg`: family, version, group in the network's order. */
const GENERIC_HEADER = 4;
const CFG_CMD = 1;
const CFG_MODE = 2;
const CFG_TIMEOUT = 4;
const CFG_QTHRESH = 5;
const CFG_FLAGS = 6;
const CMD_BIND = 1;
const COPY_PACKET = 2;
const FLAG_SEQUENCE = 1;
const MSG_DONTWAIT = 0x40;
const SO_RCVBUFFORCE = 33;
/** Octets of each packet: all headers that are looked at. */
const COPIED = 256;
/** The kernel hands over this many packets at once, or what there is after so long. */
const AT_ONCE = 64;
const WAIT_CENTISECONDS = 10;
const BUFFER_OCTETS = 8 * 1024 * 1024;
const RECEIVE_LENGTH = 1 << 18;

type Calls = Readonly<Record<'send' | 'recv', NativeFunction>>;
let calls: Calls | undefined;

function libc(): Calls {
  calls ??= bind({
    send: 'long send(int fd, const void *buffer, size_t length, int flags)',
    recv: 'long recv(int fd, void *buffer, size_t length, int flags)',
  });
  return calls;
}

/** Handed each packet's message, from its generic header on; the view is valid for the call. */
export type OnPacket = (view: DataView, start: number, end: number) => void;

/** Packets are handed on within its buffer, which the next read overwrites. */
export class NflogSocket {
  readonly descriptor: number;
  /** How often the kernel had no room for messages. */
  overruns = 0;
  private readonly buffer = new Uint8Array(RECEIVE_LENGTH);
  private readonly view = new DataView(this.buffer.buffer);

  /**
   * Binds the groups (0 to 65,535). Throws `NativeUnavailable`, or `SystemCallError`: EPERM without
   * the privilege, EBUSY where another program has the group, EINVAL without nfnetlink_log.
   */
  constructor(groups: readonly number[]) {
    this.descriptor = openSocket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
    try {
      try {
        setOption(this.descriptor, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_OCTETS);
      } catch {
        setOption(this.descriptor, SOL_SOCKET, SO_RCVBUF, BUFFER_OCTETS);
      }
      for (const group of groups) {
        this.configure(group, [attribute(CFG_CMD, [CMD_BIND])]);
        this.configure(group, [
          attribute(CFG_MODE, [...big32(COPIED), COPY_PACKET, 0]),
          attribute(CFG_TIMEOUT, big32(WAIT_CENTISECONDS)),
          attribute(CFG_QTHRESH, big32(AT_ONCE)),
          attribute(CFG_FLAGS, [0, FLAG_SEQUENCE]),
        ]);
      }
    } catch (error) {
      closeSocket(this.descriptor);
      throw error;
    }
  }

  private configure(group: number, attributes: readonly Uint8Array[]): void {
    const octets = attributes.reduce((sum, { length }) => sum + length, 0);
    const request = new Uint8Array(NLMSG_HEADER + GENERIC_HEADER + octets);
    const head = new DataView(request.buffer);
    head.setUint32(0, request.length, true);
    head.setUint16(4, CONFIG, true);
    head.setUint16(6, NLM_F_REQUEST | NLM_F_ACK, true);
    head.setUint16(NLMSG_HEADER + 2, group);
    let at = NLMSG_HEADER + GENERIC_HEADER;
    for (const each of attributes) {
      request.set(each, at);
      at += each.length;
    }
    checked('send', Number(libc().send(this.descriptor, request, request.length, 0)));
    this.acknowledged();
  }

  /** Waits for the kernel's answer; packets of groups bound before are passed over meanwhile. */
  private acknowledged(): void {
    const { view, buffer } = this;
    for (;;) {
      const length = Number(libc().recv(this.descriptor, buffer, buffer.length, 0));
      if (length < 0) {
        const errno = lastErrno();
        if (errno === ERRNO.EINTR || errno === ERRNO.ENOBUFS) continue;
        throw new SystemCallError('recv', errno);
      }
      if (length < NLMSG_HEADER + 4 || view.getUint16(4, true) !== NLMSG_ERROR) continue;
      const errno = -view.getInt32(NLMSG_HEADER, true);
      // Whoever has the privilege is refused only groups of others.
      const isOthers = errno === ERRNO.EPERM && hasCapability(CAP_NET_ADMIN);
      if (errno !== 0) throw new SystemCallError('bind', isOthers ? EBUSY : errno);
      return;
    }
  }

  /** Hands over the packets of one batch; false when there is none at the moment. */
  receive(onPacket: OnPacket): boolean {
    const { view, buffer } = this;
    const length = Number(libc().recv(this.descriptor, buffer, buffer.length, MSG_DONTWAIT));
    if (length < 0) {
      const errno = lastErrno();
      if (errno === ERRNO.ENOBUFS) this.overruns++;
      else if (errno === ERRNO.EAGAIN) return false;
      else if (errno !== ERRNO.EINTR) throw new SystemCallError('recv', errno);
      return true;
    }
    for (let at = 0; at + NLMSG_HEADER <= length; ) {
      const size = view.getUint32(at, true);
      if (size < NLMSG_HEADER || at + size > length) break;
      if (view.getUint16(at + 4, true) === PACKET) onPacket(view, at + NLMSG_HEADER, at + size);
      at += (size + 3) & ~3;
    }
    return true;
  }

  close(): void {
    closeSocket(this.descriptor);
  }
}

/** A netlink attribute, padded to four octets. */
function attribute(type: number, value: readonly number[]): Uint8Array {
  const octets = new Uint8Array((4 + value.length + 3) & ~3);
  const head = new DataView(octets.buffer);
  head.setUint16(0, 4 + value.length, true);
  head.setUint16(2, type, true);
  octets.set(value, 4);
  return octets;
}

function big32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
