/**
 * Who and what the rows of a verdict table are about, as small numbers: each host, each place (a
 * host in a zone) and each service gets one, so that what is counted by them lies in plain arrays.
 *
 * Hosts are told apart by walking rows in the order of their hosts: of two that come one after the
 * other with different ones, the second shows a new one. That takes no table of what was seen.
 */
import { EndpointTable } from '../../flow/endpoint-table.ts';
import type { ContextPlaces } from './context-places.ts';
import type { Places } from './places.ts';
import { serviceKey } from './port-shown.ts';
import {
  FAMILY_ZONE,
  K_FAMILY,
  R_CLIENT,
  R_CONTEXT,
  R_KIND,
  R_SERVER,
  type VerdictTable,
} from './verdict-table.ts';

/** Of rows that are kept by zones, and have no hosts. */
export const NO_HOST = -1;

export class RowIndex {
  /** By row: places of client and server, or `NO_HOST`; number of the service. */
  readonly clients: Int32Array;
  readonly servers: Int32Array;
  readonly services: Int32Array;
  /** By number of the service: what `serviceKey` gives. */
  readonly serviceKeys: number[] = [];
  private readonly places: EndpointTable;
  private readonly hosts: EndpointTable;
  /** Host by place. */
  private readonly hostOf: number[] = [];
  /** Numbers + 1 by port, by protocol. */
  private readonly ports: (Int32Array | undefined)[] = [];
  private clientOrder: Int32Array | undefined;
  private serverOrder: Int32Array | undefined;

  constructor(table: VerdictTable, places: Places, contexts: ContextPlaces, seed: number) {
    const rows = table.count;
    this.places = new EndpointTable(seed);
    this.hosts = new EndpointTable(seed);
    this.clients = new Int32Array(rows);
    this.servers = new Int32Array(rows);
    this.services = new Int32Array(rows);
    const { clients, servers, services } = this;
    for (let row = 0; row < rows; row++) {
      const kind = table.word(row, R_KIND);
      const family = (kind >>> K_FAMILY) & 3;
      services[row] = this.serviceOf(serviceKey((kind >>> 16) & 255, kind & 0xffff));
      if (family === FAMILY_ZONE) {
        clients[row] = servers[row] = NO_HOST;
        continue;
      }
      const context = table.word(row, R_CONTEXT);
      const client = table.word(row, R_CLIENT);
      const server = table.word(row, R_SERVER);
      const clientZone = places.client(client, kind, contexts.fromZone[context]!);
      const serverZone = places.server(server, kind, contexts.toZone[context]!);
      clients[row] = this.placeOf(client, clientZone, family);
      servers[row] = this.placeOf(server, serverZone, family);
    }
  }

  get hostCount(): number {
    return this.hosts.count;
  }

  get placeCount(): number {
    return this.places.count;
  }

  /** The host of a place. */
  host(place: number): number {
    return place === NO_HOST ? NO_HOST : this.hostOf[place]!;
  }

  zoneOf(place: number): number {
    return this.places.port(place);
  }

  /** Family, and address word of that family. */
  familyOf(place: number): number {
    return this.places.kind(place);
  }

  addressOf(place: number): number {
    return this.places.address(place);
  }

  /** The rows in the order of their clients; those without come first. */
  get byClient(): Int32Array {
    this.clientOrder ??= this.inOrderOf(this.clients);
    return this.clientOrder;
  }

  get byServer(): Int32Array {
    this.serverOrder ??= this.inOrderOf(this.servers);
    return this.serverOrder;
  }

  private inOrderOf(role: Int32Array): Int32Array {
    const rows = role.length;
    const starts = new Int32Array(this.hostCount + 2);
    for (let row = 0; row < rows; row++) starts[this.host(role[row]!) + 2]!++;
    for (let host = 1; host < starts.length; host++) starts[host]! += starts[host - 1]!;
    const order = new Int32Array(rows);
    for (let row = 0; row < rows; row++) order[starts[this.host(role[row]!) + 1]!++] = row;
    return order;
  }

  private placeOf(address: number, zone: number, family: number): number {
    const { places } = this;
    const before = places.count;
    const place = places.intern(address, zone, family);
    if (places.count > before) this.hostOf.push(this.hosts.intern(address, 0, family));
    return place;
  }

  private serviceOf(key: number): number {
    const protocol = key >>> 16;
    this.ports[protocol] ??= new Int32Array(65_536);
    const ports = this.ports[protocol];
    const known = ports[key & 0xffff]!;
    if (known !== 0) return known - 1;
    ports[key & 0xffff] = this.serviceKeys.push(key);
    return this.serviceKeys.length - 1;
  }
}
