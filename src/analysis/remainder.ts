/**
 * What a capture holds beside the traffic of ports, by name: with the port table it adds up to
 * every frame and every octet of the capture.
 */
import { frameKindName, icmpTypeName, protocolName } from '../catalog/protocols.ts';
import type { RemainderUse } from '../model/use.ts';
import type { Decoder } from '../wire/decoder.ts';
import { BY_LOWER_PORT, BY_TYPE } from './flow-facts.ts';
import type { Traffic } from './traffic.ts';

/** The tallies of a decoder that are needed here. */
export type FrameTallies = Pick<
  Decoder,
  | 'frames'
  | 'octets'
  | 'linkOctets'
  | 'droppedFrames'
  | 'droppedOctets'
  | 'otherFrames'
  | 'unknownLinks'
  | 'unreadable'
>;

/**
 * Parts with packets or bytes in them, the largest first, link headers last.
 *
 * @param elsewhere packets of the traffic that lie in no frame: logs tell of them
 */
export function remainderUses(
  traffic: Traffic,
  tallies: FrameTallies,
  elsewhere = 0,
): RemainderUse[] {
  const parts = [...portless(traffic), ...frames(tallies)];
  parts.sort((left, right) => right.bytes - left.bytes);
  const headers = tallies.linkOctets;
  if (headers !== 0) {
    parts.push({
      what: 'link headers and padding',
      part: 'link-headers',
      packets: 0,
      bytes: headers,
    });
  }
  let packets = parts.reduce((sum, part) => sum + part.packets, -elsewhere);
  const { ports } = traffic;
  for (let row = 0; row < ports.count; row++) {
    if (ports.listing(row) <= BY_LOWER_PORT) packets += allPackets(traffic, row);
  }
  // An 802.11 aggregate holds several packets in one frame.
  if (packets !== tallies.frames) {
    const what = 'packets that share a frame';
    parts.push({ what, part: 'shared-frames', packets: tallies.frames - packets, bytes: 0 });
  }
  return parts;
}

function portless(traffic: Traffic): RemainderUse[] {
  const { ports } = traffic;
  const parts: RemainderUse[] = [];
  for (let row = 0; row < ports.count; row++) {
    const listing = ports.listing(row);
    if (listing <= BY_LOWER_PORT) continue;
    const protocol = ports.protocol(row);
    const name = protocolName(protocol);
    const hasPorts = protocol === 6 || protocol === 17 || protocol === 132 || protocol === 33;
    const named: Pick<RemainderUse, 'what' | 'part'> =
      listing === BY_TYPE
        ? { what: `${name} ${icmpTypeName(protocol === 1 ? 4 : 6, ports.port(row))}`, part: 'icmp' }
        : hasPorts
          ? { what: `${name} without readable ports`, part: 'ports-unreadable' }
          : { what: name, part: 'protocol' };
    const bytes = ports.bytesToServer(row) + ports.bytesToClient(row);
    parts.push({ ...named, packets: allPackets(traffic, row), bytes });
  }
  return parts;
}

function allPackets({ ports }: Traffic, row: number): number {
  return ports.packetsToServer(row) + ports.packetsToClient(row);
}

function frames(tallies: FrameTallies): RemainderUse[] {
  const parts: RemainderUse[] = [];
  const byName = new Map<string, { packets: number; bytes: number }>();
  for (const [kind, { frames, octets }] of tallies.otherFrames) {
    const what = frameKindName(kind);
    const sum = byName.get(what) ?? { packets: 0, bytes: 0 };
    sum.packets += frames;
    sum.bytes += octets;
    byName.set(what, sum);
  }
  for (const [what, sum] of byName) parts.push({ what, part: 'not-ip', ...sum });
  for (const [linkType, { frames, octets }] of tallies.unknownLinks) {
    const what = `link type ${linkType}, not read`;
    parts.push({ what, part: 'unknown-link-type', packets: frames, bytes: octets });
  }
  const { unreadable, droppedFrames, droppedOctets } = tallies;
  if (unreadable.frames > 0) {
    const { frames: packets, octets: bytes } = unreadable;
    parts.push({ what: 'damaged or cut frames', part: 'unreadable', packets, bytes });
  }
  if (droppedFrames > 0) {
    const what = 'duplicates left out';
    parts.push({ what, part: 'duplicates', packets: droppedFrames, bytes: droppedOctets });
  }
  return parts;
}
