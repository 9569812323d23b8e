/** What the analysis found, as plain records: ports, services, conversations, hosts. */

import type { Names } from '../flow/flow-view.ts';
import { addressText, transportOf } from '../flow/flow-view.ts';
import type { ConversationUse, HostUse, PortStatus, PortUse, ServiceUse } from '../model/use.ts';
import { BY_LOWER_PORT, BY_TYPE, OUTCOMES } from './flow-facts.ts';
import { TALLY_COLUMNS } from './tally-table.ts';
import {
  isUndirected,
  SERVICE_COLUMNS,
  SV_BYTES_TO_CLIENT,
  SV_BYTES_TO_SERVER,
  SV_FIRST,
  SV_FLOWS,
  SV_FRAME,
  SV_HANDSHAKE,
  SV_INTERFACE,
  SV_LAST,
  SV_PACKETS_TO_CLIENT,
  SV_PACKETS_TO_SERVER,
  type Traffic,
} from './traffic.ts';

/** What an outcome makes of a port, in the order of `OUTCOMES`; the first there is counts. */
const STATUS: readonly PortStatus[] = [
  'answered',
  'answered',
  'likely',
  'group',
  'refused',
  'tried',
  'backscatter',
  'unknown',
];

/** Every port that flows were charged to, in order of first flow. */
export function portUses(traffic: Traffic): PortUse[] {
  const zones = zonesByRow(traffic);
  const uses: PortUse[] = [];
  const ports = traffic.ports;
  for (let row = 0; row < ports.count; row++) {
    if (ports.listing(row) >= BY_TYPE) continue;
    const flowsByOutcome = OUTCOMES.slice(0, STATUS.length).map((_, outcome) =>
      ports.flows(row, outcome),
    );
    const best = flowsByOutcome.findIndex((flows) => flows > 0);
    const packets = ports.packetsToServer(row) + ports.packetsToClient(row);
    const bytes = ports.bytesToServer(row) + ports.bytesToClient(row);
    uses.push({
      transport: transportOf(ports.protocol(row)),
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
      flowsAnswered: flowsByOutcome[0]! + flowsByOutcome[1]!,
      flowsRefused: flowsByOutcome[4]!,
      flowsUnanswered: flowsByOutcome[5]!,
      flowsBackscatter: flowsByOutcome[6]!,
      firstMs: ports.firstMs(row),
      lastMs: ports.lastMs(row),
      zones: (zones.get(row) ?? []).sort((left, right) => right.bytes - left.bytes),
    });
  }
  return uses;
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

/** Every service that answered, in order of first flow. */
export function serviceUses(traffic: Traffic, names: Names): ServiceUse[] {
  const { services, serviceValues: values } = traffic;
  const uses: ServiceUse[] = [];
  for (let entry = 0; entry < services.count; entry++) {
    const at = entry * SERVICE_COLUMNS;
    const kind = services.kind(entry);
    const source = names.interfaces[values[at + SV_INTERFACE]!]?.source ?? '-';
    uses.push({
      transport: transportOf(kind & 0xff),
      server: addressText(names.addresses, services.address(entry), kind),
      port: services.port(entry),
      confirmed: values[at + SV_HANDSHAKE] === 1 ? 'handshake' : 'reply',
      zone: traffic.zones.names[traffic.zoneOf(services.address(entry), kind & 0x100)]!,
      clients: traffic.serviceClients.count(entry),
      clientsEstimated: traffic.serviceClients.isEstimate(entry),
      flows: values[at + SV_FLOWS]!,
      packets: values[at + SV_PACKETS_TO_SERVER]! + values[at + SV_PACKETS_TO_CLIENT]!,
      bytes: values[at + SV_BYTES_TO_SERVER]! + values[at + SV_BYTES_TO_CLIENT]!,
      packetsToServer: values[at + SV_PACKETS_TO_SERVER]!,
      bytesToServer: values[at + SV_BYTES_TO_SERVER]!,
      packetsToClient: values[at + SV_PACKETS_TO_CLIENT]!,
      bytesToClient: values[at + SV_BYTES_TO_CLIENT]!,
      firstMs: values[at + SV_FIRST]!,
      lastMs: values[at + SV_LAST]!,
      locator: `${source}#${values[at + SV_FRAME]!}`,
    });
  }
  return uses;
}

/** The `most` conversations with the most bytes, those first. */
export function topConversations(traffic: Traffic, names: Names, most: number): ConversationUse[] {
  const table = traffic.conversations;
  return table.heaviest(most).map((entry) => {
    const key = table.key(entry, 2);
    const family = (key >>> 16) & 0x100;
    const protocol = (key >>> 16) & 0xff;
    const at = entry * TALLY_COLUMNS;
    const values = table.values;
    const outcome = values[at + 7]!;
    return {
      transport: transportOf(protocol),
      client: addressText(names.addresses, table.key(entry, 0), family),
      server: addressText(names.addresses, table.key(entry, 1), family),
      port: key & 0xffff,
      direction: isUndirected(key) ? 'unknown' : 'known',
      status: STATUS[outcome] ?? null,
      packets: values[at + 2]! + values[at + 3]!,
      bytes: values[at]! + values[at + 1]!,
      packetsToServer: values[at + 2]!,
      bytesToServer: values[at]!,
      packetsToClient: values[at + 3]!,
      bytesToClient: values[at + 1]!,
      flows: values[at + 4]!,
      firstMs: values[at + 5]!,
      lastMs: values[at + 6]!,
    };
  });
}

/** The `most` hosts with the most bytes, those first. */
export function topHosts(traffic: Traffic, names: Names, most: number): HostUse[] {
  const table = traffic.hosts;
  const services = new Map<string, number>();
  for (let entry = 0; entry < traffic.services.count; entry++) {
    const key = `${traffic.services.address(entry)} ${traffic.services.kind(entry) & 0x100}`;
    services.set(key, (services.get(key) ?? 0) + 1);
  }
  return table.heaviest(most).map((entry) => {
    const at = entry * TALLY_COLUMNS;
    const values = table.values;
    const address = table.key(entry, 0);
    const family = table.key(entry, 1);
    return {
      address: addressText(names.addresses, address, family),
      zone: traffic.zones.names[traffic.zoneOf(address, family)]!,
      services: services.get(`${address} ${family}`) ?? 0,
      bytes: values[at]! + values[at + 1]!,
      bytesSent: values[at]!,
      bytesReceived: values[at + 1]!,
      packetsSent: values[at + 2]!,
      packetsReceived: values[at + 3]!,
      flowsAsClient: values[at + 4]!,
      flowsAsServer: values[at + 5]!,
    };
  });
}
