/**
 * Asks UDP ports, without privilege: datagrams from unconnected sockets whose error queue tells
 * type and code of ICMP errors and which datagram they are about. A port with a payload of its
 * own has a socket of its own, so that an answer from another port (TFTP, RFC 1350 section 4) can
 * be told to be one to it.
 */
import {
  FILTERED_HOST_UNREACH,
  FILTERED_NET_UNREACH,
  icmp6Outcome,
  icmpOutcome,
  OPEN_OR_FILTERED,
  OPEN_UDP,
  PENDING,
} from '../../model/port-state.ts';
import {
  DatagramReader,
  ERROR_QUEUE_OPTION,
  ORIGIN_ICMP,
  ORIGIN_ICMP6,
} from '../../native/datagrams.ts';
import { lastErrno } from '../../native/libc.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import {
  AF_INET,
  AF_INET6,
  closeSocket,
  ERRNO,
  openSocket,
  raiseDescriptorLimit,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  setOption,
  takeError,
  waitReadable,
  writeSocketAddress,
} from '../../native/sockets.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { fragileService } from './fragile-ports.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import { routeTo } from './raw-scan.ts';
import { udpPayload } from './udp-payloads.ts';

/** Sockets of ports with their own payload, in each family; further ones share. */
const OWN_SOCKETS = 60;
/** Descriptors left for files, other engines, and what else the program has open. */
const SPARE_DESCRIPTORS = 64;
const LARGEST = 1536;
const NO_CELL = -1;
/**
 * Read of a socket in one go: more than its buffer holds, so all that waits is heard, but a flood
 * does not keep questions from going out.
 */
const MOST_READ = 16_384;

interface Channel {
  readonly fd: number;
  readonly family: 4 | 6;
  /** The only cell this socket asks; `NO_CELL`: all the others. */
  readonly cell: number;
}

interface Route {
  readonly scope: number;
  readonly reachable: boolean;
}

/** A datagram that an open port answered with, for those who identify services. */
export type DatagramListener = (host: HostScan, cell: number, bytes: Uint8Array) => void;

export interface UdpOptions {
  /** Payloads also for ports whose devices data may harm. */
  readonly fragile?: boolean;
  readonly onDatagram?: DatagramListener;
}

/** Owns its sockets, as many as the system's limit leaves, until `close`. */
export class UdpEngine implements ProbeEngine {
  readonly name = 'udp';
  readonly silent = OPEN_OR_FILTERED;
  byHost = false;
  private readonly ports: Uint16Array;
  private readonly clock: Clock;
  private readonly options: UdpOptions;
  private readonly cellOf = new Int32Array(65_536).fill(-1);
  private readonly payloads: (Uint8Array | undefined)[];
  private readonly index = new HostIndex();
  private readonly reader = new DatagramReader();
  private readonly message = new MessageBatch(1, LARGEST);
  private readonly channels: Channel[] = [];
  private readonly mostOwn: number;
  /** By family and cell; the shared ones at 4 and 6. */
  private readonly own = new Map<number, Channel>();

  /** Throws `NativeUnavailable`, `SystemCallError`. */
  constructor(ports: Uint16Array, clock: Clock, options: UdpOptions = {}) {
    this.ports = ports;
    this.clock = clock;
    this.options = options;
    this.payloads = Array.from(ports, (port) =>
      options.fragile !== true && fragileService('udp', port) !== undefined
        ? undefined
        : udpPayload(port)?.bytes,
    );
    ports.forEach((port, cell) => {
      this.cellOf[port] = cell;
    });
    // Both families, and as much again for those who ask what answers.
    const each = (raiseDescriptorLimit() - SPARE_DESCRIPTORS) >> 2;
    this.mostOwn = Math.min(OWN_SOCKETS, Math.max(0, each));
  }

  private openFamily(family: 4 | 6): void {
    this.open(family, NO_CELL);
    let own = 0;
    this.payloads.forEach((payload, cell) => {
      if (payload !== undefined && own++ < this.mostOwn) this.open(family, cell);
    });
  }

  private open(family: 4 | 6, cell: number): void {
    const fd = openSocket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    const channel: Channel = { fd, family, cell };
    this.channels.push(channel);
    this.own.set(keyOf(family, cell), channel);
    setOption(fd, ...ERROR_QUEUE_OPTION[family], 1);
    if (cell === NO_CELL) setOption(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
  }

  admit(host: HostScan): void {
    const { family } = host.address;
    const { source, scope } = routeTo(host.address);
    const reachable = source !== undefined;
    if (reachable && !this.own.has(keyOf(family, NO_CELL))) this.openFamily(family);
    host.route = { scope, reachable } satisfies Route;
    this.index.add(host);
  }

  dismiss(host: HostScan): void {
    this.index.delete(host);
    host.route = undefined;
  }

  send(batch: ProbeBatch, sink: AnswerSink): number {
    for (let index = 0; index < batch.length; index++) {
      const host = batch.hosts[index]!;
      const cell = batch.cells[index]!;
      const { scope, reachable } = host.route as Route;
      if (!reachable) {
        this.byHost = false;
        sink.answer(host, cell, batch.attempts[index]!, FILTERED_NET_UNREACH, this.clock(), 0);
        continue;
      }
      if (!this.sendOne(host, cell, scope)) return index;
    }
    return batch.length;
  }

  /** False: this machine has no room now. */
  private sendOne(host: HostScan, cell: number, scope: number): boolean {
    const { family, words } = host.address;
    const { message } = this;
    const channel = this.own.get(keyOf(family, cell)) ?? this.own.get(keyOf(family, NO_CELL))!;
    const payload = this.payloads[cell];
    const length = payload?.length ?? 0;
    if (payload !== undefined) message.packets.set(payload, 0);
    const address = writeSocketAddress(message.addresses, 0, words, this.ports[cell]!, scope);
    message.setLengths(0, length, address);
    // An error of an earlier datagram may come back instead: it is in the queue, so try again.
    for (let again = 0; again < 4; again++) {
      const result = message.send(channel.fd, 0, 1);
      if (result > 0) return true;
      const errno = -result;
      if (errno === ERRNO.EAGAIN || errno === ERRNO.ENOBUFS || errno === ERRNO.ENOMEM) return false;
      if (errno === ERRNO.EPERM || errno === ERRNO.EINVAL) return true;
      takeError(channel.fd);
    }
    return true;
  }

  receive(waitMs: number, sink: AnswerSink): void {
    if (this.drain(sink) || waitMs < 0.5) return;
    const fds = this.channels.map(({ fd }) => fd);
    waitReadable(fds, waitMs);
    this.drain(sink);
  }

  private drain(sink: AnswerSink): boolean {
    let seen = false;
    for (const channel of this.channels) {
      for (let read = 0; read < MOST_READ && this.readError(channel, sink); read++) seen = true;
      for (let read = 0; read < MOST_READ; read++) {
        const length = this.reader.receive(channel.fd);
        if (length < 0) {
          // An error that waits hides the datagrams behind it for one call.
          if (isQueuedError(lastErrno())) continue;
          break;
        }
        seen = true;
        this.readAnswer(channel, length, sink);
      }
    }
    return seen;
  }

  private find(channel: Channel): HostScan | undefined {
    const { words, scope } = this.reader;
    return channel.family === 4
      ? this.index.find4(words[0]!)
      : this.index.find6(words[0]!, words[1]!, words[2]!, words[3]!, scope);
  }

  private readAnswer(channel: Channel, length: number, sink: AnswerSink): void {
    const host = this.find(channel);
    if (host === undefined) return;
    const cell = channel.cell === NO_CELL ? this.cellOf[this.reader.port]! : channel.cell;
    if (cell < 0 || host.tries[cell] === 0) return;
    this.byHost = true;
    this.options.onDatagram?.(host, cell, new Uint8Array(this.reader.packet.subarray(0, length)));
    sink.answer(host, cell, -1, OPEN_UDP, this.clock(), 0);
  }

  private readError(channel: Channel, sink: AnswerSink): boolean {
    const { reader } = this;
    if (!reader.receiveError(channel.fd)) return false;
    const host = this.find(channel);
    const cell = this.cellOf[reader.port]!;
    if (host === undefined || cell < 0) return true;
    this.byHost = host.address.words.every((word, index) => word === reader.offender[index]);
    const outcome = this.errorOutcome(host);
    if (outcome !== PENDING) sink.answer(host, cell, -1, outcome, this.clock(), 0);
    return true;
  }

  private errorOutcome({ tally }: HostScan): number {
    const { origin, type, code, errno } = this.reader;
    // "Nobody listens" is for the host alone to say: from others it is a filter's word.
    const asked = this.byHost ? 'udp' : 'tcp';
    if (origin === ORIGIN_ICMP) return icmpOutcome(type, code, asked);
    if (origin === ORIGIN_ICMP6) return icmp6Outcome(type, code, asked);
    // Noticed here: nobody on the link has the address. One that answered is gone for a while.
    const gone = errno === ERRNO.EHOSTUNREACH && tally.answered === 0;
    return gone ? FILTERED_HOST_UNREACH : PENDING;
  }

  close(): void {
    for (const { fd } of this.channels) closeSocket(fd);
    this.reader.close();
    this.message.close();
  }
}

/** Cells whose ports have payloads: they are asked first. */
export function likelyUdpCells(ports: Uint16Array): Set<number> {
  const likely = new Set<number>();
  ports.forEach((port, cell) => {
    if (udpPayload(port) !== undefined) likely.add(cell);
  });
  return likely;
}

function keyOf(family: 4 | 6, cell: number): number {
  return (cell + 1) * 8 + family;
}

function isQueuedError(errno: number): boolean {
  return (
    errno === ERRNO.ECONNREFUSED || errno === ERRNO.EHOSTUNREACH || errno === ERRNO.ENETUNREACH
  );
}
