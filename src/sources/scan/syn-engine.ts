/**
 * Asks with bare SYN segments and reads the answers beside the kernel's own TCP: half-open
 * scanning. Needs CAP_NET_RAW. Segments leave through raw IP sockets in batches, so the kernel
 * chooses route, source address and neighbour on any kind of interface; answers come from a
 * filtered packet ring.
 *
 * The sequence number is a keyed hash of what was asked (RFC 6528 shows the idea for another
 * purpose): only a host that got the question can acknowledge it. The source port tells the try.
 * The kernel knows nothing of these connections and resets those that open, which is wanted: it
 * ends the half-open state on the other side.
 */
import { randomBytes } from 'node:crypto';
import {
  CLOSED_RESET,
  FILTERED_NET_UNREACH,
  FILTERED_SILENT,
  icmp6Outcome,
  icmpOutcome,
  OPEN_SYN_ACK,
  PENDING,
} from '../../model/port-state.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import { ScanRing } from '../../native/scan-ring.ts';
import { attachFilter } from '../../native/socket-filter.ts';
import {
  AF_INET,
  AF_INET6,
  closeSocket,
  ERRNO,
  openSocket,
  SO_SNDBUFFORCE,
  SOCK_RAW,
  SOL_SOCKET,
  setOption,
  waitReadable,
  writeSocketAddress,
} from '../../native/sockets.ts';
import { answerFilter4, answerFilter6 } from './answer-filter.ts';
import {
  type AnswerSink,
  BATCH_SIZE,
  type Clock,
  type ProbeBatch,
  type ProbeEngine,
} from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import { ArrivalClock, freePorts, routeTo, TRY_PORTS } from './raw-scan.ts';

const IPPROTO_TCP = 6;
const IPPROTO_RAW = 255;
const IPPROTO_IPV6 = 41;
const IPV6_CHECKSUM = 7;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;

const IP_HEADER = 20;
/** With a maximum segment size option: stacks and filters expect one. */
const TCP_HEADER = 24;
const TCP_CHECKSUM = 16;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const WINDOW = 1024;
const MSS = 1460;
const TTL = 64;

interface Route {
  readonly scope: number;
  /** Our own address towards the host; undefined: there is no way. */
  readonly source: readonly number[] | undefined;
  /** Sum of the pseudo header and of the words of the segment that never change. */
  readonly sum: number;
  /** Word of the sequence numbers for this host. */
  readonly key: number;
}

export class SynEngine implements ProbeEngine {
  readonly name = 'syn';
  readonly silent = FILTERED_SILENT;
  /** Answers that the ring had no room for. */
  drops = 0;
  private readonly ports: Uint16Array;
  private readonly cellOf = new Int32Array(65_536).fill(-1);
  private readonly clock: Clock;
  private readonly basePort: number;
  private readonly secret = randomBytes(8);
  private readonly index = new HostIndex();
  private readonly arrival: ArrivalClock;
  private readonly batch4: MessageBatch;
  private readonly batch6: MessageBatch;
  private readonly socket4: number;
  private socket6 = -1;
  private readonly ring4: ScanRing;
  private ring6: ScanRing | undefined;

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor(ports: Uint16Array, clock: Clock) {
    this.ports = ports;
    this.clock = clock;
    ports.forEach((port, cell) => {
      this.cellOf[port] = cell;
    });
    this.basePort = freePorts();
    this.arrival = new ArrivalClock(clock);
    this.ring4 = new ScanRing(ETHERTYPE_IPV4, answerFilter4(IPPROTO_TCP, this.basePort, TRY_PORTS));
    this.socket4 = openSocket(AF_INET, SOCK_RAW, IPPROTO_RAW);
    widen(this.socket4);
    this.batch4 = new MessageBatch(BATCH_SIZE, 64);
    this.batch6 = new MessageBatch(BATCH_SIZE, 64);
    for (let slot = 0; slot < BATCH_SIZE; slot++) {
      this.writeFixed(this.batch4.packets, 64 * slot, true);
      this.writeFixed(this.batch6.packets, 64 * slot, false);
      this.batch4.setLengths(slot, IP_HEADER + TCP_HEADER, 16);
      this.batch6.setLengths(slot, TCP_HEADER, 28);
    }
  }

  /** What is the same in all segments. The kernel fills in identification and IP checksum. */
  private writeFixed(packets: Buffer, at: number, ipv4: boolean): void {
    let tcp = at;
    if (ipv4) {
      packets[at] = 0x45;
      packets.writeUInt16BE(IP_HEADER + TCP_HEADER, at + 2);
      packets[at + 8] = TTL;
      packets[at + 9] = IPPROTO_TCP;
      tcp += IP_HEADER;
    }
    packets[tcp + 12] = (TCP_HEADER / 4) << 4;
    packets[tcp + 13] = SYN;
    packets.writeUInt16BE(WINDOW, tcp + 14);
    packets.writeUInt32BE((2 << 24) | (4 << 16) | MSS, tcp + 20);
  }

  private openIPv6(): void {
    const filter = answerFilter6(IPPROTO_TCP, this.basePort, TRY_PORTS);
    this.ring6 = new ScanRing(ETHERTYPE_IPV6, filter);
    this.socket6 = openSocket(AF_INET6, SOCK_RAW, IPPROTO_TCP);
    // This socket would get a copy of every segment that arrives here: keep none.
    attachFilter(this.socket6, [[0x06, 0, 0, 0]]);
    setOption(this.socket6, IPPROTO_IPV6, IPV6_CHECKSUM, TCP_CHECKSUM);
    widen(this.socket6);
  }

  admit(host: HostScan): void {
    const { family, words } = host.address;
    if (family === 6 && this.socket6 < 0) this.openIPv6();
    const { source, scope } = routeTo(host.address);
    let sum = 0;
    if (family === 4 && source !== undefined) {
      for (const word of [source[0]!, words[0]!]) sum += (word >>> 16) + (word & 0xffff);
      sum += IPPROTO_TCP + TCP_HEADER;
      sum += ((TCP_HEADER / 4) << 12) | SYN;
      sum += WINDOW + ((2 << 8) | 4) + MSS;
    }
    let key = this.secret.readInt32LE(0);
    for (const word of words) key = Math.imul(key ^ word, 0x9e3779b1) ^ (key >>> 15);
    host.route = { scope, source, sum, key } satisfies Route;
    this.index.add(host);
  }

  dismiss(host: HostScan): void {
    this.index.delete(host);
    host.route = undefined;
  }

  send(batch: ProbeBatch, sink: AnswerSink): number {
    // Probes of one family in a row go out together, in order, so that what fails is the rest.
    let done = 0;
    while (done < batch.length) {
      const host = batch.hosts[done]!;
      const { family } = host.address;
      if ((host.route as Route).source === undefined) {
        sink.answer(
          host,
          batch.cells[done]!,
          batch.attempts[done]!,
          FILTERED_NET_UNREACH,
          this.clock(),
          0,
        );
        done++;
        continue;
      }
      let count = 0;
      while (done + count < batch.length && this.write(batch, done + count, count, family)) count++;
      const sent = this.transmit(family, count);
      done += sent;
      if (sent < count) return done;
    }
    return done;
  }

  private write(batch: ProbeBatch, from: number, slot: number, family: 4 | 6): boolean {
    const host = batch.hosts[from]!;
    const route = host.route as Route;
    if (host.address.family !== family || route.source === undefined) return false;
    const port = this.ports[batch.cells[from]!]!;
    const source = this.basePort + (batch.attempts[from]! & (TRY_PORTS - 1));
    const sequence = this.sequenceOf(route.key, port, source);
    const messages = family === 4 ? this.batch4 : this.batch6;
    const { packets } = messages;
    let at = 64 * slot;
    if (family === 4) {
      writeWord(packets, at + 12, route.source[0]!);
      writeWord(packets, at + 16, host.address.words[0]!);
      at += IP_HEADER;
      packets[at + TCP_CHECKSUM] = 0;
      let sum = route.sum + source + port + (sequence >>> 16) + (sequence & 0xffff);
      sum = (sum & 0xffff) + (sum >>> 16);
      sum = ~((sum & 0xffff) + (sum >>> 16));
      packets[at + TCP_CHECKSUM] = (sum >>> 8) & 255;
      packets[at + TCP_CHECKSUM + 1] = sum & 255;
    }
    packets[at] = source >>> 8;
    packets[at + 1] = source & 255;
    packets[at + 2] = port >>> 8;
    packets[at + 3] = port & 255;
    writeWord(packets, at + 4, sequence);
    const { addresses, addressSize } = messages;
    writeSocketAddress(addresses, addressSize * slot, host.address.words, 0, route.scope);
    return true;
  }

  private sequenceOf(key: number, port: number, source: number): number {
    let h = Math.imul(key ^ ((port << 16) | source), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ this.secret.readInt32LE(4);
    return (h ^ (h >>> 16)) >>> 0;
  }

  private transmit(family: 4 | 6, count: number): number {
    const [messages, fd] = family === 4 ? [this.batch4, this.socket4] : [this.batch6, this.socket6];
    let sent = 0;
    while (sent < count) {
      const result = messages.send(fd, sent, count - sent);
      if (result > 0) sent += result;
      else if (isLocalLack(-result)) return sent;
      // The first of the rest cannot go (no neighbour, a filter of this machine): to the port it
      // is silence, and it is asked again like any other silent one.
      else sent++;
    }
    return sent;
  }

  receive(waitMs: number, sink: AnswerSink): void {
    let seen = this.drain(sink);
    if (seen || waitMs < 0.5) return;
    waitReadable(
      this.ring6 === undefined ? [this.ring4.fd] : [this.ring4.fd, this.ring6.fd],
      waitMs,
    );
    seen = this.drain(sink);
  }

  private drain(sink: AnswerSink): boolean {
    this.arrival.calibrate();
    let seen = false;
    const { ring4, ring6 } = this;
    for (let at = ring4.next(); at >= 0; at = ring4.next()) {
      seen = true;
      this.read4(ring4, at, sink);
    }
    if (ring6 === undefined) return seen;
    for (let at = ring6.next(); at >= 0; at = ring6.next()) {
      seen = true;
      this.read6(ring6, at, sink);
    }
    return seen;
  }

  private read4(ring: ScanRing, at: number, sink: AnswerSink): void {
    const { bytes, length } = ring;
    const end = at + length;
    const header = (bytes[at]! & 15) << 2;
    if (header < IP_HEADER || at + header + 8 > end) return;
    const ttl = bytes[at + 8]!;
    if (bytes[at + 9] === IPPROTO_TCP) {
      const host = this.index.find4(wordAt(bytes, at + 12));
      if (host !== undefined) this.readSegment(ring, host, at + header, end, ttl, sink);
      return;
    }
    // ICMP: the error quotes the probe's IP header and at least eight octets (RFC 792).
    const inner = at + header + 8;
    if (inner + IP_HEADER > end || bytes[inner + 9] !== IPPROTO_TCP) return;
    const tcp = inner + ((bytes[inner]! & 15) << 2);
    const host = this.index.find4(wordAt(bytes, inner + 16));
    const outcome = icmpOutcome(bytes[at + header]!, bytes[at + header + 1]!, 'tcp');
    if (host !== undefined) this.readQuote(ring, host, tcp, end, outcome, ttl, sink);
  }

  private read6(ring: ScanRing, at: number, sink: AnswerSink): void {
    const { bytes, length } = ring;
    const end = at + length;
    if (at + 48 > end) return;
    const hops = bytes[at + 7]!;
    if (bytes[at + 6] === IPPROTO_TCP) {
      const host = this.find6(bytes, at + 8, ring.interfaceIndex);
      if (host !== undefined) this.readSegment(ring, host, at + 40, end, hops, sink);
      return;
    }
    const inner = at + 48;
    if (inner + 48 > end || bytes[inner + 6] !== IPPROTO_TCP) return;
    const host = this.find6(bytes, inner + 24, ring.interfaceIndex);
    const outcome = icmp6Outcome(bytes[at + 40]!, bytes[at + 41]!, 'tcp');
    if (host !== undefined) this.readQuote(ring, host, inner + 40, end, outcome, hops, sink);
  }

  private find6(bytes: Uint8Array, at: number, scope: number): HostScan | undefined {
    const [a, b] = [wordAt(bytes, at), wordAt(bytes, at + 4)];
    return this.index.find6(a, b, wordAt(bytes, at + 8), wordAt(bytes, at + 12), scope);
  }

  private readSegment(
    ring: ScanRing,
    host: HostScan,
    at: number,
    end: number,
    ttl: number,
    sink: AnswerSink,
  ): void {
    if (at + 20 > end) return;
    const { bytes } = ring;
    const port = (bytes[at]! << 8) | bytes[at + 1]!;
    const own = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const cell = this.cellOf[port]!;
    const flags = bytes[at + 13]!;
    if (cell < 0 || (flags & ACK) === 0) return;
    const sequence = this.sequenceOf((host.route as Route).key, port, own);
    if (wordAt(bytes, at + 8) !== (sequence + 1) >>> 0) return;
    const outcome =
      (flags & RST) !== 0 ? CLOSED_RESET : (flags & SYN) !== 0 ? OPEN_SYN_ACK : PENDING;
    if (outcome !== PENDING) this.report(ring, host, cell, own, outcome, ttl, sink);
  }

  private readQuote(
    ring: ScanRing,
    host: HostScan,
    at: number,
    end: number,
    outcome: number,
    ttl: number,
    sink: AnswerSink,
  ): void {
    if (at + 8 > end || outcome === PENDING) return;
    const { bytes } = ring;
    const own = (bytes[at]! << 8) | bytes[at + 1]!;
    const port = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const cell = this.cellOf[port]!;
    if (cell < 0 || own < this.basePort || own >= this.basePort + TRY_PORTS) return;
    if (wordAt(bytes, at + 4) !== this.sequenceOf((host.route as Route).key, port, own)) return;
    this.report(ring, host, cell, own, outcome, ttl, sink);
  }

  private report(
    ring: ScanRing,
    host: HostScan,
    cell: number,
    own: number,
    outcome: number,
    ttl: number,
    sink: AnswerSink,
  ): void {
    // Source ports repeat after 16 tries: the latest of them is meant.
    const last = host.tries[cell]! - 1;
    const attempt = last - ((last - (own - this.basePort)) & (TRY_PORTS - 1));
    if (attempt < 0) return;
    const atUs = this.arrival.at(ring.seconds, ring.nanoseconds);
    sink.answer(host, cell, attempt, outcome, atUs, ttl);
  }

  close(): void {
    this.drops += this.ring4.takeDrops() + (this.ring6?.takeDrops() ?? 0);
    this.ring4.close();
    this.ring6?.close();
    closeSocket(this.socket4);
    if (this.socket6 >= 0) closeSocket(this.socket6);
    this.batch4.close();
    this.batch6.close();
  }
}

const SEND_BUFFER = 64 << 20;

/** A whole batch must fit into the socket's send buffer, also while a neighbour is looked for. */
function widen(fd: number): void {
  setOption(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER);
}

function isLocalLack(errno: number): boolean {
  return (
    errno === ERRNO.ENOBUFS ||
    errno === ERRNO.EAGAIN ||
    errno === ERRNO.ENOMEM ||
    errno === ERRNO.EINTR
  );
}

function wordAt(bytes: Uint8Array | Buffer, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

function writeWord(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = (word >>> 16) & 255;
  bytes[at + 2] = (word >>> 8) & 255;
  bytes[at + 3] = word & 255;
}
