/**
 * Gives memory back while it matters. V8 collects by what it allocated itself: arrays that other
 * threads share count for nothing with it, so that a hundred megabytes of flow rows nobody can
 * reach any more may stay until the program ends. Who lets go of much says so here.
 */
import { type Collector, collector } from '../garbage.ts';

/** Octets let go that are worth a collection, which takes some milliseconds. */
const WORTH_COLLECTING = 40 * 2 ** 20;

let owed = 0;
let collect: Collector | undefined;

/** Notes that arrays of so many octets cannot be reached any more; now and then collects them. */
export function letGo(octets: number): void {
  owed += octets;
  if (owed < WORTH_COLLECTING) return;
  owed = 0;
  collect ??= collector();
  collect();
}
