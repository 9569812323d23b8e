/**
 * The services of each host, in flat arrays: of the tens of thousands that a capture may show,
 * roles and dependencies look at all.
 */
import { EndpointTable } from '../flow/endpoint-table.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import { TALLY_WORDS, type TallyTable } from './tally-table.ts';

/** As the table of services is when it is made: nothing may be interned there afterwards. */
export class HostServices {
  /** Hosts by address and family (as port), in order of their first service. */
  readonly hosts = new EndpointTable();
  /** Entries of the service table, host by host, each in order; where each host's begin. */
  private readonly entries: Int32Array;
  private readonly starts: Int32Array;

  /** @param table of services: address, port, protocol with family */
  constructor({ words, count }: TallyTable) {
    const hostOf = new Int32Array(count);
    // Counted one place on, so that sums give where each host's begin.
    const starts = new Int32Array(count + 2);
    for (let entry = 0; entry < count; entry++) {
      const word = entry * TALLY_WORDS;
      const host = this.hosts.intern(words[word]!, words[word + 2]! & FAMILY_6, 0);
      hostOf[entry] = host;
      starts[host + 2]!++;
    }
    for (let host = 2; host < starts.length; host++) starts[host]! += starts[host - 1]!;
    this.entries = new Int32Array(count);
    for (let entry = 0; entry < count; entry++) {
      this.entries[starts[hostOf[entry]! + 1]!++] = entry;
    }
    this.starts = starts;
  }

  /** The number of a host, or -1 when nothing of it answered. */
  find(address: number, family: number): number {
    return this.hosts.find(address, family, 0);
  }

  count(host: number): number {
    return this.starts[host + 1]! - this.starts[host]!;
  }

  /** Entries of the host's services in the service table. Borrowed. */
  of(host: number): Int32Array {
    return this.entries.subarray(this.starts[host]!, this.starts[host + 1]!);
  }
}
