/**
 * What the rows of a verdict table are about, as small numbers, so that what is counted by host or
 * service lies in plain arrays: hosts with their zones, and services.
 *
 * Hosts are told apart by walking rows host by host: whatever was last seen of another one is seen
 * anew. That takes no table of what was seen.
 */
import type { Places } from './places.ts';
import type { VerdictRows } from './verdict-rows.ts';

/** Rows in the order of their hosts, without those that have none. */
export interface RowsByHost {
  readonly rows: Int32Array;
  /** Where the rows of each host begin; one more entry than hosts. */
  readonly starts: Int32Array;
}

export class RowIndex {
  /** By row: numbers of its hosts, or `NO_HOST`; and of its service. */
  readonly clients: Int32Array;
  readonly servers: Int32Array;
  readonly services: Int32Array;
  readonly hostCount: number;
  /** By host: the zone that its address tells, -1 for none. */
  readonly zones: Int16Array;
  /** By number of the service: what `serviceKey` gives. */
  readonly serviceKeys: readonly number[];
  private clientOrder: RowsByHost | undefined;

  constructor(table: VerdictRows, places: Places) {
    const { count, hosts } = table;
    this.clients = table.clients.subarray(0, count);
    this.servers = table.servers.subarray(0, count);
    this.services = table.services.subarray(0, count);
    this.serviceKeys = table.serviceKeys;
    this.hostCount = hosts.count;
    this.zones = new Int16Array(hosts.count);
    for (let host = 0; host < hosts.count; host++) {
      this.zones[host] = places.byAddress(hosts.kind(host), hosts.address(host));
    }
  }

  get byClient(): RowsByHost {
    this.clientOrder ??= this.inOrderOf(this.clients);
    return this.clientOrder;
  }

  get byServer(): RowsByHost {
    return this.inOrderOf(this.servers);
  }

  private inOrderOf(hosts: Int32Array): RowsByHost {
    const count = hosts.length;
    // At first one place further up: each moves down as the rows of the host before are put there.
    const starts = new Int32Array(this.hostCount + 2);
    for (let row = 0; row < count; row++) starts[hosts[row]! + 2]!++;
    for (let host = 1; host < starts.length; host++) starts[host]! += starts[host - 1]!;
    const rows = new Int32Array(count);
    for (let row = 0; row < count; row++) rows[starts[hosts[row]! + 1]!++] = row;
    return { rows, starts: starts.subarray(0, this.hostCount + 1) };
  }
}
