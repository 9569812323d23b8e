/** What the packets themselves say about the limits of a capture. Only what is so is said. */

import type { BlindSpot } from '../model/blind-spot.ts';
import type { Decoder } from '../wire/decoder.ts';
import { FAULTS } from '../wire/faults.ts';
import { MOST_EACH } from './findings/case.ts';
import { OUTCOMES } from './flow-facts.ts';
import type { Traffic } from './traffic.ts';

/** What is known after a capture was read, beside its traffic. */
export interface CaptureState {
  readonly decoder: Decoder;
  readonly evicted: number;
  readonly evictedLive: number;
  readonly firstMs?: number;
  readonly lastMs?: number;
  /** Not read to the end, since somebody stopped it. */
  readonly stopped: boolean;
  /** Duplicates were left out. */
  readonly dropDuplicates: boolean;
  /** What payloads said; null when nobody listened. */
  readonly heard?: { readonly beyond: number } | null;
}

/** Below this many TCP connections one-sidedness may be chance. */
const ENOUGH_CONNECTIONS = 5;
/** Share of duplicates from which a mirror port is the likely reason rather than retransmission. */
const MIRROR_SHARE = 0.02;
const FRAGMENT_UNMATCHED = FAULTS.indexOf('fragment-unmatched');

/**
 * The blind spots, the gravest first.
 *
 * @param asked the flows that the answer is about, where it is not about all
 */
export function blindSpots(
  traffic: Traffic,
  state: CaptureState,
  asked: Traffic = traffic,
): BlindSpot[] {
  const { decoder } = state;
  return [
    stopped(state),
    oneWay(traffic),
    lost(traffic),
    cut(decoder),
    damaged(decoder),
    unknownLinks(decoder),
    evicted(state),
    duplicates(state),
    undirected(asked),
    oversized(decoder),
    fragments(decoder),
    tablesFull(traffic),
    poolsFull(decoder),
    payloadTablesFull(state),
    noTime(state),
  ].filter((spot) => spot !== undefined);
}

function stopped({ stopped: early }: CaptureState): BlindSpot | undefined {
  if (!early) return undefined;
  return {
    id: 'interrupted',
    what: 'the rest of the input: reading was interrupted',
    because: 'it was stopped before the end',
    remedy: 'run it again to the end for complete figures',
    missing: true,
  };
}

function oneWay({ tcpConversations: all, tcpOneSided: oneSided }: Traffic): BlindSpot | undefined {
  if (all < ENOUGH_CONNECTIONS || oneSided * 2 < all) return undefined;
  return {
    id: 'one-way',
    what: `one direction of ${share(oneSided, all)} of the TCP connections`,
    because:
      'the observation point sees only one way (half a mirror port, asymmetric routing), or a filter let one way through',
    remedy: 'mirror both directions (ingress and egress), then capture again',
    missing: true,
  };
}

/** Octets that TCP says arrived, and the capture does not have. */
export function lost({
  tcpConversations: all,
  tcpGapped: gapped,
  missedOctets,
}: Pick<Traffic, 'tcpConversations' | 'tcpGapped' | 'missedOctets'>): BlindSpot | undefined {
  if (gapped === 0) return undefined;
  const octets = `${number(missedOctets)} octets of ${number(gapped)} of ${number(all)} TCP connections`;
  return {
    id: 'capture-loss',
    what: `${octets}: acknowledged, but not captured`,
    because:
      'frames were lost while capturing (a full buffer, a mirror port that has more to send than it can), a filter left them out, or they come much later in the capture',
    remedy: 'capture with a larger buffer (tcpdump -B 65536), a snap length or a filter',
    missing: true,
  };
}

function cut({ cutFrames, frames, faultCounts }: Decoder): BlindSpot | undefined {
  if (cutFrames === 0) return undefined;
  const unread = faultCounts[FAULTS.indexOf('transport-header-cut')]!;
  return {
    id: 'snap-length',
    what:
      `the ends of ${share(cutFrames, frames)} of the frames` +
      (unread > 0 ? `, with the ports of ${number(unread)} of them` : ''),
    because: 'the capture was taken with a snap length; lengths on the wire are known and counted',
    ...(unread > 0 ? { remedy: 'capture at least 128 octets of each frame (-s 128)' } : {}),
    missing: unread > 0,
  };
}

function damaged({ unreadable, faultCounts, faultFrames }: Decoder): BlindSpot | undefined {
  if (unreadable.frames === 0) return undefined;
  const kinds = FAULTS.flatMap((fault, code) =>
    faultCounts[code]! > 0 && fault !== 'fragment-unmatched'
      ? [`${fault} (${number(faultCounts[code]!)}, first in frame ${faultFrames[code]!})`]
      : [],
  );
  return {
    id: 'unreadable-frames',
    what: `what is in ${frameCount(unreadable.frames)}: damaged, cut, or not what they claim to be`,
    because: kinds.join(', ') || 'their headers could not be followed',
    missing: true,
  };
}

function unknownLinks({ unknownLinks: links }: Decoder): BlindSpot | undefined {
  if (links.size === 0) return undefined;
  let frames = 0;
  for (const tally of links.values()) frames += tally.frames;
  return {
    id: 'unknown-link-type',
    what: `${frameCount(frames)} of link type ${[...links.keys()].join(', ')}`,
    because: 'no decoder here reads that link type; they are counted, not looked into',
    missing: true,
  };
}

function evicted({ evicted: gone, evictedLive: live }: CaptureState): BlindSpot | undefined {
  if (live === 0) return undefined;
  return {
    id: 'flows-evicted',
    what: `the later packets of ${number(live)} flows as part of the same flow`,
    because: `more flows at once than memory was set aside for: ${number(gone)} left it early`,
    remedy: 'raise --max-flows (144 octets each); totals are right either way',
    missing: false,
  };
}

function duplicates({ decoder, dropDuplicates }: CaptureState): BlindSpot | undefined {
  const { frames } = decoder.duplicates;
  if (frames === 0) return undefined;
  const whole = decoder.frames;
  if (dropDuplicates) {
    return {
      id: 'duplicates-dropped',
      what: `${share(frames, whole)} of the frames: copies within a millisecond, left out`,
      because: '--drop-duplicates was given',
      missing: false,
    };
  }
  if (frames < MIRROR_SHARE * whole) return undefined;
  return {
    id: 'duplicates',
    what: `which frames really were sent twice: ${share(frames, whole)} are copies`,
    because: 'a mirror port that copies both ends of a path, or several VLANs, shows frames twice',
    remedy: 'run again with --drop-duplicates to count each once',
    missing: false,
  };
}

function undirected({ ports, flows }: Traffic): BlindSpot | undefined {
  let unknown = 0;
  for (let row = 0; row < ports.count; row++) {
    if (ports.listing(row) === 1)
      for (let each = 0; each < OUTCOMES.length; each++) unknown += ports.flows(row, each);
  }
  if (unknown === 0) return undefined;
  return {
    id: 'direction-unknown',
    what: `who serves in ${share(unknown, flows)} of the flows (marked “?”)`,
    because: 'no opening of theirs was seen and nothing in them tells; they make no service',
    missing: false,
  };
}

function oversized({ oversizedPackets, frames }: Decoder): BlindSpot | undefined {
  if (oversizedPackets === 0) return undefined;
  return {
    id: 'oversized-packets',
    what: `how many packets were on the wire: ${share(oversizedPackets, frames)} are larger than a frame`,
    because: 'segmentation offload on the capturing machine joined them; bytes are right',
    remedy: 'capture on a mirror port, or switch offloads off (ethtool -K … gro off tso off)',
    missing: false,
  };
}

function fragments({ faultCounts }: Decoder): BlindSpot | undefined {
  const unmatched = faultCounts[FRAGMENT_UNMATCHED]!;
  if (unmatched === 0) return undefined;
  return {
    id: 'fragments-unmatched',
    what: `the ports of ${number(unmatched)} fragments`,
    because: 'the first fragment, which alone has them, was not captured',
    missing: true,
  };
}

/** Addresses and contexts that found no room: their flows are counted together, so say so. */
export function poolsFull({
  addresses,
  contexts,
}: {
  readonly addresses: { readonly overflowed: number };
  readonly contexts: { readonly overflowed: number };
}): BlindSpot | undefined {
  const parts = [
    ...(addresses.overflowed > 0
      ? [`the IPv6 addresses of ${number(addresses.overflowed)} look-ups, shown as ::`]
      : []),
    ...(contexts.overflowed > 0
      ? [`the VLAN or tunnel of ${number(contexts.overflowed)} packets`]
      : []),
  ];
  if (parts.length === 0) return undefined;
  return {
    id: 'pools-full',
    what: parts.join(', '),
    because: 'there were more than are kept, as in a flood of forged packets',
    remedy: 'assess a shorter part of the capture',
    missing: true,
  };
}

function payloadTablesFull({ heard }: CaptureState): BlindSpot | undefined {
  const beyond = heard?.beyond ?? 0;
  if (beyond === 0) return undefined;
  return {
    id: 'payload-tables-full',
    what: `protocols or names that ${number(beyond)} payloads told`,
    because: 'there are more endpoints or hosts than the tables hold; the first are kept',
    remedy: 'assess a shorter part of the capture',
    missing: true,
  };
}

function tablesFull({ hosts, services }: Traffic): BlindSpot | undefined {
  const { flowsBeyond } = services;
  if (hosts.pruned + flowsBeyond === 0) return undefined;
  const parts = [
    ...(flowsBeyond > 0 ? [`services of ${number(flowsBeyond)} flows`] : []),
    ...(hosts.pruned > 0 ? ['the exact number of hosts, and figures of small ones'] : []),
  ];
  return {
    id: 'tables-full',
    what: parts.join(', '),
    because: 'there are more than the tables hold; the largest are kept',
    missing: flowsBeyond > 0,
  };
}

/** Findings that would be more of the same. @param untold how many, by kind */
export function untoldFindings(untold: ReadonlyMap<string, number>): BlindSpot[] {
  if (untold.size === 0) return [];
  return [
    {
      id: 'findings-untold',
      what: [...untold].map(([id, more]) => `${number(more)} more findings of ${id}`).join(', '),
      because: `of each kind the first ${MOST_EACH} are told`,
      remedy: 'look at a part of the packets: --filter, or one input at a time',
      missing: true,
    },
  ];
}

function noTime({ decoder, firstMs, lastMs }: CaptureState): BlindSpot | undefined {
  if (decoder.frames < 2 || firstMs !== lastMs) return undefined;
  return {
    id: 'no-time-span',
    what: 'how long this took',
    because: 'all frames have the same time',
    missing: false,
  };
}

function frameCount(frames: number): string {
  return frames === 1 ? '1 frame' : `${number(frames)} frames`;
}

/** `1,204`. The same form as in report/numbers.ts, which pure rooms may not import. */
function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `12 %`, never 0 % for something or 100 % for less than all. */
function share(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  if (part === whole) return '100 %';
  if (percent < 1) return '<1 %';
  return percent > 99 ? '>99 %' : `${Math.round(percent)} %`;
}
