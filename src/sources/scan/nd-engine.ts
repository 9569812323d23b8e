/**
 * Asks who on the link has an IPv6 address (RFC 4861), as `arp-engine.ts` does for IPv4. Needs
 * CAP_NET_RAW. Sends by itself: the kernel's neighbour table has room for a thousand or so, and
 * while the dead fill it, questions to the living are dropped without a word.
 */
import { FILTERED_SILENT, OPEN_SYN_ACK } from '../../model/port-state.ts';
import { DatagramReader } from '../../native/datagrams.ts';
import { MessageBatch } from '../../native/message-batch.ts';
import { bindPacketSocket } from '../../native/scan-ring.ts';
import { attachFilter } from '../../native/socket-filter.ts';
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
import { NEIGHBOUR_FILTER } from './answer-filter.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import { HostIndex } from './host-index.ts';
import type { HostScan } from './host-scan.ts';
import type { EthernetDevice, OwnLinks } from './links.ts';
import { advertisedMac, SOLICITATION_LENGTH, writeSolicitation } from './neighbour-messages.ts';
import { wordAt } from './raw-scan.ts';

const ETHERTYPE_IPV6 = 0x86dd;
/** Answers read in one go: a flood of them must not keep questions from going out. */
const MOST_READ = 4096;
const TARGET = 48;

interface Route {
  /** Number of the interface, where the address holds on one link only; else 0. */
  readonly scope: number;
  readonly source: readonly number[];
  readonly device: EthernetDevice;
}

export class NdEngine implements ProbeEngine {
  readonly name = 'nd';
  readonly silent = FILTERED_SILENT;
  /** Where those that answered are. */
  readonly found = new Map<HostScan, LinkTarget>();
  private readonly links: OwnLinks;
  private readonly clock: Clock;
  private readonly fd: number;
  private readonly index = new HostIndex();
  private readonly reader = new DatagramReader();
  private readonly packet = new Uint8Array(
    this.reader.packet.buffer,
    this.reader.packet.byteOffset,
  );
  private readonly message = new MessageBatch(1, 80);

  /** Throws `SystemCallError` (EPERM without the privilege), `NativeUnavailable`. */
  constructor(links: OwnLinks, clock: Clock) {
    this.links = links;
    this.clock = clock;
    // Protocol 0 receives nothing, until the filter stands.
    this.fd = openSocket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    attachFilter(this.fd, NEIGHBOUR_FILTER);
    bindPacketSocket(this.fd, ETHERTYPE_IPV6);
    this.message.setLengths(0, SOLICITATION_LENGTH, LINK_ADDRESS_LENGTH);
  }

  admit(host: HostScan): void {
    const near = this.links.neighbourhood(host.address);
    if (near === undefined) return;
    const { device, source } = near;
    const scope = host.address.zone === undefined ? 0 : device.index;
    host.route = { scope, source, device } satisfies Route;
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
      // The route went away meanwhile.
      if (route === undefined) continue;
      const { source, device } = route as Route;
      const mac = writeSolicitation(packets, source, address.words, device.mac);
      writeLinkAddress(addresses, 0, ETHERTYPE_IPV6, { interfaceIndex: device.index, mac });
      // What else fails (the link is down) is silence: it is asked again.
      if (isLocalLack(-this.message.send(this.fd, 0, 1))) return index;
    }
    return batch.length;
  }

  receive(_waitMs: number, sink: AnswerSink): void {
    const { reader } = this;
    const { packet } = this;
    for (let read = 0; read < MOST_READ; read++) {
      const length = reader.receive(this.fd);
      if (length < 0) return;
      const mac = advertisedMac(packet, length, reader.mac);
      if (mac === undefined) continue;
      const [a, b] = [wordAt(packet, TARGET), wordAt(packet, TARGET + 4)];
      const [c, d] = [wordAt(packet, TARGET + 8), wordAt(packet, TARGET + 12)];
      const host = this.index.find6(a, b, c, d, reader.scope);
      if (host === undefined) continue;
      const { device } = host.route as Route;
      // Who is on another link is not where it was looked for.
      if (device.index !== reader.scope) continue;
      this.found.set(host, { interfaceIndex: device.index, mac });
      sink.answer(host, 0, -1, OPEN_SYN_ACK, this.clock(), 0);
    }
  }

  close(): void {
    closePacketSocket(this.fd);
    this.reader.close();
    this.message.close();
  }
}
