/** Packet rows as the decoder writes them, for tests that need millions. */
import { finishHash, symmetricHash } from '../../src/wire/flow-hash.ts';
import {
  P_DESTINATION,
  P_FLAGS,
  P_FRAME,
  P_HASH,
  P_IP_LENGTH,
  P_KIND,
  P_NANOSECONDS,
  P_PAYLOAD,
  P_PORTS,
  P_SECONDS,
  P_SEQUENCE,
  P_SOURCE,
  PACKET_WORDS,
} from '../../src/wire/packet-batch.ts';

export interface RowFields {
  readonly source: number;
  readonly destination: number;
  readonly sport: number;
  readonly dport: number;
  /** 6 or 17; default UDP. */
  readonly protocol?: number;
  readonly length?: number;
  /** TCP flag bits. */
  readonly flags?: number;
  readonly sequence?: number;
  readonly seconds?: number;
  readonly nanoseconds?: number;
}

/** Flag bits. */
export const SYN = 2;
export const RST = 4;
export const ACK = 16;
const WINDOW = 1000 << 8;

export class PacketRows {
  readonly words: Int32Array;
  readonly capacity: number;
  count = 0;
  private frame = 0;

  constructor(capacity = 1024) {
    this.capacity = capacity;
    this.words = new Int32Array(capacity * PACKET_WORDS);
  }

  add(fields: RowFields): void {
    const at = this.count++ * PACKET_WORDS;
    const words = this.words;
    const kind = fields.protocol ?? 17;
    const ports = (fields.sport << 16) | fields.dport;
    words.fill(0, at, at + PACKET_WORDS);
    words[at + P_SOURCE] = fields.source;
    words[at + P_DESTINATION] = fields.destination;
    words[at + P_PORTS] = ports;
    words[at + P_KIND] = kind;
    words[at + P_IP_LENGTH] = fields.length ?? 60;
    words[at + P_PAYLOAD] = (fields.length ?? 60) - 40;
    words[at + P_FLAGS] = kind === 6 ? (fields.flags ?? ACK) | WINDOW : 0;
    words[at + P_SEQUENCE] = fields.sequence ?? 1;
    words[at + P_FRAME] = ++this.frame;
    words[at + P_SECONDS] = fields.seconds ?? 1_700_000_000;
    words[at + P_NANOSECONDS] = fields.nanoseconds ?? 0;
    const h = symmetricHash(0, fields.source, fields.destination, ports);
    words[at + P_HASH] = finishHash(h, kind);
  }

  /** Calls `take` when no further row fits, or whenever asked. */
  flush(take: (words: Int32Array, count: number) => void, always = false): void {
    if (!always && this.count < this.capacity) return;
    take(this.words, this.count);
    this.count = 0;
  }
}
