/**
 * Where things lie in a frame, by link type (the LINKTYPE_ registry): the link header, the field
 * that says what it carries, and what it carries. Filters step through tunnels (`vlan`, `pppoes`,
 * `vxlan`) by moving these places, so that what stands to the right is about the inside.
 */
import { load, type Step, type Value } from './program.ts';

/** A place in the frame: an offset, from a value found in the frame where headers vary. */
export interface Place {
  readonly base?: Value;
  readonly offset: number;
}

/** Families of link types that announce what they carry in the same way. */
export type LinkKind =
  | 'ethernet'
  | 'wlan'
  | 'cooked'
  | 'ethertype'
  | 'hdlc'
  | 'ppp'
  | 'raw'
  | 'ipv4'
  | 'ipv6'
  | 'loopback'
  | 'arcnet'
  | 'llc'
  | 'frame-relay'
  | 'pflog'
  | 'opaque';

export interface Layout {
  readonly linkType: number;
  readonly kind: LinkKind;
  readonly header: Place;
  /** The field that says what the payload is. */
  readonly type: Place;
  /** The payload of the link layer: where 802.2 would be. */
  readonly payload: Place;
  /** From the payload to the network layer, behind SNAP and behind 802.2 alone. */
  readonly network: number;
  readonly networkWithoutSnap: number;
  /** What has to be found out first; empty where lengths are fixed. */
  readonly prelude: readonly Step[];
  /** Offsets of destination and source address in the header, where they have six octets. */
  readonly macs?: readonly [destination: number, source: number];
  /** Offset of the signalling unit, for SS7. */
  readonly signalling?: number;
}

interface FixedLayout {
  readonly kind: LinkKind;
  readonly type?: number;
  readonly payload?: number;
  readonly network?: number;
  readonly networkWithoutSnap?: number;
  readonly macs?: readonly [number, number];
  readonly signalling?: number;
}

const ETHERNET: FixedLayout = {
  kind: 'ethernet',
  type: 12,
  payload: 14,
  networkWithoutSnap: 3,
  macs: [0, 6],
};
const SWITCH_TAG: FixedLayout = { ...ETHERNET, type: 16, payload: 18 };
const RAW: FixedLayout = { kind: 'raw' };
const PPP: FixedLayout = { kind: 'ppp', type: 2, payload: 4 };
const HDLC: FixedLayout = { kind: 'hdlc', type: 2, payload: 4 };
const LLC = { kind: 'llc', network: 8, networkWithoutSnap: 3 } as const;
const OPAQUE: FixedLayout = { kind: 'opaque' };

const FIXED: ReadonlyMap<number, FixedLayout> = new Map([
  [0, { kind: 'loopback', type: 0, payload: 4 }],
  [1, ETHERNET],
  [6, { ...LLC, type: 14, payload: 14, macs: [2, 8] }],
  [7, { kind: 'arcnet', type: 2, payload: 6 }],
  [8, { kind: 'raw', payload: 16 }],
  [9, PPP],
  [10, { ...LLC, type: 13, payload: 13, macs: [1, 7] }],
  [12, RAW],
  [14, RAW],
  [50, PPP],
  [51, { kind: 'ppp', type: 6, payload: 8 }],
  [100, { ...LLC, type: 0, payload: 0 }],
  [101, RAW],
  [104, HDLC],
  [107, { kind: 'frame-relay', payload: 4 }],
  [108, { kind: 'loopback', type: 0, payload: 4 }],
  [109, { kind: 'loopback', type: 0, payload: 12 }],
  [113, { kind: 'cooked', type: 14, payload: 16 }],
  [122, { ...LLC, type: 16, payload: 16, macs: [2, 10] }],
  [129, { kind: 'arcnet', type: 4, payload: 8 }],
  [138, { kind: 'ethertype', type: 16, payload: 18 }],
  [139, { ...OPAQUE, signalling: 6 }],
  [140, { ...OPAQUE, signalling: 2 }],
  [165, OPAQUE],
  [166, PPP],
  [197, { ...OPAQUE, signalling: 22 }],
  [228, { kind: 'ipv4' }],
  [229, { kind: 'ipv6' }],
  [276, { kind: 'ethertype', type: 0, payload: 20 }],
  [281, SWITCH_TAG],
  [284, SWITCH_TAG],
]);

/** Whether `vlan` is a test that frames of this form can pass. */
export function holdsTags({ kind }: Pick<Layout, 'kind'>): boolean {
  return kind === 'ethernet' || kind === 'wlan';
}

/** Whether `mpls` is. */
export function holdsLabels({ kind }: Pick<Layout, 'kind'>): boolean {
  return kind === 'ethernet' || kind === 'hdlc' || kind === 'ppp';
}

/** Where the parts of a frame of this link type lie. */
export function layoutOf(linkType: number): Layout {
  const wlan = wlanLayout(linkType);
  if (wlan !== undefined) return wlan;
  if (linkType === 117) return pflogLayout();
  const fixed = FIXED.get(linkType) ?? OPAQUE;
  return {
    linkType,
    kind: fixed.kind,
    header: { offset: 0 },
    type: { offset: fixed.type ?? 0 },
    payload: { offset: fixed.payload ?? 0 },
    network: fixed.network ?? 0,
    networkWithoutSnap: fixed.networkWithoutSnap ?? 0,
    prelude: [],
    ...(fixed.macs === undefined ? {} : { macs: fixed.macs }),
    ...(fixed.signalling === undefined ? {} : { signalling: fixed.signalling }),
  };
}

/** Slots of the link header's place and of the payload's, where they vary. */
const HEADER_SLOT = 0;
const PAYLOAD_SLOT = 1;
/** Slots that layouts may use; further ones are free. */
export const LAYOUT_SLOTS = 2;
const headerSlot: Value = { kind: 'slot', slot: HEADER_SLOT };
const payloadSlot: Value = { kind: 'slot', slot: PAYLOAD_SLOT };

/** The log header of OpenBSD's packet filter begins with its length, padded to four octets. */
function pflogLayout(): Layout {
  const padded: Value = {
    kind: 'math',
    operator: '&',
    left: {
      kind: 'math',
      operator: '+',
      left: load(1, 0),
      right: { kind: 'constant', value: 3 },
    },
    right: { kind: 'constant', value: 0xfffffffc },
  };
  return {
    linkType: 117,
    kind: 'pflog',
    header: { offset: 0 },
    type: { offset: 0 },
    payload: { base: payloadSlot, offset: 0 },
    network: 0,
    networkWithoutSnap: 0,
    prelude: [{ slot: PAYLOAD_SLOT, value: padded }],
  };
}

function wlanLayout(linkType: number): Layout | undefined {
  const before = radioHeaderLength(linkType);
  if (before === undefined && linkType !== 105) return undefined;
  const header: Place = before === undefined ? { offset: 0 } : { base: headerSlot, offset: 0 };
  return {
    linkType,
    kind: 'wlan',
    header,
    type: { ...header, offset: 24 },
    payload: { base: payloadSlot, offset: 0 },
    network: 8,
    networkWithoutSnap: 3,
    prelude: [...(before ?? []), ...wlanHeaderLength(header, linkType === 127)],
  };
}

/** How long the header with radio facts before the frame is; undefined for other link types. */
function radioHeaderLength(linkType: number): readonly Step[] | undefined {
  const fixed = (value: number): Value => ({ kind: 'constant', value });
  switch (linkType) {
    case 119: {
      // Prism headers have 144 octets; some are AVS headers in disguise, told by a cookie.
      const cookie: Value = {
        kind: 'math',
        operator: '&',
        left: load(4, 0),
        right: fixed(0xfffff000),
      };
      const disguised = {
        kind: 'compare',
        relation: '=',
        left: cookie,
        right: fixed(0x80211000),
      } as const;
      return [
        { slot: HEADER_SLOT, value: fixed(144) },
        { slot: HEADER_SLOT, value: load(4, 4), when: disguised },
      ];
    }
    case 127:
    case 192: {
      // Little-endian, unlike everything else that is loaded.
      const high: Value = { kind: 'math', operator: '<<', left: load(1, 3), right: fixed(8) };
      const length: Value = { kind: 'math', operator: '|', left: high, right: load(1, 2) };
      return [{ slot: HEADER_SLOT, value: length }];
    }
    case 163:
      return [{ slot: HEADER_SLOT, value: load(4, 4) }];
    default:
      return undefined;
  }
}

/**
 * 24 octets, two more for quality of service; radiotap may say that the header is padded to a
 * multiple of four. Fourth addresses and HT control are not counted, as libpcap does not.
 */
function wlanHeaderLength({ base, offset }: Place, radiotap: boolean): Step[] {
  const fixed = (value: number): Value => ({ kind: 'constant', value });
  const sum = (left: Value, value: number): Value => {
    return { kind: 'math', operator: '+', left, right: fixed(value) };
  };
  const bits = (value: Value, mask: number, wanted: number) =>
    ({
      kind: 'compare',
      relation: '=',
      left: { kind: 'math', operator: '&', left: value, right: fixed(mask) },
      right: fixed(wanted),
    }) as const;
  const control = load(1, offset, base);
  const data = bits(control, 0x0c, 0x08);
  const both = (left: Step['when'], right: Step['when']) =>
    ({ kind: 'and', left: left!, right: right! }) as const;
  const present = load(4, 4);
  // Flags are there (bit 1), no further word of bits is (bit 31): little-endian on the wire.
  const flagged = bits(present, 0x02000080, 0x02000000);
  const behindTime = both(bits(present, 0x01000000, 0x01000000), bits(load(1, 16), 0x20, 0x20));
  const first = both(bits(present, 0x01000000, 0), bits(load(1, 8), 0x20, 0x20));
  const padded = both(data, both(flagged, { kind: 'or', left: behindTime, right: first }));
  return [
    { slot: PAYLOAD_SLOT, value: base === undefined ? fixed(24) : sum(base, 24) },
    {
      slot: PAYLOAD_SLOT,
      value: sum(payloadSlot, 2),
      when: both(data, bits(control, 0x80, 0x80)),
    },
    ...(radiotap
      ? [
          {
            slot: PAYLOAD_SLOT,
            value: {
              kind: 'math',
              operator: '&',
              left: sum(payloadSlot, 3),
              right: fixed(0xfffffffc),
            } as const,
            when: padded,
          },
        ]
      : []),
  ];
}
