/**
 * Datagrams of flow export, of whatever protocol and exporter, as rows of a batch of verdicts. One
 * collector for all inputs: a template may come in a file of its own, given before.
 */
import type { VerdictBatch } from '../../model/verdict-batch.ts';
import { Decoder } from '../../wire/decoder.ts';
import { ExportDomains } from './export-domains.ts';
import { FlowRows } from './flow-rows.ts';
import { NetflowDecoder } from './netflow.ts';
import { type FlowSample, type ReadPacket, type SampleVisitor, SflowDecoder } from './sflow.ts';

/** What `take` made of a datagram. */
export const NO_EXPORT = 0;
export const TAKEN = 1;
/** It ends before it should; what came before the cut was taken. */
export const CUT_SHORT = 2;

/** Datagrams are borrowed for the call; rows go to the batch, which may hand them on meanwhile. */
export class FlowExports implements SampleVisitor {
  readonly domains = new ExportDomains();
  /** Samples in which there is no IP packet. */
  withoutPacket = 0;
  readonly netflow: NetflowDecoder;
  readonly sflow: SflowDecoder;
  private readonly decoder: Decoder;
  private readonly rows: FlowRows;
  private readonly batch: VerdictBatch;
  private readonly onRecord: () => void;
  private readonly formatNames: readonly [netflow: number, sflow: number];
  private timeMs = Number.NaN;

  /** @param onRecord called before each row is written */
  constructor(batch: VerdictBatch, seed: number, onRecord: () => void) {
    this.batch = batch;
    this.onRecord = onRecord;
    this.decoder = new Decoder({ seed });
    this.rows = new FlowRows(batch);
    this.formatNames = [batch.names.internText('netflow'), batch.names.internText('sflow')];
    this.netflow = new NetflowDecoder((record, { exporter }) => {
      onRecord();
      this.rows.record(record, exporter);
    }, this.domains);
    this.sflow = new SflowDecoder(this.decoder, this, this.domains);
  }

  /**
   * Reads one datagram.
   * @param exporter the address it came from; empty when that is not known
   * @param timeMs when it came, ms since 1970; NaN when that is not known
   */
  take(bytes: Uint8Array, exporter: string, timeMs: number): number {
    const cut = this.truncated;
    if (this.read(bytes, exporter, timeMs) === 0) return NO_EXPORT;
    return this.truncated > cut ? CUT_SHORT : TAKEN;
  }

  /** Datagrams, and samples within, that end before they should. */
  get truncated(): number {
    return this.netflow.truncated + this.sflow.truncated;
  }

  /** Reads datagrams that follow each other; returns how many octets belong to such. */
  takeAll(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      const length = this.read(bytes.subarray(at), '', Number.NaN);
      if (length === 0) break;
      at += length;
    }
    return at;
  }

  /** Returns the datagram's length, 0 for none. */
  private read(bytes: Uint8Array, exporter: string, timeMs: number): number {
    this.timeMs = timeMs;
    // NetFlow says its version in two octets, sFlow in four.
    const isSflow = bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0;
    this.batch.formatName = this.formatNames[isSflow ? 1 : 0];
    if (!isSflow) return this.netflow.read(bytes, exporter);
    return this.sflow.read(bytes, Number.isNaN(timeMs) ? 0 : Math.floor(timeMs / 1000));
  }

  row(sample: FlowSample, at: number): void {
    const { rows, addresses } = this.decoder;
    this.onRecord();
    this.rows.decoded(sample, rows, at, addresses, this.timeMs);
  }

  packet(sample: FlowSample, packet: ReadPacket): void {
    this.onRecord();
    this.rows.packet(sample, packet, this.timeMs);
  }

  other(): void {
    this.withoutPacket++;
  }
}

/** Whether octets begin as a datagram of flow export does: its version, and enough for a header. */
export function isFlowExport(head: Uint8Array): boolean {
  if (head.length < 16 || head[0] !== 0) return false;
  const version = head[1]!;
  if (version === 5 || version === 9 || version === 10) return true;
  const family = head[7]!;
  const zeros = head[1] === 0 && head[2] === 0 && head[4] === 0 && head[5] === 0 && head[6] === 0;
  return zeros && head[3] === 5 && (family === 1 || family === 2);
}
