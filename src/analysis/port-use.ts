/** What the analysis found, as plain records: ports, services, conversations, hosts. */

import type { Names } from '../flow/flow-view.ts';
import { addressText, placeOf, transportOf } from '../flow/flow-view.ts';
import type { ConversationUse, HostUse, PortStatus, PortUse, ServiceUse } from '../model/use.ts';
import { FAMILY_6 } from '../wire/packet-batch.ts';
import {
  BACKSCATTER,
  BY_LOWER_PORT,
  BY_TYPE,
  DENIED,
  HANDSHAKE,
  LOGGED,
  OUTCOMES,
  REFUSED,
  REPLY,
  UNANSWERED,
} from './flow-facts.ts';
import type { SpokenView } from './spoken.ts';
import { spokenByPort } from './spoken-ports.ts';
import { TALLY_FLOATS, TALLY_NOTE, TALLY_WORDS } from './tally-table.ts';
import type { Traffic } from './traffic.ts';

/** What an outcome makes of a port, in the order of `OUTCOMES`; the first there is counts. */
const STATUS: readonly PortStatus[] = [
  'answered',
  'answered',
  'likely',
  'group',
  'logged',
  'refused',
  'denied',
  'tried',
  'backscatter',
  'unknown',
];

/** Every port that flows were charged to, in order of first flow. */
export function portUses(traffic: Traffic, speech: SpokenView): PortUse[] {
  const zones = zonesByRow(traffic);
  const sources = sourcesByRow(traffic);
  const spoken = spokenByPort(speech);
  const uses: PortUse[] = [];
  const ports = traffic.ports;
  for (let row = 0; row < ports.count; row++) {
    if (ports.listing(row) >= BY_TYPE) continue;
    const flowsByOutcome = OUTCOMES.slice(0, STATUS.length).map((_, outcome) =>
      ports.flows(row, outcome),
    );
    const best = flowsByOutcome.findIndex((flows) => flows > 0);
    const transport = transportOf(ports.protocol(row));
    const packets = ports.packetsToServer(row) + ports.packetsToClient(row);
    const bytes = ports.bytesToServer(row) + ports.bytesToClient(row);
    uses.push({
      transport,
      port: ports.port(row),
      direction: ports.listing(row) === BY_LOWER_PORT ? 'unknown' : 'known',
      status: STATUS[best]!,
      packets,
      bytes,
      packetsToServer: ports.packetsToServer(row),
      bytesToServer: ports.bytesToServer(row),
      packetsToClient: ports.packetsToClient(row),
      bytesToClient: ports.bytesToClient(row),
      meanLength: packets > 0 ? bytes / packets : 0,
      serving: traffic.serving.get(row),
      tried: traffic.tried.count(row),
      triedEstimated: traffic.tried.isEstimate(row),
      clients: traffic.clients.count(row),
      clientsEstimated: traffic.clients.isEstimate(row),
      flows: flowsByOutcome.reduce((sum, flows) => sum + flows, 0),
      flowsAnswered: flowsByOutcome[HANDSHAKE]! + flowsByOutcome[REPLY]!,
      flowsLogged: flowsByOutcome[LOGGED]!,
      flowsRefused: flowsByOutcome[REFUSED]!,
      flowsDenied: flowsByOutcome[DENIED]!,
      flowsUnanswered: flowsByOutcome[UNANSWERED]!,
      flowsBackscatter: flowsByOutcome[BACKSCATTER]!,
      sources: sources.get(row) ?? [],
      firstMs: ports.firstMs(row),
      lastMs: ports.lastMs(row),
      zones: (zones.get(row) ?? []).sort((left, right) => right.bytes - left.bytes),
      spoken: spoken.get(`${ports.port(row)}/${transport}`) ?? [],
    });
  }
  return uses;
}

/** What each kind of source saw of each port; nothing where there is but one. */
function sourcesByRow({ seenBy }: Traffic): Map<number, PortUse['sources'][number][]> {
  const byRow = new Map<number, PortUse['sources'][number][]>();
  if (seenBy === undefined) return byRow;
  const { pairs, flows, bytes, repeated, kinds } = seenBy;
  for (let entry = 0; entry < pairs.count; entry++) {
    const list = byRow.get(pairs.address(entry)) ?? [];
    byRow.set(pairs.address(entry), list);
    list.push({
      source: kinds[pairs.port(entry)]!,
      flows: flows.get(entry),
      bytes: bytes.get(entry),
      alsoSeen: repeated.get(entry),
    });
  }
  return byRow;
}

type ZoneUse = PortUse['zones'][number];

function zonesByRow({ zonePairs, zoneFlows, zoneBytes, zones }: Traffic): Map<number, ZoneUse[]> {
  const byRow = new Map<number, ZoneUse[]>();
  for (let entry = 0; entry < zonePairs.count; entry++) {
    const row = zonePairs.address(entry);
    const pair = zonePairs.port(entry);
    let list = byRow.get(row);
    if (list === undefined) {
      list = [];
      byRow.set(row, list);
    }
    list.push({
      client: zones.names[pair >>> 8]!,
      server: zones.names[pair & 0xff]!,
      flows: zoneFlows.get(entry),
      bytes: zoneBytes.get(entry),
    });
  }
  return byRow;
}

/**
 * Services that answered, in order of first flow.
 *
 * @param most only so many, those with the most bytes first
 */
export function serviceUses(
  traffic: Traffic,
  names: Names,
  speech: SpokenView,
  most?: number,
): ServiceUse[] {
  const { services } = traffic;
  const { table, clients } = services;
  const uses: ServiceUse[] = [];
  const entries = most === undefined ? Array(table.count).keys() : services.heaviest(most);
  for (const entry of entries) {
    const word = entry * TALLY_WORDS;
    const at = word / 2 + TALLY_FLOATS;
    const address = table.words[word]!;
    const kind = table.words[word + 2]!;
    const transport = transportOf(kind & 0xff);
    const server = addressText(names.addresses, address, kind);
    const port = table.words[word + 1]!;
    uses.push({
      transport,
      server,
      port,
      confirmed: services.sawHandshake(entry) ? 'handshake' : 'reply',
      zone: traffic.zones.names[traffic.zoneOf(address, kind & FAMILY_6)]!,
      clients: clients.count(entry),
      clientsEstimated: clients.isEstimate(entry),
      flows: services.flowsOf(entry),
      packets: table.floats[at]! + table.floats[at + 1]!,
      bytes: table.floats[at + 2]! + table.floats[at + 3]!,
      packetsToServer: table.floats[at]!,
      bytesToServer: table.floats[at + 2]!,
      packetsToClient: table.floats[at + 1]!,
      bytesToClient: table.floats[at + 3]!,
      firstMs: table.floats[at + 4]!,
      lastMs: table.floats[at + 5]!,
      locator: placeOf(names, services.interfaceOf(entry), services.frameOf(entry)),
      spoken: speech.at(server, transport, port)?.spoken ?? [],
    });
  }
  return uses;
}

/** The `most` conversations with the most bytes, those first. */
export function topConversations(traffic: Traffic, names: Names, most: number): ConversationUse[] {
  const { words, floats } = traffic.conversations;
  return traffic.conversations.heaviest(most).map((entry) => {
    const word = entry * TALLY_WORDS;
    const at = word / 2 + TALLY_FLOATS;
    const key = words[word + 2]!;
    const family = (key >>> 16) & FAMILY_6;
    const note = words[word + TALLY_NOTE]!;
    return {
      transport: transportOf((key >>> 16) & 0xff),
      client: addressText(names.addresses, words[word]!, family),
      server: addressText(names.addresses, words[word + 1]!, family),
      port: key & 0xffff,
      direction: ((key >>> 25) & 3) === BY_LOWER_PORT ? 'unknown' : 'known',
      status: STATUS[note & 15] ?? null,
      packets: floats[at + 2]! + floats[at + 3]!,
      bytes: floats[at]! + floats[at + 1]!,
      packetsToServer: floats[at + 2]!,
      bytesToServer: floats[at]!,
      packetsToClient: floats[at + 3]!,
      bytesToClient: floats[at + 1]!,
      flows: note >>> 4,
      firstMs: floats[at + 4]!,
      lastMs: floats[at + 5]!,
    };
  });
}

/** The `most` hosts with the most bytes, those first. */
export function topHosts(
  traffic: Traffic,
  names: Names,
  most: number,
  speech: SpokenView,
  vendorOf: (mac: string) => string | undefined = () => undefined,
): HostUse[] {
  const macs = speech.macs();
  const services = servicesByHost(traffic);
  const { words, floats } = traffic.hosts;
  return traffic.hosts.heaviest(most).map((entry) => {
    const word = entry * TALLY_WORDS;
    const at = word / 2 + TALLY_FLOATS;
    const address = words[word]!;
    const family = words[word + 1]!;
    const text = addressText(names.addresses, address, family);
    const mac = macs.get(text) ?? null;
    return {
      address: text,
      zone: traffic.zones.names[traffic.zoneOf(address, family)]!,
      services: services[entry]!,
      bytes: floats[at]! + floats[at + 1]!,
      bytesSent: floats[at]!,
      bytesReceived: floats[at + 1]!,
      packetsSent: floats[at + 2]!,
      packetsReceived: floats[at + 3]!,
      flowsAsClient: floats[at + 4]!,
      flowsAsServer: floats[at + 5]!,
      names: speech.namesAt(address, family),
      mac,
      vendor: mac === null ? null : (vendorOf(mac) ?? null),
    };
  });
}

/** How many services answered on each entry of the host table. */
function servicesByHost({ hosts, services: { table } }: Traffic): Int32Array {
  const counts = new Int32Array(hosts.count);
  for (let entry = 0; entry < table.count; entry++) {
    const word = entry * TALLY_WORDS;
    const host = hosts.find(table.words[word]!, table.words[word + 2]! & FAMILY_6, 0);
    if (host >= 0) counts[host]!++;
  }
  return counts;
}
