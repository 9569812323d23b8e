/** What each host in each zone met, as client and as server. */
import { EndpointTable } from '../../flow/endpoint-table.ts';
import { ALLOW } from '../../model/verdict.ts';
import { firstOf } from '../heaviest.ts';
import type { HostVerdicts } from './answer.ts';
import { MEANS } from './noise.ts';
import type { RowBlock } from './row-block.ts';
import { K_FAMILY } from './verdict-kind.ts';
import { type Hosts, NO_HOST } from './verdict-rows.ts';

/** Figures of a host: allowed and denied as client, then as server. */
const FIGURES = 4;
const INITIAL = 1024;

export class HostTotals {
  private readonly hosts: Hosts;
  /** Hosts in zones. */
  private readonly places: EndpointTable;
  /** By host: the place last counted in, + 1. Hardly any host is in several zones. */
  private readonly lastPlaces: Int32Array;
  private figures = new Float64Array(FIGURES * INITIAL);

  /** @param hosts of the verdict table */
  constructor(hosts: Hosts, seed: number) {
    this.hosts = hosts;
    this.places = new EndpointTable(seed);
    this.lastPlaces = new Int32Array(hosts.count);
  }

  /** Counts the rows that are wanted, have a verdict and are no noise. */
  add(block: RowBlock, wanted: Uint8Array): void {
    const { client, server, clientZone, serverZone, events } = block;
    for (let index = 0; index < block.count; index++) {
      if (wanted[index] === 0 || block.noise[index] !== MEANS || block.action[index] === 0)
        continue;
      if (client[index] === NO_HOST) continue;
      const denied = block.action[index] === ALLOW ? 0 : 1;
      this.count(client[index]!, clientZone[index]!, denied, events[index]!);
      this.count(server[index]!, serverZone[index]!, 2 + denied, events[index]!);
    }
  }

  private count(host: number, zone: number, figure: number, events: number): void {
    const last = this.lastPlaces[host]! - 1;
    const place =
      last >= 0 && this.places.port(last) === zone ? last : this.places.intern(host, zone, 0);
    this.lastPlaces[host] = place + 1;
    if (FIGURES * place === this.figures.length) {
      const larger = new Float64Array(2 * this.figures.length);
      larger.set(this.figures);
      this.figures = larger;
    }
    this.figures[FIGURES * place + figure]! += events;
  }

  get size(): number {
    return this.places.count;
  }

  /** The hosts that were the most active as clients. */
  rows(
    top: number,
    addressText: (kind: number, word: number, isClient: boolean) => string,
    zones: readonly string[],
  ): HostVerdicts[] {
    const { hosts, places, figures } = this;
    const weight = (place: number): number =>
      figures[FIGURES * place]! + figures[FIGURES * place + 1]!;
    const first = firstOf(places.count, top, (left, right) => {
      const more = weight(left) - weight(right);
      return more === 0 ? left < right : more > 0;
    });
    return first.map((place) => {
      const host = places.address(place);
      const from = FIGURES * place;
      return {
        address: addressText(hosts.kind(host) << K_FAMILY, hosts.address(host), weight(place) > 0),
        zone: zones[places.port(place)] ?? '',
        allowedAsClient: figures[from]!,
        deniedAsClient: figures[from + 1]!,
        allowedAsServer: figures[from + 2]!,
        deniedAsServer: figures[from + 3]!,
      };
    });
  }
}
