/**
 * What stood between link headers and the IP packets of an input: VLAN tags, MPLS labels, PPPoE, in
 * the order of the frame. Not part of any flow's key (see context.ts): it says where a filter in
 * tcpdump's language has to look for the packets.
 */

/** A layer a filter can step into by `vlan`, `mpls` or `pppoes`; and one it cannot. */
export const VLAN = 1;
export const MPLS = 2;
export const PPPOE = 3;
export const NO_FILTER_ENTERS = 4;
export type Layer = typeof VLAN | typeof MPLS | typeof PPPOE | typeof NO_FILTER_ENTERS;

const BITS = 3;
const MASK = 7;
/** A path of as many layers as are told one by one. */
const LONGEST = 1 << (8 * BITS);
/** Paths kept; what comes after is one that no filter enters. */
const MOST_PATHS = 64;

/** Layers from the outside in, of frames of one interface. */
export interface LinkPath {
  readonly layers: readonly Layer[];
  /** Index of the interface. */
  readonly interface: number;
}

/** The path that goes one layer on; 0 is that of a packet right behind its link header. */
export function goOn(path: number, layer: Layer): number {
  return path >= LONGEST ? NO_FILTER_ENTERS : (path << BITS) | layer;
}

/** At most 64 paths and one for all others; they stay for the input's life. */
export class LinkPaths {
  readonly list: LinkPath[] = [];
  /** Path and interface of each in the list. */
  private readonly known = new Int32Array(2 * (MOST_PATHS + 1));
  /** Where the last one noted is, which most frames share with the one before. */
  private last = 0;

  /** Notes that an IP packet came by this path, which is not 0. */
  note(path: number, port: number): void {
    const { known, last } = this;
    if (path === known[last] && port === known[last + 1]) return;
    const count = this.list.length;
    for (let at = 0; at < 2 * count; at += 2) {
      if (path !== known[at] || port !== known[at + 1]) continue;
      this.last = at;
      return;
    }
    if (count > MOST_PATHS) return;
    known[2 * count] = path;
    known[2 * count + 1] = port;
    const layers: Layer[] = count === MOST_PATHS ? [NO_FILTER_ENTERS] : layersOf(path);
    this.list.push({ layers, interface: port });
  }
}

function layersOf(path: number): Layer[] {
  const layers: Layer[] = [];
  for (let left = path; left !== 0; left >>>= BITS) layers.unshift((left & MASK) as Layer);
  return layers;
}
