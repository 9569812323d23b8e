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
const INITIAL = 64;

/** What a host was allowed and denied. */
export type HostFigures = Pick<
  HostVerdicts,
  'allowedAsClient' | 'deniedAsClient' | 'allowedAsServer' | 'deniedAsServer'
>;

/** Events, by host and zone: let through and refused as client, and as server. */
export class HostTotals {
  private readonly hosts: Hosts;
  /** By host: its zone + 1; 0 = it was not counted. */
  private readonly zones: Uint8Array;
  private readonly figures: Float64Array;
  private counted = 0;
  /** Hosts in further zones: hardly any is in several. */
  private readonly others: EndpointTable;
  private otherFigures = new Float64Array(FIGURES * INITIAL);

  /** @param hosts of the verdict table */
  constructor(hosts: Hosts, seed: number) {
    this.hosts = hosts;
    this.others = new EndpointTable(seed);
    this.zones = new Uint8Array(hosts.count);
    this.figures = new Float64Array(FIGURES * hosts.count);
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
    const { zones } = this;
    if (zones[host] === 0) {
      zones[host] = zone + 1;
      this.counted++;
    }
    if (zones[host] === zone + 1) this.figures[FIGURES * host + figure]! += events;
    else this.countOther(this.others.intern(host, zone, 0), figure, events);
  }

  private countOther(other: number, figure: number, events: number): void {
    if (FIGURES * other === this.otherFigures.length) {
      const larger = new Float64Array(2 * this.otherFigures.length);
      larger.set(this.otherFigures);
      this.otherFigures = larger;
    }
    this.otherFigures[FIGURES * other + figure]! += events;
  }

  /** Hosts, once for each of their zones. */
  get size(): number {
    return this.counted + this.others.count;
  }

  /** Of a host, in all its zones. */
  figuresOf(host: number, zoneCount: number): HostFigures {
    const sums = [...this.figures.subarray(FIGURES * host, FIGURES * (host + 1))];
    for (let zone = 0; zone < zoneCount; zone++) {
      const other = this.others.find(host, zone, 0);
      if (other < 0) continue;
      for (let figure = 0; figure < FIGURES; figure++) {
        sums[figure]! += this.otherFigures[FIGURES * other + figure]!;
      }
    }
    return figuresAt(sums, 0);
  }

  /** The hosts that were the most active as clients. */
  rows(
    top: number,
    addressText: (kind: number, word: number, isClient: boolean) => string,
    zones: readonly string[],
  ): HostVerdicts[] {
    const { hosts, others } = this;
    // Those of further zones stand behind all hosts.
    const places = new Int32Array(this.size);
    let count = 0;
    for (let host = 0; host < this.zones.length; host++) {
      if (this.zones[host] !== 0) places[count++] = host;
    }
    for (let other = 0; other < others.count; other++) {
      places[count++] = this.zones.length + other;
    }
    const weight = (index: number): number => {
      const { figures, from } = this.at(places[index]!);
      return figures[from]! + figures[from + 1]!;
    };
    const first = firstOf(count, top, (left, right) => {
      const more = weight(left) - weight(right);
      return more === 0 ? left < right : more > 0;
    });
    return first.map((index) => {
      const { host, zone, figures, from } = this.at(places[index]!);
      return {
        address: addressText(hosts.kind(host) << K_FAMILY, hosts.address(host), weight(index) > 0),
        zone: zones[zone] ?? '',
        ...figuresAt(figures, from),
      };
    });
  }

  /** A host in its zone, or in a further one. */
  private at(place: number) {
    const { zones, others } = this;
    const other = place - zones.length;
    return other < 0
      ? { host: place, zone: zones[place]! - 1, figures: this.figures, from: FIGURES * place }
      : {
          ...{ host: others.address(other), zone: others.port(other) },
          ...{ figures: this.otherFigures, from: FIGURES * other },
        };
  }
}

function figuresAt(figures: ArrayLike<number>, from: number): HostFigures {
  return {
    allowedAsClient: figures[from]!,
    deniedAsClient: figures[from + 1]!,
    allowedAsServer: figures[from + 2]!,
    deniedAsServer: figures[from + 3]!,
  };
}
