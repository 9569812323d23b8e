/** What the example captures are made of: packets at given times, conversations, and the file. */
import {
  concat,
  enhancedPacket,
  interfaceBlock,
  sectionHeader,
  statisticsBlock,
} from '../test/builders/capture.ts';
import { ether, ipv4, tcp, udp } from '../test/builders/packet.ts';

interface Packet {
  readonly microseconds: number;
  readonly frame: Uint8Array;
}

export interface Talk {
  readonly at: number;
  readonly client: string;
  readonly sport: number;
  readonly server: string;
  readonly dport: number;
  /** What each side sends in turn, the client first: text, octets, or so many zeros. */
  readonly data: readonly (string | number | Uint8Array)[];
  /** The connection is older than the capture: no handshake, no end. */
  readonly older?: boolean;
  /** Seconds from one piece of data to the next, beside 4 ms for each packet. */
  readonly pause?: number;
}

export class Scene {
  readonly packets: Packet[] = [];
  private identification = 1;

  /** One segment or datagram; group addresses get the broadcast address of the link. */
  send(seconds: number, from: string, to: string, segment: Uint8Array): void {
    const id = this.identification++ & 0xffff;
    const broadcast = to.endsWith('.255') ? { dst: 'ff:ff:ff:ff:ff:ff' } : {};
    const frame = ether(broadcast, ipv4({ src: from, dst: to, id }, segment));
    this.packets.push({ microseconds: Math.round(seconds * 1e6), frame });
  }

  /** A TCP connection with handshake, data in turn, and an orderly end. */
  talk({ at, client, sport, server, dport, data, older = false, pause = 0 }: Talk): void {
    const next = { client: 1000 * sport, server: 7000 * dport + sport };
    let time = at;
    const say = (
      side: 'client' | 'server',
      flags: string,
      payload: Uint8Array | string = '',
    ): void => {
      const own = side === 'client';
      const header = {
        sport: own ? sport : dport,
        dport: own ? dport : sport,
        seq: (own ? next.client : next.server) >>> 0,
        ack: flags === 'S' ? 0 : (own ? next.server : next.client) >>> 0,
        flags,
      };
      this.send(time, own ? client : server, own ? server : client, tcp(header, payload));
      const taken = payload.length + (/[SF]/.test(flags) ? 1 : 0);
      if (own) next.client += taken;
      else next.server += taken;
      time += 0.004;
    };
    if (!older) {
      say('client', 'S');
      say('server', 'SA');
      say('client', 'A');
    }
    data.forEach((piece, index) => {
      const side = index % 2 === 0 ? 'client' : 'server';
      const whole = typeof piece === 'number' ? new Uint8Array(piece) : piece;
      for (let from = 0; from < whole.length; from += 1460) {
        say(side, 'PA', whole.slice(from, from + 1460));
      }
      say(side === 'client' ? 'server' : 'client', 'A');
      time += pause;
    });
    if (older) return;
    say('client', 'FA');
    say('server', 'FA');
    say('client', 'A');
  }

  /** A datagram and, unless it stays unanswered, its answer: octets, or so many zeros. */
  ask(
    at: number,
    from: string,
    sport: number,
    to: string,
    dport: number,
    [question, answer]: [Uint8Array | number, (Uint8Array | number)?],
  ): void {
    const payload = (piece: Uint8Array | number) =>
      typeof piece === 'number' ? new Uint8Array(piece) : piece;
    this.send(at, from, to, udp({ sport, dport }, payload(question)));
    if (answer !== undefined) {
      this.send(at + 0.003, to, from, udp({ sport: dport, dport: sport }, payload(answer)));
    }
  }

  /** The packets in order of time, as a pcapng file. `start` is µs since 1970. */
  capture(start: bigint, name: string): Uint8Array {
    this.packets.sort((left, right) => left.microseconds - right.microseconds);
    return concat(
      sectionHeader(),
      interfaceBlock({ name }),
      ...this.packets.map(({ microseconds, frame }) =>
        enhancedPacket(frame, { time: start + BigInt(microseconds) }),
      ),
      statisticsBlock({ received: BigInt(this.packets.length), dropped: 0n }),
    );
  }
}
