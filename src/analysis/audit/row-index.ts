/**
 * What the rows of a verdict table are about, as small numbers, so that what is counted by host or
 * service lies in plain arrays: hosts with their zones, and services.
 */
import { Openings } from './openings.ts';
import type { Places } from './places.ts';
import { awaitOrder, inOrderOf, type OrdersPart, type RowsByHost } from './row-order.ts';
import type { VerdictRows } from './verdict-rows.ts';

/** As the table is when it is made. The order by host is worked out when first asked for. */
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
  private readonly table: VerdictRows;
  private readonly seed: number;
  private itsOpenings: Openings | undefined;
  private readonly orders: OrdersPart | undefined;
  private clientOrder: RowsByHost | undefined;

  constructor(table: VerdictRows, places: Places, seed: number) {
    const { count, hosts } = table;
    this.clients = table.clients.subarray(0, count);
    this.servers = table.servers.subarray(0, count);
    this.services = table.services.subarray(0, count);
    this.serviceKeys = table.serviceKeys;
    this.orders = table.orders;
    this.table = table;
    this.seed = seed;
    this.hostCount = hosts.count;
    this.zones = new Int16Array(hosts.count);
    for (let host = 0; host < hosts.count; host++) {
      this.zones[host] = places.byAddress(hosts.kind(host), hosts.address(host));
    }
  }

  /** What packets within connections belong to; worked out when first asked for. */
  get openings(): Openings {
    this.itsOpenings ??= new Openings(this.table, this.seed);
    return this.itsOpenings;
  }

  get byClient(): RowsByHost {
    this.clientOrder ??= this.order(0, this.clients);
    return this.clientOrder;
  }

  get byServer(): RowsByHost {
    return this.order(1, this.servers);
  }

  private order(which: 0 | 1, hosts: Int32Array): RowsByHost {
    const { orders } = this;
    return (orders && awaitOrder(orders, which)) ?? inOrderOf(hosts, this.hostCount);
  }
}
