/**
 * Remote access, management and database services that were reached from another zone and
 * answered. The groups and their risk are the catalogue's; a zone's own clients, and clients that
 * go outside, are not meant.
 */
import { entriesOnPorts } from '../../catalog/entries.ts';
import type { EntrySummary, Risk } from '../../catalog/entry.ts';
import type { Finding, FindingSeverity } from '../../model/finding.ts';
import { FINDING_SEVERITIES } from '../../model/finding.ts';
import type { Sample } from '../sample-lists.ts';
import { fitOf } from '../spoken.ts';
import { OUTSIDE } from '../zones.ts';
import { type Case, plural, protocolText, some } from './case.ts';
import { familyOfWord, portOfWord, protocolOfWord } from './clues.ts';

const GROUPS: Readonly<Record<string, readonly [id: string, what: string]>> = {
  'remote-access': ['remote-access-across-zones', 'remote access'],
  management: ['management-across-zones', 'management'],
  databases: ['database-across-zones', 'a database'],
};

/** A service and one foreign zone from which it was used. */
interface Crossing {
  readonly known: EntrySummary;
  readonly server: string;
  readonly serverZone: string;
  readonly zone: number;
  readonly port: number;
  readonly transport: string;
  readonly samples: readonly Sample[];
  readonly clients: readonly string[];
  readonly clientCount: number;
  readonly flows: number;
}

/** Servers of one port told one by one; more are told together. */
const MOST_ALONE = 3;

/**
 * The gravest first. A few of one service, port and zone are told one by one, more of them
 * together.
 */
export function acrossZones(c: Case): readonly Finding[] {
  const groups = new Map<string, Crossing[]>();
  for (const crossing of crossingsOf(c)) {
    const key = `${crossing.known.id} ${crossing.port} ${crossing.transport} ${crossing.zone}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [crossing]);
    else group.push(crossing);
  }
  const told = [...groups.values()]
    .flatMap((group) => (group.length > MOST_ALONE ? [group] : group.map((each) => [each])))
    .sort((left, right) => gravity(right) - gravity(left));
  return Object.values(GROUPS).flatMap(([id]) => {
    const own = told.filter(([first]) => GROUPS[first!.known.group]![0] === id);
    return c.tellMost(id, own, (group) => tell(c, group));
  });
}

function gravity([first]: readonly Crossing[]): number {
  const { known, zone } = first!;
  return FINDING_SEVERITIES.indexOf(severityOf(known, zone === OUTSIDE));
}

function crossingsOf(c: Case): Crossing[] {
  const { crossings } = c.clues;
  const found: Crossing[] = [];
  const entries = new Map<string, EntrySummary | undefined>();
  for (let entry = 0; entry < crossings.count; entry++) {
    const word = crossings.key(entry, 1);
    const family = familyOfWord(word);
    const address = crossings.key(entry, 0);
    if (c.isOutside(address, family)) continue;
    const port = portOfWord(word);
    const transport = protocolText(protocolOfWord(word));
    const key = `${port}/${transport}`;
    if (!entries.has(key)) entries.set(key, guardedEntry(port, transport));
    const known = entries.get(key);
    if (known === undefined) continue;
    // What is spoken there is another protocol's, and told as such: see by-payload.ts.
    const said = c.spoken.protocolAt(address, family, protocolOfWord(word), port);
    if (said !== undefined && fitOf(said, transport, port) === 'other') continue;
    const samples = crossings.samples(entry);
    found.push({
      known,
      server: c.host(address, family),
      serverZone: c.zone(address, family),
      zone: crossings.key(entry, 2),
      port,
      transport,
      samples,
      clients: samples.map(({ first }) => c.host(first, family)),
      clientCount: crossings.totals(entry).things,
      flows: crossings.flows(entry),
    });
  }
  return found;
}

/** The likeliest entry on a port that is of one of the groups. */
function guardedEntry(port: number, transport: string): EntrySummary | undefined {
  const entries = entriesOnPorts({ first: port, last: port, transport });
  return entries.find(({ group }) => GROUPS[group] !== undefined);
}

function tell(c: Case, group: readonly Crossing[]): Finding {
  const [{ known, server, serverZone, zone, port, transport }] = group as [Crossing];
  const [id, what] = GROUPS[known.group]!;
  const servers = group.map((each) => each.server);
  const alone = group.length === 1;
  const clients = [...new Set(group.flatMap((each) => each.clients))];
  const count = alone ? group[0]!.clientCount : clients.length;
  const from = zone === OUTSIDE ? 'outside' : `zone ${c.traffic.zones.names[zone]}`;
  const place = alone
    ? `in zone ${serverZone}`
    : `on ${plural(group.length, 'host')} (${some(servers, 4)})`;
  return {
    kind: 'finding',
    id,
    severity: severityOf(known, zone === OUTSIDE),
    subject: {
      text: alone
        ? `${server} ${port}/${transport}`
        : `${port}/${transport} of ${plural(group.length, 'host')}`,
      ...(alone ? { server } : {}),
      port,
      transport: transport as 'tcp',
    },
    what: `${what} reached from ${from}: ${known.name} ${place} answered ${plural(count, 'client')} (${some(clients, 4)})`,
    why: `the catalogue rates it ${known.riskLevel} and it belongs to those who administer it, not to another zone`,
    do: `allow ${port}/${transport} only from the addresses that need it, or through a VPN; portreeve explain ${known.id}`,
    otherwise: 'access that is meant and protected otherwise; another service on this port',
    evidence: c.evidence(group.flatMap(({ samples }) => samples.slice(0, alone ? 20 : 1))),
    filter: `${alone ? `host ${server} and ` : ''}${transport} port ${port}`,
    numbers: {
      servers: group.length,
      clients: count,
      flows: group.reduce((sum, each) => sum + each.flows, 0),
    },
    thresholds: {},
  };
}

/** The catalogue's risk, one step less between zones of one's own. */
function severityOf({ riskLevel }: EntrySummary, fromOutside: boolean): FindingSeverity {
  const steps: readonly Risk[] = ['none', 'low', 'medium', 'high', 'critical'];
  const step = steps.indexOf(riskLevel) - (fromOutside ? 0 : 1);
  return (['info', 'low', 'medium', 'high', 'critical'] as const)[Math.max(0, step)]!;
}
