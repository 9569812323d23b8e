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
  /** The last one noted, which most frames share with the one before. */
  private path = 0;
  private interface = -1;

  /** Notes that an IP packet came by this path, which is not 0. */
  note(path: number, port: number): void {
    if (path === this.path && port === this.interface) return;
    this.path = path;
    this.interface = port;
    const layers = layersOf(path);
    if (this.has(layers, port) || this.list.length > MOST_PATHS) return;
    const isLast = this.list.length === MOST_PATHS;
    this.list.push({ layers: isLast ? [NO_FILTER_ENTERS] : layers, interface: port });
  }

  private has(layers: readonly Layer[], port: number): boolean {
    const key = layers.join();
    return this.list.some((known) => known.interface === port && known.layers.join() === key);
  }
}

function layersOf(path: number): Layer[] {
  const layers: Layer[] = [];
  for (let left = path; left !== 0; left >>>= BITS) layers.unshift((left & MASK) as Layer);
  return layers;
}
