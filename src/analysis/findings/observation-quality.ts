/**
 * What the counts say about the observation point: captures of one direction, conversations in
 * which one end sent next to nothing, hosts that speak but were never spoken to, and broadcasts
 * that drown the rest. The view is judged here, not the hosts.
 *
 * One-way: share of TCP connections beyond their opening of which only one end's packets were
 * captured ≥ one-way-share, of at least one-way-connections; or no datagram of twenty was answered.
 * Lopsided: the quieter end sent ≤ asymmetry-share of ≥ asymmetry-packets packets; TCP acknowledges
 * at least every second full segment (RFC 9293 section 3.8.6.3), offloads every dozen or so.
 */
import { serviceName } from '../../catalog/services.ts';
import type { Finding } from '../../model/finding.ts';
import { TALLY_FLOATS, TALLY_WORDS } from '../tally-table.ts';
import { GROUP, NOBODY, OUTSIDE } from '../zones.ts';
import { type Case, number, plural, protocolText, share, some } from './case.ts';
import { familyOfWord, portOfWord } from './clues.ts';

/** At most one; where it is, detectors that rely on answers say nothing. */
export function oneWayCapture(c: Case): readonly Finding[] {
  if (!c.oneWay) return [];
  const { tcpConversations: all, tcpOneSided: oneSided } = c.traffic;
  const { udpUnanswered, udpStrays } = c.clues;
  const tcp = c.oneWayTcp;
  return [
    {
      kind: 'finding',
      id: 'one-way-capture',
      severity: 'medium',
      subject: { text: 'the capture' },
      what: tcp
        ? `one-way capture: ${share(oneSided / all)} of ${plural(all, 'TCP connection')} show one direction alone`
        : `one-way capture: not one of ${number(udpUnanswered + udpStrays)} datagram conversations shows an answer`,
      why: 'whether services answered, and who scans whom, cannot be told from one direction: other findings are incomplete',
      do: 'mirror both directions of the ports (ingress and egress), then capture again',
      otherwise: [
        ...(c.filtered ? ['the filter, where it lets one direction through'] : []),
        tcp ? 'asymmetric routing' : 'receivers that never answer, such as log servers',
      ].join(', '),
      evidence: [],
      numbers: { tcpConnections: all, tcpOneSided: oneSided, udpUnanswered, udpStrays },
      thresholds: c.held('one-way-connections', 'one-way-share'),
    },
  ];
}

/** Nothing in a one-way capture, which says so as a whole. */
export function lopsidedConversations(c: Case): readonly Finding[] {
  if (c.oneWay) return [];
  const { lopsided } = c.clues;
  const entries = Array.from({ length: lopsided.count }, (_, entry) => entry);
  return c.tellMost('asymmetric-counts', entries, (entry) => tellLopsided(c, entry));
}

function tellLopsided(c: Case, entry: number): Finding {
  const { lopsided } = c.clues;
  const word = lopsided.key(entry, 1);
  const family = familyOfWord(word);
  const port = portOfWord(word);
  const server = c.host(lopsided.key(entry, 0), family);
  const samples = lopsided.samples(entry);
  const clients = [...new Set(samples.map(({ first }) => c.host(first, family)))];
  const to = samples.reduce((sum, each) => sum + each.packetsTo, 0);
  const from = samples.reduce((sum, each) => sum + each.packetsFrom, 0);
  return {
    kind: 'finding',
    id: 'asymmetric-counts',
    severity: 'info',
    subject: { text: `${server} ${port}/tcp`, server, port, transport: 'tcp' },
    what: `${number(Math.max(to, from))} packets one way and ${number(Math.min(to, from))} the other, with ${some(clients, 3)}`,
    why: 'a TCP receiver acknowledges at least every dozen packets or so: most of one direction went another way or was dropped by the capture',
    do: 'check for a second path (asymmetric routing) and for drops of the mirror port',
    otherwise: 'receive offload on the capturing machine, which joins acknowledgments',
    evidence: c.evidence(samples),
    filter: `host ${server} and tcp port ${port}`,
    numbers: { packetsToServer: to, packetsToClient: from, clients: clients.length },
    thresholds: c.held('asymmetry-packets', 'asymmetry-share'),
  };
}

/** Hosts inside that sent to others and got nothing at all. Those that asked in vain are not meant. */
export function neverSpokenTo(c: Case): readonly Finding[] {
  // A TCP connection of one direction says that answers go another way.
  if (c.oneWay || c.traffic.tcpOneSided > 0 || c.filtered) return [];
  const { hosts } = c.traffic;
  const asked = askers(c);
  const found: { host: string; packets: number }[] = [];
  for (let entry = 0; entry < hosts.count; entry++) {
    const word = entry * TALLY_WORDS;
    const at = word / 2 + TALLY_FLOATS;
    const [sent, received] = [hosts.floats[at + 2]!, hosts.floats[at + 3]!];
    if (received > 0 || sent < c.thresholds['silent-packets']) continue;
    if (asked.has(`${hosts.words[word]} ${hosts.words[word + 1]}`)) continue;
    const zone = c.traffic.zoneOf(hosts.words[word]!, hosts.words[word + 1]!);
    if (zone === OUTSIDE || zone === GROUP || zone === NOBODY) continue;
    found.push({ host: c.host(hosts.words[word]!, hosts.words[word + 1]!), packets: sent });
  }
  if (found.length === 0) return [];
  found.sort((left, right) => right.packets - left.packets);
  const names = found.map(({ host }) => host);
  return [
    {
      kind: 'finding',
      id: 'never-spoken-to',
      severity: 'info',
      subject: { text: some(names, 3) },
      what: `${plural(names.length, 'host')} inside spoke but nobody spoke to ${names.length === 1 ? 'it' : 'them'}: ${some(names, 6)}`,
      why: 'devices that only announce themselves belong in the inventory too; an address that only sends may also be forged',
      do: 'make sure that you know these devices; a scan of them shows what they offer',
      otherwise:
        'switches and printers that only announce, senders of logs, part of a path not mirrored',
      evidence: [],
      filter: names
        .slice(0, 6)
        .map((name) => `src host ${name}`)
        .join(' or '),
      numbers: { hosts: names.length, packets: found.reduce((sum, each) => sum + each.packets, 0) },
      thresholds: c.held('silent-packets'),
    },
  ];
}

/** Hosts whose questions to others failed. */
function askers({ clues }: Case): ReadonlySet<string> {
  const found = new Set<string>();
  for (const lists of [clues.attempts, clues.pings]) {
    for (let entry = 0; entry < lists.count; entry++) {
      found.add(`${lists.key(entry, 0)} ${lists.key(entry, 1)}`);
    }
  }
  return found;
}

/** Packets to group addresses ≥ broadcast-packets, and ≥ broadcast-share of all. */
export function broadcastNoise(c: Case): readonly Finding[] {
  const { groupPackets, noise } = c.clues;
  const { thresholds } = c;
  // Of what a filter left it is no share of all packets.
  if (c.filtered || groupPackets < thresholds['broadcast-packets']) return [];
  if (groupPackets < thresholds['broadcast-share'] * c.packets) return [];
  const ports = noise.heaviest(6).map((entry) => {
    const word = entry * TALLY_WORDS;
    const [port, protocol] = [noise.words[word]!, noise.words[word + 1]!];
    const transport = protocolText(protocol);
    const name = serviceName(transport, port);
    const packets = noise.floats[word / 2 + TALLY_FLOATS]!;
    return `${port}/${transport}${name === undefined ? '' : ` ${name}`} (${number(packets)})`;
  });
  return [
    {
      kind: 'finding',
      id: 'broadcast-noise',
      severity: 'low',
      subject: { text: 'the segment' },
      what: `${share(groupPackets / c.packets)} of all packets go to everybody: ${ports.join(', ') || 'no port'}`,
      why: 'every host has to look at each of them, and they tell all listeners who is there',
      do: 'switch discovery off that nothing needs; split large segments',
      otherwise: 'a quiet hour, or a port that sees only what switches send everywhere (no mirror)',
      evidence: [],
      filter: 'broadcast or multicast',
      numbers: { packets: groupPackets, share: groupPackets / c.packets },
      thresholds: c.held('broadcast-share', 'broadcast-packets'),
    },
  ];
}
