/**
 * Figures per transport and server port, in columns: found by two array look-ups, so that a scan
 * of every port costs no more per flow than one busy port.
 */
import type { FlowFacts } from './flow-facts.ts';

/** Numbers per row. */
const COLUMNS = 17;
const TO_SERVER = 0;
const TO_CLIENT = 2;
const FIRST = 4;
const LAST = 5;
/** Flows by outcome, in the order of `OUTCOMES`. */
const BY_OUTCOME = 6;
const PORTS = 65_536;

/** Rows are numbered from 0 as ports come, and stay. */
export class PortTable {
  count = 0;
  private values = new Float64Array(256 * COLUMNS);
  /** Protocol, listing (bits 8–9), port (bits 16–31). */
  private keys = new Int32Array(256);
  /** Row + 1 by port, for each protocol and listing. */
  private readonly index: (Int32Array | undefined)[] = Array.from({ length: 1024 });

  /** Counts a flow and returns its row. */
  note(flow: FlowFacts): number {
    const row = this.rowOf(flow.protocol | (flow.listing << 8), flow.port);
    const values = this.values;
    const at = row * COLUMNS;
    values[at + TO_SERVER]! += flow.packetsToServer;
    values[at + TO_SERVER + 1]! += flow.bytesToServer;
    values[at + TO_CLIENT]! += flow.packetsToClient;
    values[at + TO_CLIENT + 1]! += flow.bytesToClient;
    if (flow.firstMs < values[at + FIRST]!) values[at + FIRST] = flow.firstMs;
    if (flow.lastMs > values[at + LAST]!) values[at + LAST] = flow.lastMs;
    values[at + BY_OUTCOME + flow.outcome]!++;
    return row;
  }

  /** The row that the flow would be counted in; -1 when there is none yet. */
  find(flow: FlowFacts): number {
    return (this.index[flow.protocol | (flow.listing << 8)]?.[flow.port] ?? 0) - 1;
  }

  protocol(row: number): number {
    return this.keys[row]! & 0xff;
  }

  /** What the row stands for; see `BY_PORT` and its fellows. */
  listing(row: number): number {
    return (this.keys[row]! >>> 8) & 3;
  }

  /** Port, or ICMP type, or 0. */
  port(row: number): number {
    return this.keys[row]! >>> 16;
  }

  packetsToServer(row: number): number {
    return this.values[row * COLUMNS + TO_SERVER]!;
  }

  bytesToServer(row: number): number {
    return this.values[row * COLUMNS + TO_SERVER + 1]!;
  }

  packetsToClient(row: number): number {
    return this.values[row * COLUMNS + TO_CLIENT]!;
  }

  bytesToClient(row: number): number {
    return this.values[row * COLUMNS + TO_CLIENT + 1]!;
  }

  firstMs(row: number): number {
    return this.values[row * COLUMNS + FIRST]!;
  }

  lastMs(row: number): number {
    return this.values[row * COLUMNS + LAST]!;
  }

  /** Flows of one outcome, given as an index into `OUTCOMES`. */
  flows(row: number, outcome: number): number {
    return this.values[row * COLUMNS + BY_OUTCOME + outcome]!;
  }

  private rowOf(key: number, port: number): number {
    let ports = this.index[key];
    if (ports === undefined) {
      ports = new Int32Array(PORTS);
      this.index[key] = ports;
    }
    const held = ports[port]!;
    if (held !== 0) return held - 1;
    const row = this.count++;
    ports[port] = row + 1;
    if (row >= this.keys.length) this.grow();
    this.keys[row] = key | (port << 16);
    this.values[row * COLUMNS + FIRST] = Number.POSITIVE_INFINITY;
    this.values[row * COLUMNS + LAST] = Number.NEGATIVE_INFINITY;
    return row;
  }

  private grow(): void {
    const keys = new Int32Array(2 * this.keys.length);
    keys.set(this.keys);
    this.keys = keys;
    const values = new Float64Array(2 * this.values.length);
    values.set(this.values);
    this.values = values;
  }
}
