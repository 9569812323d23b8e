/** What each host in each zone met, as client and as server. */
import { ALLOW } from '../../model/verdict.ts';
import { firstOf } from '../heaviest.ts';
import type { HostVerdicts } from './answer.ts';
import { MEANS } from './noise.ts';
import type { RowBlock } from './row-block.ts';
import { NO_HOST, type RowIndex } from './row-index.ts';
import { K_FAMILY } from './verdict-table.ts';

/** Figures of a host: allowed and denied as client, then as server. */
const FIGURES = 4;

export class HostTotals {
  private readonly index: RowIndex;
  private readonly figures: Float64Array;
  private readonly met: Uint8Array;

  constructor(index: RowIndex) {
    this.index = index;
    this.figures = new Float64Array(FIGURES * index.placeCount);
    this.met = new Uint8Array(index.placeCount);
  }

  /** Counts the rows that are wanted, have a verdict and are no noise. */
  add(block: RowBlock, wanted: Uint8Array): void {
    const { figures, met } = this;
    for (let index = 0; index < block.count; index++) {
      if (wanted[index] === 0 || block.noise[index] !== MEANS || block.action[index] === 0)
        continue;
      const client = block.clientPlace[index]!;
      if (client === NO_HOST) continue;
      const server = block.serverPlace[index]!;
      const events = block.events[index]!;
      const denied = block.action[index] === ALLOW ? 0 : 1;
      figures[FIGURES * client + denied]! += events;
      figures[FIGURES * server + 2 + denied]! += events;
      met[client] = met[server] = 1;
    }
  }

  get count(): number {
    return this.met.reduce((sum, met) => sum + met, 0);
  }

  /** The hosts that were the most active as clients. */
  rows(
    top: number,
    addressText: (kind: number, word: number) => string,
    zones: readonly string[],
  ): HostVerdicts[] {
    const { index, figures, met } = this;
    const hosts: number[] = [];
    for (let host = 0; host < met.length; host++) if (met[host] === 1) hosts.push(host);
    const weight = (at: number): number => {
      const host = FIGURES * hosts[at]!;
      return figures[host]! + figures[host + 1]!;
    };
    const first = firstOf(hosts.length, top, (left, right) => {
      const more = weight(left) - weight(right);
      return more === 0 ? left < right : more > 0;
    });
    return first.map((at) => {
      const host = hosts[at]!;
      const from = FIGURES * host;
      return {
        address: addressText(index.familyOf(host) << K_FAMILY, index.addressOf(host)),
        zone: zones[index.zoneOf(host)] ?? '',
        allowedAsClient: figures[from]!,
        deniedAsClient: figures[from + 1]!,
        allowedAsServer: figures[from + 2]!,
        deniedAsServer: figures[from + 3]!,
      };
    });
  }
}
