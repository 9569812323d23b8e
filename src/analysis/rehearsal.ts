/**
 * Folding flows before there are any. What folds the flows of a capture has all its work at the end;
 * its first thousands would run uncompiled, at a tenth of the speed, while the compiler takes its time.
 * So where this thread would have to wait for the one that keeps the flows, some packets are folded,
 * each as if it were a flow, into tables that nobody reads: when the flows come, the compiler is done.
 */
import { type Chunk, newChunk } from '../flow/chunk.ts';
import { DirectionLadder } from '../flow/direction.ts';
import { Extensions } from '../flow/extensions.ts';
import {
  F_OCTETS_A,
  F_PAYLOAD_A,
  HINT_CLIENT_A,
  HINT_CLIENT_B,
  MARK_GROUP,
  R_A,
  R_B,
  R_FIRST_NANOSECONDS,
  R_FIRST_SECONDS,
  R_FRAME,
  R_INTERFACE,
  R_KIND,
  R_LAST_NANOSECONDS,
  R_LAST_SECONDS,
  R_LENGTHS_A,
  R_LENGTHS_B,
  R_PACKETS_A,
  R_PACKETS_B,
  R_PORTS,
  R_SEEN,
  R_STATE,
  ROW_WORDS,
} from '../flow/flow-row.ts';
import { FlowSet } from '../flow/flow-set.ts';
import type { AddressPool } from '../net/address-pool.ts';
import {
  M_GROUP_DESTINATION,
  P_DESTINATION,
  P_FLAGS,
  P_FRAME,
  P_INTERFACE,
  P_IP_LENGTH,
  P_KIND,
  P_MARKS,
  P_NANOSECONDS,
  P_PAYLOAD,
  P_PORTS,
  P_SECONDS,
  P_SOURCE,
  PACKET_WORDS,
} from '../wire/packet-batch.ts';
import { Clues } from './findings/clues.ts';
import type { Thresholds } from './findings/thresholds.ts';
import { Traffic } from './traffic.ts';
import type { ZoneTable } from './zones.ts';

/** Packets until the first turn, and between two: what reads them is to be compiled first. */
const FIRST = 200_000;
const BETWEEN = 16_000;
const TURNS = 8;
/** Packets of a turn. */
const MOST = 256;
/** So small that what happens to full tables happens. */
const LIMITS = { hosts: 1200, conversations: 1100, services: 1200, members: 600 };
const SAMPLES = { keys: 400, blocks: 200 };
/** What the ends of a TCP connection sent: SYN or SYN-ACK, ACK, data; see history.ts. */
const OPENED = 1 | 4 | 8;
const ACCEPTED = 2 | 4 | 8;

/** Its results are thrown away; the rows and tables of the answer are never touched. */
export class Rehearsal {
  private readonly stage: () => Traffic;
  private traffic: Traffic | undefined;
  private readonly seed: number;
  private readonly extensions = new Extensions();
  /** Turns so far. */
  turns = 0;
  /** Packets until the next turn. */
  private left = FIRST;

  constructor(addresses: AddressPool, zones: ZoneTable, thresholds: Thresholds, seed: number) {
    // Most captures end before the first turn.
    this.stage = () => {
      const clues = new Clues(addresses, thresholds, [], seed, SAMPLES);
      return new Traffic(addresses, zones, LIMITS, seed, clues);
    };
    this.seed = seed;
  }

  /** Lets packet rows pass. @param ahead whether this thread has time */
  take(rows: Int32Array, count: number, ahead: boolean): void {
    this.left -= count;
    if (this.left > 0 || !ahead || this.turns === TURNS) return;
    this.left = BETWEEN;
    this.turns++;
    const flows = Math.min(MOST, count);
    const chunk = newChunk(true, flows);
    for (let row = 0; row < flows; row++) write(rows, row * PACKET_WORDS, chunk, row);
    const part = { chunks: [chunk], count: flows, extensions: this.extensions };
    this.traffic ??= this.stage();
    const { traffic } = this;
    new FlowSet([part], new DirectionLadder(undefined, this.seed)).drain(
      traffic.add.bind(traffic),
      () => {},
    );
    traffic.finish();
  }
}

/** A packet as a flow of two packets, or of one that nothing answered. */
function write(rows: Int32Array, at: number, { words, floats }: Chunk, row: number): void {
  const base = row * ROW_WORDS;
  const octets = rows[at + P_IP_LENGTH]!;
  const answered = (row & 3) !== 3;
  words[base + R_A] = rows[at + P_SOURCE]!;
  words[base + R_B] = rows[at + P_DESTINATION]!;
  words[base + R_PORTS] = rows[at + P_PORTS]!;
  words[base + R_KIND] = rows[at + P_KIND]!;
  words[base + R_FIRST_SECONDS] = rows[at + P_SECONDS]!;
  words[base + R_FIRST_NANOSECONDS] = rows[at + P_NANOSECONDS]!;
  words[base + R_LAST_SECONDS] = rows[at + P_SECONDS]!;
  words[base + R_LAST_NANOSECONDS] = rows[at + P_NANOSECONDS]!;
  words[base + R_PACKETS_A] = 1;
  words[base + R_PACKETS_B] = answered ? 1 : 0;
  words[base + R_LENGTHS_A] = Math.min(0xffff, octets) * 0x10001;
  words[base + R_LENGTHS_B] = answered ? 60 * 0x10001 : 0;
  words[base + R_STATE] = (rows[at + P_MARKS]! & M_GROUP_DESTINATION) === 0 ? 0 : MARK_GROUP;
  const hint = rows[at + P_FLAGS]! >>> 24;
  // Some without a handshake, which are decided otherwise.
  const seen = (row & 7) < 6 ? OPENED | (answered ? ACCEPTED << 8 : 0) : 4 | (4 << 8);
  const asks = (hint & 3) === 1 ? HINT_CLIENT_A : HINT_CLIENT_B;
  words[base + R_SEEN] = seen | (hint === 0 ? 0 : (hint << 16) | asks);
  words[base + R_INTERFACE] = rows[at + P_INTERFACE]!;
  words[base + R_FRAME] = rows[at + P_FRAME]!;
  floats[(base >>> 1) + F_OCTETS_A] = octets;
  floats[(base >>> 1) + F_OCTETS_A + 1] = answered ? 60 : 0;
  floats[(base >>> 1) + F_PAYLOAD_A] = rows[at + P_PAYLOAD]!;
}
