/**
 * Asks hosts by ICMP echo (RFC 792, RFC 4443 section 4): from raw sockets with privilege, else
 * from the kernel's ping sockets where the administrator allows them.
 */
import { FILTERED_SILENT, OPEN_SYN_ACK } from '../../model/port-state.ts';
import { DatagramReader } from '../../native/datagrams.ts';
import { isRefusal } from '../../native/libc.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import {
  AF_INET,
  AF_INET6,
  closeSocket,
  openSocket,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_RAW,
  trySocket,
  writeSocketAddress,
} from '../../native/sockets.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import { routeTo } from './raw-scan.ts';

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const ECHO_REPLY = 0;
const ECHO_REPLY_6 = 129;
/** Identifier (set by the kernel on ping sockets) and sequence number of our questions. */
const IDENTIFIER = 0x7052;
const LENGTH = 16;
/** Answers read in one go: a flood of them must not keep questions from going out. */
const MOST_READ = 4096;

interface Family {
  readonly fd: number;
  /** IPv4 raw sockets give the IP header too. */
  readonly withHeader: boolean;
  readonly raw: boolean;
}

/** Owns its sockets, until `close`. */
export class PingEngine implements ProbeEngine {
  readonly name = 'ping';
  readonly silent = FILTERED_SILENT;
  private readonly clock: Clock;
  private readonly v4: Family;
  private readonly v6: Family | undefined;
  private readonly index = new HostIndex();
  private readonly reader = new DatagramReader();
  private readonly message = new MessageBatch(1, 64);

  /** Throws `SystemCallError` where echo is not allowed, `NativeUnavailable`. */
  constructor(clock: Clock) {
    this.clock = clock;
    this.v4 = open(AF_INET, IPPROTO_ICMP);
    try {
      this.v6 = open(AF_INET6, IPPROTO_ICMPV6);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // A kernel without IPv6: such targets stay silent.
    }
  }

  admit(host: HostScan): void {
    host.route = routeTo(host.address);
    this.index.add(host);
  }

  dismiss(host: HostScan): void {
    this.index.delete(host);
    host.route = undefined;
  }

  send(batch: ProbeBatch): number {
    for (let index = 0; index < batch.length; index++) {
      const host = batch.hosts[index]!;
      const { family, words } = host.address;
      const socket = family === 4 ? this.v4 : this.v6;
      const { source, scope } = host.route as ReturnType<typeof routeTo>;
      if (socket === undefined || source === undefined) continue;
      const { packets, addresses } = this.message;
      packets.fill(0, 0, LENGTH);
      packets[0] = family === 4 ? 8 : 128;
      packets.writeUInt16BE(IDENTIFIER, 4);
      packets.writeUInt16BE(1 + batch.attempts[index]!, 6);
      // The kernel sums ICMPv6, and ICMP of ping sockets.
      if (family === 4) packets.writeUInt16BE(checksum(packets), 2);
      const length = writeSocketAddress(addresses, 0, words, 0, scope);
      this.message.setLengths(0, LENGTH, length);
      this.message.send(socket.fd, 0, 1);
    }
    return batch.length;
  }

  receive(_waitMs: number, sink: AnswerSink): void {
    this.drain(this.v4, 4, sink);
    if (this.v6 !== undefined) this.drain(this.v6, 6, sink);
  }

  private drain(socket: Family, family: 4 | 6, sink: AnswerSink): void {
    const { reader } = this;
    const { packet, words } = reader;
    for (let read = 0; read < MOST_READ; read++) {
      const length = reader.receive(socket.fd);
      if (length < 0) return;
      const at = socket.withHeader ? (packet[0]! & 15) << 2 : 0;
      if (at + 8 > length || packet[at] !== (family === 4 ? ECHO_REPLY : ECHO_REPLY_6)) continue;
      if (socket.raw && packet.readUInt16BE(at + 4) !== IDENTIFIER) continue;
      const host =
        family === 4
          ? this.index.find4(words[0]!)
          : this.index.find6(words[0]!, words[1]!, words[2]!, words[3]!, reader.scope);
      if (host === undefined) continue;
      const attempt = packet.readUInt16BE(at + 6) - 1;
      sink.answer(host, 0, attempt, OPEN_SYN_ACK, this.clock(), socket.withHeader ? packet[8]! : 0);
    }
  }

  close(): void {
    closeSocket(this.v4.fd);
    if (this.v6 !== undefined) closeSocket(this.v6.fd);
    this.reader.close();
    this.message.close();
  }
}

function open(family: number, protocol: number): Family {
  const raw = trySocket(family, SOCK_RAW | SOCK_NONBLOCK, protocol);
  if (raw >= 0) return { fd: raw, withHeader: family === AF_INET, raw: true };
  const fd = openSocket(family, SOCK_DGRAM | SOCK_NONBLOCK, protocol);
  return { fd, withHeader: false, raw: false };
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < LENGTH; at += 2) sum += bytes.readUInt16BE(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~(sum + (sum >>> 16)) & 0xffff;
}
