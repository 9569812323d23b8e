/**
 * Flow export within captures: the payloads of UDP datagrams to the ports that collectors listen
 * on, of whoever sent them, however they were tunnelled.
 */
import { formatIPv4, formatIPv6 } from '../../net/address.ts';
import { Decoder, type PayloadListener } from '../../wire/decoder.ts';
import type { CaptureInterface, FrameBatch } from '../../wire/frame-batch.ts';
import {
  FAMILY_6,
  M_FIRST_FRAGMENT,
  P_FRAME,
  P_KIND,
  P_MARKS,
  P_NANOSECONDS,
  P_PAYLOAD,
  P_PORTS,
  P_SECONDS,
  P_SOURCE,
} from '../../wire/packet-batch.ts';
import { CUT_SHORT, type FlowExports, NO_EXPORT } from './flow-exports.ts';

/** Usual ports: NetFlow 2055, 2056, 9555, 9995, 9996; IPFIX 4739; sFlow 6343. */
export const FLOW_PORTS: readonly number[] = [2055, 2056, 4739, 6343, 9555, 9995, 9996];

const UDP = 17;
/** Exporters whose address is kept as text. */
const MOST_EXPORTERS = 10_000;

/** Where datagrams go, and where they were found. */
export interface ExportSink {
  readonly exports: FlowExports;
  /** The next datagram is in this frame. */
  frame(number: number): void;
  /** A datagram on a port of collectors that is none of theirs. */
  stranger(bytes: Uint8Array): void;
  /** The last datagram is not all there: cut by the snap length, or in fragments. */
  cut(): void;
}

/** Payloads are handed on within the batch's octets; the sink has them for the call. */
export class CapturedExports implements PayloadListener {
  /** Datagrams of flow export. */
  datagrams = 0;
  private readonly decoder: Decoder;
  private readonly ports: ReadonlySet<number>;
  private readonly sink: ExportSink;
  private readonly exporters = new Map<number, string>();

  constructor(sink: ExportSink, ports: readonly number[], seed: number) {
    this.sink = sink;
    this.ports = new Set(ports);
    // A copy from a mirror port would count every flow twice.
    this.decoder = new Decoder({ seed, dropDuplicates: true });
    this.decoder.listener = this;
  }

  /** Looks through the frames of a batch. */
  add(batch: FrameBatch, interfaces: readonly CaptureInterface[]): void {
    for (let index = 0; index < batch.count; ) {
      index = this.decoder.decode(batch, interfaces, index);
      this.decoder.rowCount = 0;
    }
  }

  /** Frames seen. */
  get frames(): number {
    return this.decoder.frames;
  }

  hear(d: Decoder, row: number, at: number): void {
    const { rows } = d;
    const kind = rows[row + P_KIND]!;
    if ((kind & 0xff) !== UDP || !this.ports.has(rows[row + P_PORTS]! & 0xffff)) return;
    const length = rows[row + P_PAYLOAD]!;
    const captured = Math.min(length, d.end - at);
    const cut = captured < length || (rows[row + P_MARKS]! & M_FIRST_FRAGMENT) !== 0;
    const timeMs = (rows[row + P_SECONDS]! >>> 0) * 1000 + rows[row + P_NANOSECONDS]! / 1e6;
    this.sink.frame(rows[row + P_FRAME]! >>> 0);
    const bytes = d.bytes.subarray(at, at + captured);
    const exporter = this.exporter(d, rows[row + P_SOURCE]!, kind & FAMILY_6);
    const outcome = this.sink.exports.take(bytes, exporter, timeMs);
    if (outcome === NO_EXPORT) {
      this.sink.stranger(bytes);
      return;
    }
    this.datagrams++;
    if (cut || outcome === CUT_SHORT) this.sink.cut();
  }

  open(): void {}

  arp(): void {}

  private exporter(d: Decoder, address: number, family: number): string {
    const key = family === 0 ? address : address + 2 ** 32;
    let text = this.exporters.get(key);
    if (text === undefined) {
      text = family === 0 ? formatIPv4(address) : formatIPv6(d.addresses.words, 4 * address);
      if (this.exporters.size < MOST_EXPORTERS) this.exporters.set(key, text);
    }
    return text;
  }
}
