/**
 * The context of a packet that is part of its flow's key besides the five-tuple: VLAN tags and
 * the tunnel it came in. Interned, so that the hot path carries a 16-bit index.
 *
 * Only identifiers that are the same in both directions belong here (VLAN ids, VNIs); GTP tunnel
 * ends, GRE keys and MPLS labels differ by direction and would tear a conversation in two.
 */

/** Encapsulation directly around a packet. */
export const TUNNELS = [
  'none',
  'ip-in-ip',
  'gre',
  'erspan',
  'vxlan',
  'geneve',
  'gtp-u',
  'teredo',
] as const;
export type Tunnel = (typeof TUNNELS)[number];

export const TUNNEL_IP = 1;
export const TUNNEL_GRE = 2;
export const TUNNEL_ERSPAN = 3;
export const TUNNEL_VXLAN = 4;
export const TUNNEL_GENEVE = 5;
export const TUNNEL_GTP = 6;
export const TUNNEL_TEREDO = 7;

/** What is known of one context. */
export interface Context {
  /** Outer VLAN id (1–4094), or 0 for none. */
  readonly vlan: number;
  /** Inner VLAN id of a double-tagged frame, or 0. */
  readonly innerVlan: number;
  readonly tunnel: Tunnel;
  /** Network identifier of the tunnel (VNI, ERSPAN session), or 0. */
  readonly tunnelId: number;
  /** How many packets surround this one. */
  readonly depth: number;
}

const MOST_CONTEXTS = 0xffff;
/** Words per entry of the table of recent contexts: packed key, tunnel id, index (0 = none). */
const RECENT_WORDS = 3;
const RECENT = 1024;

/** Contexts by number, at most 65,535 of them. Numbers stay valid for the pool's life. */
export class ContextPool {
  /** Index 0 is always "no VLAN, no tunnel". */
  readonly list: Context[] = [{ vlan: 0, innerVlan: 0, tunnel: 'none', tunnelId: 0, depth: 0 }];
  /** Packets whose context found no room: they share the last index. */
  overflowed = 0;
  private readonly byKey = new Map<string, number>();
  /** Single-tagged frames without a tunnel, the common case: VLAN id to index, 0 = not yet. */
  private readonly byVlan = new Uint16Array(4096);
  /** Contexts met lately, so that a packet in a tunnel makes no text key. */
  private readonly recent = new Int32Array(RECENT * RECENT_WORDS);

  /** The index for a context; `vlan` and `innerVlan` are 12-bit ids. */
  intern(vlan: number, innerVlan: number, tunnel: number, tunnelId: number, depth: number): number {
    if (tunnel === 0 && innerVlan === 0) {
      if (vlan === 0) return 0;
      const known = this.byVlan[vlan]!;
      if (known !== 0) return known;
      const index = this.find(vlan, 0, 0, 0, 0);
      this.byVlan[vlan] = index;
      return index;
    }
    const key = vlan | (innerVlan << 12) | (tunnel << 24) | (depth << 28);
    const mixed = Math.imul(key ^ Math.imul(tunnelId, 0x85ebca6b), 0x9e3779b1);
    const at = (mixed >>> 22) * RECENT_WORDS;
    const recent = this.recent;
    if (recent[at + 2] !== 0 && recent[at] === key && recent[at + 1] === tunnelId) {
      return recent[at + 2]!;
    }
    const index = this.find(vlan, innerVlan, tunnel, tunnelId, depth);
    recent[at] = key;
    recent[at + 1] = tunnelId;
    // Overflow is not remembered, so that it goes on being counted.
    recent[at + 2] = this.list.length > MOST_CONTEXTS && index === MOST_CONTEXTS ? 0 : index;
    return index;
  }

  private find(
    vlan: number,
    innerVlan: number,
    tunnel: number,
    tunnelId: number,
    depth: number,
  ): number {
    const key = `${vlan}.${innerVlan}.${tunnel}.${tunnelId}.${depth}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    if (this.list.length > MOST_CONTEXTS) {
      this.overflowed++;
      return MOST_CONTEXTS;
    }
    const index = this.list.length;
    this.list.push({ vlan, innerVlan, tunnel: TUNNELS[tunnel] ?? 'none', tunnelId, depth });
    this.byKey.set(key, index);
    return index;
  }
}
