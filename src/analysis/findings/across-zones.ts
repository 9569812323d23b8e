/**
 * Remote access, management and database services that were reached from another zone and
 * answered. The groups and their risk are the catalogue's; a zone's own clients, and clients that
 * go outside, are not meant.
 */
import { entriesOnPorts } from '../../catalog/entries.ts';
import type { EntrySummary, Risk } from '../../catalog/entry.ts';
import type { Finding, FindingSeverity } from '../../model/finding.ts';
import { FINDING_SEVERITIES } from '../../model/finding.ts';
import { OUTSIDE } from '../zones.ts';
import { type Case, MOST_EACH, plural, protocolText, some } from './case.ts';
import { familyOfWord, portOfWord, protocolOfWord } from './clues.ts';

const GROUPS: Readonly<Record<string, readonly [id: string, what: string]>> = {
  'remote-access': ['remote-access-across-zones', 'remote access'],
  management: ['management-across-zones', 'management'],
  databases: ['database-across-zones', 'a database'],
};

export function acrossZones(c: Case): readonly Finding[] {
  const { crossings } = c.clues;
  const { names } = c.traffic.zones;
  const findings: Finding[] = [];
  for (let entry = 0; entry < crossings.count; entry++) {
    const word = crossings.key(entry, 1);
    const family = familyOfWord(word);
    const address = crossings.key(entry, 0);
    const zone = crossings.key(entry, 2);
    if (c.isOutside(address, family)) continue;
    const port = portOfWord(word);
    const transport = protocolText(protocolOfWord(word));
    const known = entriesOnPorts({ first: port, last: port, transport }).find(
      ({ group }) => GROUPS[group] !== undefined,
    );
    if (known === undefined) continue;
    const [id, what] = GROUPS[known.group]!;
    const server = c.host(address, family);
    const samples = crossings.samples(entry);
    const clients = samples.map(({ first }) => c.host(first, family));
    const from = zone === OUTSIDE ? 'outside' : `zone ${names[zone]}`;
    const to = c.zone(address, family);
    const count = crossings.totals(entry).things;
    findings.push({
      kind: 'finding',
      id,
      severity: severityOf(known, zone === OUTSIDE),
      subject: {
        text: `${server} ${port}/${transport}`,
        server,
        port,
        transport: transport as 'tcp',
      },
      what: `${what} reached from ${from}: ${known.name} in zone ${to} answered ${plural(count, 'client')} (${some(clients, 4)})`,
      why: `the catalogue rates it ${known.riskLevel} and it belongs to those who administer it, not to another zone`,
      do: `allow ${port}/${transport} on ${server} only from the addresses that need it, or through a VPN; portreeve explain ${known.id}`,
      otherwise: 'access that is meant and protected otherwise; another service on this port',
      evidence: c.evidence(samples),
      filter: `host ${server} and ${transport} port ${port}`,
      numbers: { clients: count, flows: crossings.flows(entry) },
      thresholds: {},
    });
  }
  const order = (finding: Finding) => FINDING_SEVERITIES.indexOf(finding.severity);
  return findings.sort((left, right) => order(right) - order(left)).slice(0, MOST_EACH);
}

/** The catalogue's risk, one step less between zones of one's own. */
function severityOf({ riskLevel }: EntrySummary, fromOutside: boolean): FindingSeverity {
  const steps: readonly Risk[] = ['none', 'low', 'medium', 'high', 'critical'];
  const step = steps.indexOf(riskLevel) - (fromOutside ? 0 : 1);
  return (['info', 'low', 'medium', 'high', 'critical'] as const)[Math.max(0, step)]!;
}
