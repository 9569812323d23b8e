/**
 * Asks who on the link has an IPv4 address (RFC 826): on one's own network the surest sign of a
 * host, since nothing that talks IPv4 there can refuse it. Needs CAP_NET_RAW. Sends by itself, so
 * the kernel's neighbour table neither overflows nor remembers the dead.
 */
import { FILTERED_SILENT, OPEN_SYN_ACK } from '../../model/port-state.ts';
import { DatagramReader } from '../../native/datagrams.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import {
  AF_PACKET,
  closePacketSocket,
  isLocalLack,
  LINK_ADDRESS_LENGTH,
  type LinkTarget,
  openSocket,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  writeLinkAddress,
} from '../../native/sockets.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import type { Neighbourhood, OwnLinks } from './links.ts';

const ETHERTYPE_ARP = 0x0806;
const ARP_LENGTH = 28;
const REPLY = 2;
/** Answers read in one go: a flood of them must not keep questions from going out. */
const MOST_READ = 4096;
const EVERYBODY = new Uint8Array(6).fill(0xff);

export class ArpEngine implements ProbeEngine {
  readonly name = 'arp';
  readonly silent = FILTERED_SILENT;
  /** Where those that answered are. */
  readonly found = new Map<HostScan, LinkTarget>();
  private readonly links: OwnLinks;
  private readonly clock: Clock;
  private readonly fd: number;
  private readonly index = new HostIndex();
  private readonly reader = new DatagramReader();
  private readonly message = new MessageBatch(1, 64);

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor(links: OwnLinks, clock: Clock) {
    this.links = links;
    this.clock = clock;
    const swapped = ((ETHERTYPE_ARP & 255) << 8) | (ETHERTYPE_ARP >> 8);
    this.fd = openSocket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, swapped);
    this.message.packets.set([0, 1, 8, 0, 6, 4, 0, 1]);
    this.message.setLengths(0, ARP_LENGTH, LINK_ADDRESS_LENGTH);
  }

  admit(host: HostScan): void {
    host.route = this.links.neighbourhood(host.address);
    this.index.add(host);
  }

  dismiss(host: HostScan): void {
    this.index.delete(host);
    host.route = undefined;
  }

  send(batch: ProbeBatch): number {
    const { packets, addresses } = this.message;
    for (let index = 0; index < batch.length; index++) {
      const { address, route } = batch.hosts[index]!;
      const near = route as Neighbourhood | undefined;
      // The route went away meanwhile.
      if (near === undefined) continue;
      const { device, source } = near;
      packets.set(device.mac, 8);
      packets.writeUInt32BE(source[0]!, 14);
      packets.fill(0, 18, 24);
      packets.writeUInt32BE(address.words[0]!, 24);
      const everybody = { interfaceIndex: device.index, mac: EVERYBODY };
      writeLinkAddress(addresses, 0, ETHERTYPE_ARP, everybody);
      // What else fails (the link is down) is silence: it is asked again.
      if (isLocalLack(-this.message.send(this.fd, 0, 1))) return index;
    }
    return batch.length;
  }

  receive(_waitMs: number, sink: AnswerSink): void {
    const { packet } = this.reader;
    for (let read = 0; read < MOST_READ; read++) {
      const length = this.reader.receive(this.fd);
      if (length < 0) return;
      if (length < ARP_LENGTH || packet.readUInt16BE(6) !== REPLY) continue;
      const host = this.index.find4(packet.readUInt32BE(14));
      const near = host?.route as Neighbourhood | undefined;
      // Who is on another link is not where it was looked for.
      if (host === undefined || near?.device.index !== this.reader.scope) continue;
      const mac = Uint8Array.from(packet.subarray(8, 14));
      this.found.set(host, { interfaceIndex: near.device.index, mac });
      sink.answer(host, 0, -1, OPEN_SYN_ACK, this.clock(), 0);
    }
  }

  close(): void {
    closePacketSocket(this.fd);
    this.reader.close();
    this.message.close();
  }
}
