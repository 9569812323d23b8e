/**
 * Conversations for tests, one line per packet, and the flows that come out of them:
 *
 *     flowsOf(tcpTalk(['> S 100', '< SA 500 101', '> A 101 501', '5.5 < PA 501 101 +20 w0']))
 *
 * A line is: time in seconds (optional, else a millisecond after the line before), `>` from the
 * client's end or `<` from the server's, TCP flags, sequence and acknowledgment number, `+octets`
 * of payload, `w` and the window. Packets go through the real decoder and flow table.
 */
import { DirectionLadder, type KnownServices } from '../../src/flow/direction.ts';
import { type FlowPart, FlowSet } from '../../src/flow/flow-set.ts';
import { FlowTable, type FlowTableOptions } from '../../src/flow/flow-table.ts';
import { flowOf, type Names } from '../../src/flow/flow-view.ts';
import type { Flow } from '../../src/model/flow.ts';
import { Decoder, type DecoderOptions } from '../../src/wire/decoder.ts';
import { FRAME_BATCH_CAPACITY, FrameBatch } from '../../src/wire/frame-batch.ts';
import { ipv4, ipv6, join, tcp, udp } from './packet.ts';

/** Seconds since 1970 that conversations start at. */
export const START = 1_700_000_000;
const RAW_IP = 101;
const ETHERNET = 1;

export interface Step {
  /** Whole seconds since 1970. */
  readonly seconds: number;
  readonly nanoseconds: number;
  /** A raw IP packet, or an Ethernet frame where `ethernet` says so. */
  readonly packet: Uint8Array;
  readonly ethernet?: boolean;
  /** Octets on the wire, when the capture cut the packet. */
  readonly original?: number;
}

export interface TalkOptions {
  /** `address:port` or `[address]:port`. */
  readonly client?: string;
  readonly server?: string;
  /** Seconds since 1970 of time 0. */
  readonly start?: number;
}

interface End {
  readonly address: string;
  readonly port: number;
}

function endOf(text: string): End {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}

/** An IP packet of either family. */
export function ip(src: string, dst: string, payload: Uint8Array | string): Uint8Array {
  return src.includes(':') ? ipv6({ src, dst }, payload) : ipv4({ src, dst }, payload);
}

/** Reads times without rounding: `60.000000001`. Milliseconds count up where none is given. */
class Clock {
  private readonly start: number;
  private seconds = 0;
  private nanoseconds = 0;

  constructor(start: number) {
    this.start = start;
  }

  at(text: string | undefined): { seconds: number; nanoseconds: number } {
    if (text === undefined) {
      this.nanoseconds += 1_000_000;
      if (this.nanoseconds >= 1e9) {
        this.nanoseconds -= 1e9;
        this.seconds++;
      }
    } else {
      const [whole, fraction = ''] = text.split('.');
      this.seconds = Number(whole);
      this.nanoseconds = Number(fraction.padEnd(9, '0'));
    }
    return { seconds: this.start + this.seconds, nanoseconds: this.nanoseconds };
  }
}

function tokensOf(line: string): { time: string | undefined; fromClient: boolean; rest: string[] } {
  const tokens = line.trim().split(/\s+/);
  const time = /^\d/.test(tokens[0]!) ? tokens.shift() : undefined;
  const arrow = tokens.shift();
  if (arrow !== '>' && arrow !== '<') throw new TypeError(`no direction in: ${line}`);
  return { time, fromClient: arrow === '>', rest: tokens };
}

/** TCP packets between two ends. */
export function tcpTalk(lines: readonly string[], options: TalkOptions = {}): Step[] {
  const client = endOf(options.client ?? '192.0.2.1:40000');
  const server = endOf(options.server ?? '198.51.100.2:80');
  const clock = new Clock(options.start ?? START);
  return lines.map((line) => {
    const { time, fromClient, rest } = tokensOf(line);
    const [flags = 'A', ...words] = rest;
    let payload = 0;
    let window = 64240;
    const numbers: number[] = [];
    for (const word of words) {
      if (word.startsWith('+')) payload = Number(word);
      else if (word.startsWith('w')) window = Number(word.slice(1));
      else numbers.push(Number(word));
    }
    const [from, to] = fromClient ? [client, server] : [server, client];
    const segment = tcp(
      {
        sport: from.port,
        dport: to.port,
        flags: flags === '-' ? 0 : flags,
        seq: numbers[0] ?? 0,
        ack: numbers[1] ?? 0,
        window,
      },
      'x'.repeat(payload),
    );
    return { ...clock.at(time), packet: ip(from.address, to.address, segment) };
  });
}

/** UDP packets: a line is time (optional), direction, and `+octets` or the payload in hex. */
export function udpTalk(lines: readonly string[], options: TalkOptions = {}): Step[] {
  const client = endOf(options.client ?? '192.0.2.1:40000');
  const server = endOf(options.server ?? '198.51.100.2:9999');
  const clock = new Clock(options.start ?? START);
  return lines.map((line) => {
    const { time, fromClient, rest } = tokensOf(line);
    const [body = ''] = rest;
    const payload = body.startsWith('+')
      ? new Uint8Array(Number(body)).fill(0x78)
      : new Uint8Array(Buffer.from(body, 'hex'));
    const [from, to] = fromClient ? [client, server] : [server, client];
    const datagram = udp({ sport: from.port, dport: to.port }, payload);
    return { ...clock.at(time), packet: ip(from.address, to.address, datagram) };
  });
}

/** One packet at a time given in seconds after `START`. */
export function step(packet: Uint8Array, seconds = 0, nanoseconds = 0): Step {
  return { seconds: START + seconds, nanoseconds, packet };
}

/** Steps in the order of their times. */
export function byTime(...talks: readonly (readonly Step[])[]): Step[] {
  return talks.flat().sort((a, b) => a.seconds - b.seconds || a.nanoseconds - b.nanoseconds);
}

/** The steps as batches of frames. */
export function batchesOf(steps: readonly Step[]): FrameBatch[] {
  const batches: FrameBatch[] = [];
  for (let from = 0; from < steps.length; from += FRAME_BATCH_CAPACITY) {
    const part = steps.slice(from, from + FRAME_BATCH_CAPACITY);
    const bytes = join(...part.map(({ packet }) => packet));
    const batch = new FrameBatch();
    batch.reset(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    let at = 0;
    for (const [index, { packet, seconds, nanoseconds, original, ethernet }] of part.entries()) {
      batch.offset[index] = at;
      batch.captured[index] = packet.length;
      batch.original[index] = original ?? packet.length;
      batch.seconds[index] = seconds;
      batch.nanoseconds[index] = nanoseconds;
      batch.number[index] = from + index + 1;
      batch.interface[index] = ethernet ? 1 : 0;
      at += packet.length;
    }
    batch.count = part.length;
    batches.push(batch);
  }
  return batches;
}

export const INTERFACES = [
  { source: 'test.pcap', linkType: RAW_IP, snapLength: 0 },
  { source: 'test.pcap', linkType: ETHERNET, snapLength: 0 },
];

export interface Run {
  readonly flows: Flow[];
  readonly table: FlowTable;
  readonly ladder: DirectionLadder;
  readonly names: Names;
  readonly decoder: Decoder;
}

export interface RunOptions extends FlowTableOptions {
  readonly known?: KnownServices;
  readonly decoder?: DecoderOptions;
}

/** The flows of a part, in order of time. */
export function viewOf(names: Names, part: FlowPart, ladder: DirectionLadder): Flow[] {
  const list: Flow[] = [];
  for (const [chunk, base, decision, extensions] of new FlowSet([part], ladder).inTimeOrder()) {
    list.push(flowOf(names, extensions, chunk, base, decision));
  }
  return list;
}

/** Decodes steps and keeps their flows. */
export function runSteps(steps: readonly Step[], options: RunOptions = {}): Run {
  const decoder = new Decoder(options.decoder);
  const table = new FlowTable(options);
  const ladder = new DirectionLadder(options.known);
  for (const batch of batchesOf(steps)) {
    for (let index = 0; index < batch.count; ) {
      index = decoder.decode(batch, INTERFACES, index);
      table.consume(decoder.rows, decoder.rowCount);
      decoder.rowCount = 0;
    }
  }
  decoder.flush();
  table.consume(decoder.rows, decoder.rowCount);
  decoder.rowCount = 0;
  const names = {
    addresses: decoder.addresses,
    contexts: decoder.contexts.list,
    interfaces: INTERFACES,
    paths: decoder.paths.list,
  };
  return { flows: viewOf(names, table.finish(), ladder), table, ladder, names, decoder };
}

/** The flows of some steps. */
export function flowsOf(steps: readonly Step[], options: RunOptions = {}): Flow[] {
  return runSteps(steps, options).flows;
}
