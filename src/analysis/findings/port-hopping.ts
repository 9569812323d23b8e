/**
 * One application that hops over ports: a pair of hosts (or one host and a few) between which many
 * ports see few packets each, all of one length.
 *
 * Formula: ports ≥ hop-ports; packets each way on each ≤ hop-packets, with content; share of the
 * commonest length ≥ hop-same-size; ports / flows ≥ hop-churn, which stands for the change of ports
 * from one window of time to the next (1 − Jaccard) when every flow is a window of its own. Own
 * formula, after the observation in "Network Port Fundamentals, Part 2" (2005) that a dozen ports
 * with one packet of the same length each suggest one application.
 *
 * Not accused: ports the catalogue knows, what a control connection between the same hosts
 * arranges (FTP, RPC, SIP …), traceroute, and ports that were refused, which is a scan.
 */
import type { Finding } from '../../model/finding.ts';
import type { Sample } from '../sample-lists.ts';
import {
  anyHost,
  type Case,
  lasting,
  modal,
  number,
  plural,
  protocolText,
  share,
  some,
  spanOf,
} from './case.ts';
import { USE_ANSWERED } from './clues.ts';
import { ARRANGING_PORTS } from './watched-ports.ts';

interface Pair {
  readonly client: number;
  readonly server: number;
  readonly kind: number;
  readonly samples: readonly Sample[];
  /** Different ports, and flows on them. */
  readonly ports: number;
  readonly flows: number;
}

/** Ports from which a pair can be a part of what one source does with several hosts. */
const PART = 3;

export interface Hopping {
  readonly findings: readonly Finding[];
  /** Whether the traffic of a pair was explained as hopping. */
  readonly explains: (client: number, server: number) => boolean;
  readonly explainsServer: (server: number) => boolean;
}

/**
 * The most ports first; with them which pairs and servers other detectors need not wonder about.
 */
export function portHopping(c: Case): Hopping {
  const explained = new Set<string>();
  const servers = new Set<number>();
  const found: { pairs: readonly Pair[]; ports: number }[] = [];
  for (const pairs of groupsOf(c)) {
    const ports = pairs.reduce((sum, pair) => sum + pair.ports, 0);
    if (!hops(c, pairs, ports)) continue;
    found.push({ pairs, ports });
    for (const { client, server } of pairs) {
      explained.add(`${client} ${server}`);
      servers.add(server);
    }
  }
  found.sort((left, right) => right.ports - left.ports);
  return {
    findings: c.tellMost('port-hopping', found, ({ pairs, ports }) => tell(c, pairs, ports)),
    explains: (client, server) => explained.has(`${client} ${server}`),
    explainsServer: (server) => servers.has(server),
  };
}

/** Pairs that qualify by themselves, and those of one source that may do so together. */
function groupsOf(c: Case): (readonly Pair[])[] {
  const { hops: lists } = c.clues;
  const needed = c.thresholds['hop-ports'];
  const groups: Pair[][] = [];
  const parts = new Map<string, Pair[]>();
  for (let entry = 0; entry < lists.count; entry++) {
    if (lists.kept(entry) < Math.min(PART, needed)) continue;
    const pair: Pair = {
      client: lists.key(entry, 0),
      server: lists.key(entry, 1),
      kind: lists.key(entry, 2),
      samples: lists.samples(entry),
      ports: lists.totals(entry).things,
      flows: lists.flows(entry),
    };
    if (isArranged(c, pair) || speaksOfPorts(c, pair)) continue;
    if (pair.ports >= needed) {
      groups.push([pair]);
      continue;
    }
    const key = `${pair.client} ${pair.kind}`;
    const others = parts.get(key);
    if (others === undefined) parts.set(key, [pair]);
    else others.push(pair);
  }
  for (const pairs of parts.values()) {
    if (pairs.length <= c.thresholds['scan-few']) groups.push(pairs);
  }
  return groups;
}

function hops(c: Case, pairs: readonly Pair[], ports: number): boolean {
  const { thresholds } = c;
  if (ports < thresholds['hop-ports']) return false;
  const flows = pairs.reduce((sum, pair) => sum + pair.flows, 0);
  if (ports < thresholds['hop-churn'] * flows) return false;
  return modal(lengthsOf(pairs)).share >= thresholds['hop-same-size'];
}

/** Lengths of the packets with content; 0 where a datagram differs from another of its port. */
function lengthsOf(pairs: readonly Pair[]): number[] {
  return pairs.flatMap(({ kind, samples }) => {
    const udp = (kind & 0xff) === 17;
    return samples.map(({ shortest, longest }, index) =>
      udp && shortest !== longest ? -index - 1 : longest,
    );
  });
}

/** Whether the two hosts speak a protocol that agrees on further ports, in either direction. */
function isArranged(c: Case, { client, server, kind }: Pair): boolean {
  const family = kind & 0x100;
  return ARRANGING_PORTS.some((port) =>
    [6 | family, 17 | family].some(
      (each) => c.met(client, server, port, each) || c.met(server, client, port, each),
    ),
  );
}

/** Protocols that take a port for each call, stream or peer. */
const MANY_PORTS: ReadonlySet<string> = new Set(
  'rtp rtcp stun quic bittorrent dce-rpc onc-rpc portmap nfs tftp ftp-data wireguard'.split(' '),
);

/** Whether payloads on most of the ports are of a protocol that uses many. */
function speaksOfPorts(c: Case, { server, kind, samples }: Pair): boolean {
  const known = samples.filter(({ first: port }) => {
    const said = c.spoken.protocolAt(server, kind & 0x100, kind & 0xff, port);
    return said !== undefined && MANY_PORTS.has(said);
  });
  return 2 * known.length > samples.length;
}

function tell(c: Case, pairs: readonly Pair[], ports: number): Finding {
  const [first] = pairs as [Pair, ...Pair[]];
  const family = first.kind & 0x100;
  const source = c.host(first.client, family);
  const targets = pairs.map(({ server }) => c.host(server, family));
  const samples = pairs.flatMap((pair) => pair.samples);
  const flows = pairs.reduce((sum, pair) => sum + pair.flows, 0);
  const packets = samples.reduce((sum, each) => sum + each.packetsTo + each.packetsFrom, 0);
  const answered = samples.filter(({ mark }) => (mark & USE_ANSWERED) !== 0).length;
  const { value: length, share: same } = modal(lengthsOf(pairs));
  const transport = protocolText(first.kind & 0xff);
  const numbers = samples.map(({ first: port }) => port).sort((left, right) => left - right);
  const each = packets === samples.length ? 'one packet' : `${number(packets)} packets in all, few`;
  const answer = answered === 0 ? 'nothing answered' : `${number(answered)} of the ports answered`;
  return {
    kind: 'finding',
    id: 'port-hopping',
    severity: 'medium',
    subject: {
      text: `${source} → ${some(targets, 3)}`,
      client: source,
      ...(targets.length === 1 ? { server: targets[0]! } : {}),
      transport: transport as 'udp',
    },
    what: `one application seems to hop over ${plural(ports, `${transport} port`)}, ${each} on each: ${some(numbers)}`,
    why: `${share(same)} of them have the same length, ${number(length)} octets, within ${lasting(spanOf(samples))}; ${answer}. Different services would differ in length: most likely one program is behind them all, and no rule for a port can hold it`,
    do: `find the program on ${source} (portreeve sockets there, or netstat -ano on Windows) and pin it to one port, or stop it; until then allow nothing for these ports`,
    otherwise:
      'a measurement or discovery tool, a game or call that probes paths, a scan with a payload',
    evidence: c.evidence(samples),
    filter: `host ${source} and ${anyHost(targets)} and ${transport}`,
    numbers: {
      ports,
      flows,
      packets,
      answered,
      length,
      sameSizeShare: same,
      churn: ports / flows,
      seconds: spanOf(samples),
    },
    thresholds: c.held('hop-ports', 'hop-packets', 'hop-same-size', 'hop-churn'),
  };
}
