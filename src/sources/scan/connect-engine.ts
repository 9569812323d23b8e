/**
 * Asks by whole TCP connections, without privilege: non-blocking connects watched by epoll. A
 * connection that was made is reset at once (SO_LINGER 0), so neither side keeps it in TIME_WAIT.
 *
 * What became of a connection is asked by connecting once more: Linux then tells the error, forgets
 * it and leaves a socket that may be connected anew (`inet_stream_connect`). So a refusal, the
 * commonest answer, costs two calls and no socket.
 *
 * What this machine lacks (descriptors, local ports, buffers) stops sending for a moment and is
 * never taken for an answer.
 */
import {
  CLOSED_REFUSED,
  FILTERED_ADMIN_PROHIBITED,
  FILTERED_HOST_UNREACH,
  FILTERED_NET_UNREACH,
  FILTERED_PROTO_UNREACH,
  FILTERED_SILENT,
  OPEN_SYN_ACK,
  PENDING,
} from '../../model/port-state.ts';
import { Epoll } from '../../native/epoll.ts';
import { lastErrno } from '../../native/libc.ts';
import {
  ADDRESS_LENGTH,
  AF_INET,
  AF_INET6,
  closeSocket,
  ERRNO,
  interfaceIndex,
  localAddress,
  raiseDescriptorLimit,
  SO_LINGER,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  socketCalls,
  takeError,
  trySocket,
  writeSocketAddress,
} from '../../native/sockets.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import type { HostScan } from './host-scan.ts';
import { OwnLinks } from './links.ts';
import { hasNeighbour } from './neighbour-table.ts';
import { routeTo } from './raw-scan.ts';

/** Left for files, the epoll and what else the program has open. */
const SPARE_DESCRIPTORS = 48;
/** A little before the kernel sends its SYN again (TCP_TIMEOUT_INIT, one second). */
const KERNEL_RETRY_US = 950_000;
/** On, and no lingering: close sends a reset. */
const LINGER = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
/** Connections begun before it is looked whether some are refused already. */
const GLANCE = 64;
/** So many of them are looked at first; where none has an end, the rest is watched. */
const SAMPLE = 8;
/** The kernel is asked for a neighbour so often at most. */
const LOOK_US = 50_000;
/** Results of `begin` beside outcomes. */
const UNDER_WAY = PENDING;
const NO_ROOM = -1;

/** What the engine keeps of a host. */
interface Route {
  /** Socket address; the port is written for each question. */
  readonly address: Buffer;
  readonly length: number;
  /** Whether this machine knew a way to the host when it was admitted. */
  readonly reachable: boolean;
  /** It accepted or refused: it is there, or was. */
  spoke: boolean;
  /** Descriptor of each cell's try in flight; 0: none. */
  readonly fds: Int32Array;
}

/** Takes as many descriptors as the system's limit leaves, and gives them back at `close`. */
export class ConnectEngine implements ProbeEngine {
  readonly name = 'connect';
  readonly silent = FILTERED_SILENT;
  private readonly ports: Uint16Array;
  private readonly clock: Clock;
  private readonly epoll = new Epoll();
  private readonly most: number;
  private open = 0;
  /** Descriptors of connections just begun, which nobody watches yet. */
  private readonly fresh: number[] = [];
  /** Descriptors that may be connected anew, by family. */
  private readonly idle: Readonly<Record<4 | 6, number[]>> = { 4: [], 6: [] };
  /** By descriptor. */
  private readonly hosts: (HostScan | undefined)[] = [];
  private readonly cells: number[] = [];
  private readonly attempts: number[] = [];
  private readonly watched: boolean[] = [];
  /** Whether hosts are away, as the kernel's table of neighbours said; until when that holds. */
  private readonly away = new Map<HostScan, boolean>();
  private lookAgainUs = 0;
  private links: OwnLinks | undefined;

  /** @param ports the port of each cell. Throws `NativeUnavailable` where FFI cannot be used. */
  constructor(ports: Uint16Array, clock: Clock) {
    this.ports = ports;
    this.clock = clock;
    const limit = raiseDescriptorLimit();
    this.most = Math.max(8, limit - Math.min(SPARE_DESCRIPTORS, limit >> 1));
  }

  room(): number {
    return this.most - this.open + this.idle[4].length + this.idle[6].length;
  }

  admit(host: HostScan): void {
    const { zone, words } = host.address;
    const scope = zone === undefined ? 0 : interfaceIndex(zone);
    host.trustedUs = KERNEL_RETRY_US;
    const address = Buffer.alloc(ADDRESS_LENGTH);
    const length = writeSocketAddress(address, 0, words, 0, scope);
    const fds = new Int32Array(host.outcomes.length);
    const reachable = routeTo(host.address).source !== undefined;
    host.route = { address, length, reachable, spoke: false, fds } satisfies Route;
  }

  send(batch: ProbeBatch, sink: AnswerSink): number {
    for (let index = 0; index < batch.length; index++) {
      const host = batch.hosts[index]!;
      const cell = batch.cells[index]!;
      const attempt = batch.attempts[index]!;
      const outcome = this.begin(host, cell, attempt);
      if (outcome === NO_ROOM) return index;
      if (outcome !== UNDER_WAY) sink.answer(host, cell, attempt, outcome, this.clock(), 0);
      if (this.fresh.length >= GLANCE) this.glance(sink);
    }
    return batch.length;
  }

  private begin(host: HostScan, cell: number, attempt: number): number {
    const { address, length, fds, reachable } = host.route as Route;
    const { family } = host.address;
    const fd = this.idle[family].pop() ?? this.openOne(family);
    if (fd < 0) return meaningOf(lastErrno());
    const port = this.ports[cell]!;
    address[2] = port >>> 8;
    address[3] = port & 255;
    const result = socketCalls().connect(fd, address, length);
    const errno = result === 0 ? 0 : lastErrno();
    if (errno !== ERRNO.EINPROGRESS) {
      const outcome = this.outcomeOf(fd, errno, host, cell);
      this.closeOne(fd);
      // There was a way when it was first asked: its loss says nothing of the port.
      return reachable && outcome === FILTERED_NET_UNREACH ? UNDER_WAY : outcome;
    }
    this.fresh.push(fd);
    this.hosts[fd] = host;
    this.cells[fd] = cell;
    this.attempts[fd] = attempt;
    fds[cell] = fd;
    return UNDER_WAY;
  }

  /** A new socket; negative: this machine gives none, `lastErrno()` says why. */
  private openOne(family: 4 | 6): number {
    const { idle } = this;
    if (this.open >= this.most) {
      const other = idle[family === 4 ? 6 : 4].pop();
      if (other !== undefined) this.closeOne(other);
    }
    const fd = trySocket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
      this.open++;
      this.watched[fd] = false;
    }
    return fd;
  }

  private closeOne(fd: number): void {
    closeSocket(fd);
    this.open--;
  }

  receive(waitMs: number, sink: AnswerSink): void {
    const seen = this.glance(sink);
    const count = this.epoll.wait(seen ? 0 : waitMs);
    const now = this.clock();
    for (let index = 0; index < count; index++) {
      const fd = this.epoll.ready(index);
      if (this.hosts[fd] !== undefined && !this.settle(fd, now, sink)) this.watch(fd);
    }
  }

  /**
   * On a quick network refusals are there by now: asking once is cheaper than watching. What has
   * no end yet is watched from then on.
   */
  private glance(sink: AnswerSink): boolean {
    const { fresh } = this;
    const now = this.clock();
    let seen = 0;
    for (let index = 0; index < fresh.length; index++) {
      const fd = fresh[index]!;
      if ((index < SAMPLE || seen > 0) && this.settle(fd, now, sink)) seen++;
      else this.watch(fd);
    }
    fresh.length = 0;
    return seen > 0;
  }

  private watch(fd: number): void {
    this.epoll.watch(fd, this.watched[fd]);
    this.watched[fd] = true;
  }

  /** Asks what became of a connection and reports it. False: it is still under way. */
  private settle(fd: number, now: number, sink: AnswerSink): boolean {
    const host = this.hosts[fd]!;
    const cell = this.cells[fd]!;
    const attempt = this.attempts[fd]!;
    const { address, length, fds } = host.route as Route;
    const result = socketCalls().connect(fd, address, length);
    let errno = result === 0 ? 0 : lastErrno();
    if (errno === ERRNO.EALREADY) {
      // Under way, but an ICMP error may have come that the kernel does not give up for.
      errno = takeError(fd);
      if (errno === 0) return false;
    }
    const outcome = this.unlessAway(host, this.outcomeOf(fd, errno, host, cell), now);
    this.hosts[fd] = undefined;
    fds[cell] = 0;
    if (errno === ERRNO.ECONNREFUSED) this.idle[host.address.family].push(fd);
    else this.closeOne(fd);
    // Neither an answer nor a lack of room: the try goes on to its end and is made again.
    if (outcome > 0) sink.answer(host, cell, attempt, outcome, now, 0);
    return true;
  }

  /**
   * A neighbour that spoke and is not found any more is away, as a link may be for some seconds:
   * that the kernel calls it unreachable then says nothing of the port.
   */
  private unlessAway(host: HostScan, outcome: number, now: number): number {
    const route = host.route as Route;
    if (outcome === OPEN_SYN_ACK || outcome === CLOSED_REFUSED) route.spoke = true;
    if (outcome !== FILTERED_HOST_UNREACH || !route.spoke) return outcome;
    if (now >= this.lookAgainUs) {
      this.lookAgainUs = now + LOOK_US;
      this.away.clear();
    }
    let away = this.away.get(host);
    if (away === undefined) {
      this.links ??= new OwnLinks();
      const near = this.links.neighbourhood(host.address);
      away = near !== undefined && !hasNeighbour(host.address.words);
      this.away.set(host, away);
    }
    return away ? UNDER_WAY : outcome;
  }

  private outcomeOf(fd: number, errno: number, host: HostScan, cell: number): number {
    if (errno !== 0) return meaningOf(errno);
    socketCalls().setsockopt(fd, SOL_SOCKET, SO_LINGER, LINGER, 8);
    return this.isOwnEcho(fd, host, cell) ? UNDER_WAY : OPEN_SYN_ACK;
  }

  /**
   * A connection from a port of this machine to that very port connects to itself (simultaneous
   * open, RFC 9293 section 3.5): nobody listens there.
   */
  private isOwnEcho(fd: number, host: HostScan, cell: number): boolean {
    const local = localAddress(fd);
    return (
      local.port === this.ports[cell] &&
      local.words.every((word, index) => word === host.address.words[index])
    );
  }

  giveUp(host: HostScan, cell: number): void {
    const { fds } = host.route as Route;
    const fd = fds[cell]!;
    if (fd === 0) return;
    this.closeOne(fd);
    this.hosts[fd] = undefined;
    fds[cell] = 0;
  }

  dismiss(host: HostScan): void {
    const { fds } = host.route as Route;
    // A pulse may be under way still.
    for (let cell = 0; cell < fds.length; cell++) if (fds[cell] !== 0) this.giveUp(host, cell);
    host.route = undefined;
  }

  close(): void {
    this.hosts.forEach((host, fd) => {
      if (host !== undefined) closeSocket(fd);
    });
    for (const fd of [...this.idle[4], ...this.idle[6]]) closeSocket(fd);
    this.links?.close();
    this.epoll.close();
  }
}

/** Outcome that an error of connect means, `NO_ROOM`, or `UNDER_WAY` for what says nothing. */
export function meaningOf(errno: number): number {
  switch (errno) {
    case ERRNO.ECONNREFUSED:
      return CLOSED_REFUSED;
    // It was open and closed again at once.
    case ERRNO.ECONNRESET:
      return OPEN_SYN_ACK;
    case ERRNO.EHOSTUNREACH:
    case ERRNO.EHOSTDOWN:
      return FILTERED_HOST_UNREACH;
    case ERRNO.ENETUNREACH:
    case ERRNO.EAFNOSUPPORT:
    case ERRNO.EINVAL:
      return FILTERED_NET_UNREACH;
    case ERRNO.ENOPROTOOPT:
      return FILTERED_PROTO_UNREACH;
    // The second is this machine's own firewall.
    case ERRNO.EACCES:
    case ERRNO.EPERM:
      return FILTERED_ADMIN_PROHIBITED;
    case ERRNO.EMFILE:
    case ERRNO.ENFILE:
    case ERRNO.ENOMEM:
    case ERRNO.ENOBUFS:
    case ERRNO.EADDRNOTAVAIL:
    case ERRNO.EAGAIN:
      return NO_ROOM;
    default:
      return UNDER_WAY;
  }
}
