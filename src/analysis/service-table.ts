/** Endpoints that answered, with figures and the frame that shows it. */
import { DistinctCounts } from './distinct-counts.ts';
import { type FlowFacts, HANDSHAKE } from './flow-facts.ts';
import { firstOf } from './heaviest.ts';
import { TALLY_FLOATS, TALLY_NOTE, TALLY_WORDS, TallyTable } from './tally-table.ts';

/** Words of evidence per service: interface and frame. */
const EVIDENCE_WORDS = 2;

/** Entries hold for the table's life: none goes, what finds no room is counted. */
export class ServiceTable {
  /** Key: address, port, protocol with family. Floats: packets to server, to client, bytes to
   * server, to client, first and last time. Note: handshake seen (bit 0), flows (above). */
  readonly table: TallyTable;
  readonly clients: DistinctCounts;
  /** Flows with services that found no room. */
  flowsBeyond = 0;
  private evidence = new Int32Array(EVIDENCE_WORDS * 1024);
  private readonly limit: number;

  constructor(limit: number, members: number, seed: number) {
    this.limit = limit;
    // One more than is ever used: nothing is pruned.
    this.table = new TallyTable(limit + 1, seed);
    this.clients = new DistinctCounts(members, seed);
  }

  /** See `TallyTable.touch`. */
  touch(flow: FlowFacts): number {
    return this.table.touch(flow.server, flow.port, flow.protocol | flow.family);
  }

  /** Counts an answered flow and notes its service in it; returns whether the service is new. */
  note(flow: FlowFacts): boolean {
    const table = this.table;
    const kind = flow.protocol | flow.family;
    const room = table.count < this.limit;
    const entry = room
      ? table.intern(flow.server, flow.port, kind)
      : table.find(flow.server, flow.port, kind);
    flow.service = entry;
    if (entry < 0) {
      this.flowsBeyond++;
      return false;
    }
    const fresh = room && table.fresh;
    this.count(entry, flow, fresh);
    return fresh;
  }

  /** Services by bytes, the heaviest first, of equals the one that came first; at most `most`. */
  heaviest(most: number): number[] {
    const { floats, count } = this.table;
    const bytes = new Float64Array(count);
    for (let entry = 0; entry < count; entry++) {
      const at = entry * (TALLY_WORDS / 2) + TALLY_FLOATS;
      bytes[entry] = floats[at + 2]! + floats[at + 3]!;
    }
    return firstOf(count, most, (left, right) => {
      const more = bytes[left]! - bytes[right]!;
      return more === 0 ? left < right : more > 0;
    });
  }

  flowsOf(entry: number): number {
    return this.table.words[entry * TALLY_WORDS + TALLY_NOTE]! >>> 1;
  }

  sawHandshake(entry: number): boolean {
    return (this.table.words[entry * TALLY_WORDS + TALLY_NOTE]! & 1) !== 0;
  }

  interfaceOf(entry: number): number {
    return this.evidence[EVIDENCE_WORDS * entry]!;
  }

  frameOf(entry: number): number {
    return this.evidence[EVIDENCE_WORDS * entry + 1]! >>> 0;
  }

  private count(entry: number, flow: FlowFacts, fresh: boolean): void {
    const { floats, words } = this.table;
    const at = entry * (TALLY_WORDS / 2) + TALLY_FLOATS;
    const note = entry * TALLY_WORDS + TALLY_NOTE;
    const handshake = flow.outcome === HANDSHAKE;
    const known = (words[note]! & 1) !== 0;
    // The best evidence is kept: a handshake before a reply, and of each the earliest.
    if (fresh || (handshake && !known) || (handshake === known && flow.firstMs < floats[at + 4]!)) {
      this.keepEvidence(entry, flow);
    }
    floats[at]! += flow.packetsToServer;
    floats[at + 1]! += flow.packetsToClient;
    floats[at + 2]! += flow.bytesToServer;
    floats[at + 3]! += flow.bytesToClient;
    if (fresh || flow.firstMs < floats[at + 4]!) floats[at + 4] = flow.firstMs;
    if (fresh || flow.lastMs > floats[at + 5]!) floats[at + 5] = flow.lastMs;
    if (handshake) words[note]! |= 1;
    words[note]! += 2;
  }

  private keepEvidence(entry: number, flow: FlowFacts): void {
    const at = EVIDENCE_WORDS * entry;
    if (at >= this.evidence.length) {
      const larger = new Int32Array(2 * this.evidence.length);
      larger.set(this.evidence);
      this.evidence = larger;
    }
    this.evidence[at] = flow.interface;
    this.evidence[at + 1] = flow.frame;
  }
}
