/**
 * Which endpoints have fan-in: at least three peers, and four in five of the peers' ports
 * different. Nothing is kept but a run of words per endpoint with enough flows.
 */
import { Column } from './endpoint-table.ts';

const MIN_PEERS = 3;
const DISTINCT_SHARE = 0.8;
/** A hundred flows tell as much as a million. */
const ENOUGH_FLOWS = 100;

export class Crowds {
  private readonly flows: Column;
  /** Start of each endpoint's run in `words`; 0 = none yet. */
  private readonly starts = new Column();
  /** Per run: flows looked at, peers, ports, then room for the peers and for the ports. */
  private words = new Int32Array(1 << 12);
  private used = 1;

  /** @param flows how many flows each endpoint has */
  constructor(flows: Column) {
    this.flows = flows;
  }

  /** Notes a flow of an endpoint: its peer's address and port. */
  note(entry: number, peer: number, port: number): void {
    const room = Math.min(this.flows.get(entry), ENOUGH_FLOWS);
    if (room < MIN_PEERS) return;
    let start = this.starts.get(entry);
    if (start === 0) {
      start = this.open(3 + 2 * room);
      this.starts.set(entry, start);
    }
    if (this.words[start]! >= room) return;
    this.words[start]!++;
    this.noteOnce(start + 1, start + 3, peer);
    this.noteOnce(start + 2, start + 3 + room, port);
  }

  isFanIn(entry: number): boolean {
    const start = this.starts.get(entry);
    if (start === 0) return false;
    const looked = this.words[start]!;
    return this.words[start + 1]! >= MIN_PEERS && this.words[start + 2]! >= DISTINCT_SHARE * looked;
  }

  private noteOnce(counter: number, list: number, value: number): void {
    const words = this.words;
    const end = list + words[counter]!;
    for (let at = list; at < end; at++) if (words[at] === value) return;
    words[end] = value;
    words[counter]!++;
  }

  private open(length: number): number {
    const start = this.used;
    this.used += length;
    if (this.used > this.words.length) {
      const larger = new Int32Array(Math.max(2 * this.words.length, this.used));
      larger.set(this.words);
      this.words = larger;
    }
    return start;
  }
}
