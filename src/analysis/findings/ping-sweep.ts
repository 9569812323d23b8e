/**
 * Ping sweeps: one source that sends echo requests to many hosts, most of which do not exist.
 * Thresholds as for scans of hosts (scan.ts). A monitor pings hosts that answer.
 */
import type { Finding } from '../../model/finding.ts';
import { type Case, lasting, number, plural, spanOf } from './case.ts';
import type { Suspect } from './suspects.ts';

interface Sweep {
  readonly entry: number;
  readonly hosts: number;
  readonly estimated: boolean;
  readonly answered: number;
  readonly dark: number;
}

/** @param suspects what sources were answered, for those that pinged in vain as well */
export function pingSweeps(c: Case, suspects: readonly Suspect[]): readonly Finding[] {
  const { pings } = c.clues;
  const sweeps: Sweep[] = [];
  for (let entry = 0; entry < pings.count; entry++) {
    const address = pings.key(entry, 0);
    const family = pings.key(entry, 1);
    const { things: hosts, estimated } = pings.totals(entry);
    const samples = pings.samples(entry);
    const dark = samples.filter(({ first }) => c.clues.isDark(first, family)).length;
    const needed = c.thresholds[dark >= c.thresholds['dark-hits'] ? 'dark-hosts' : 'scan-hosts'];
    if (hosts < needed) continue;
    const suspect = suspects.find((each) => each.address === address && each.family === family);
    const answered = suspect?.pinged ?? 0;
    if (hosts < c.thresholds['scan-failed'] * (hosts + answered)) continue;
    sweeps.push({ entry, hosts, estimated, answered, dark });
  }
  return c.tellMost('ping-sweep', sweeps, (sweep) => tell(c, sweep));
}

function tell(c: Case, { entry, hosts, estimated, answered, dark }: Sweep): Finding {
  const { pings } = c.clues;
  const samples = pings.samples(entry);
  const source = c.host(pings.key(entry, 0), pings.key(entry, 1));
  const outside = c.isOutside(pings.key(entry, 0), pings.key(entry, 1));
  const span = spanOf(samples);
  return {
    kind: 'finding',
    id: 'ping-sweep',
    severity: outside ? 'low' : 'medium',
    subject: { text: source, client: source },
    what: `ping sweep: ${estimated ? 'about ' : ''}${plural(hosts, 'host')} pinged in vain in ${lasting(span)}`,
    why: `${number(answered)} of ${number(hosts + answered)} answered; whoever does not know which hosts exist asks them all`,
    do: outside
      ? 'drop echo requests from outside that no one needs; see what else the source tried'
      : `find out what runs on ${source}: an inventory tool, or somebody looking around`,
    otherwise: 'an inventory or monitoring tool, a network whose hosts do not answer pings',
    evidence: c.evidence(samples),
    filter: `src host ${source} and (icmp or icmp6)`,
    numbers: {
      hosts,
      answered,
      failedShare: hosts / (hosts + answered),
      darkHosts: dark,
      seconds: span,
    },
    thresholds: c.held('scan-hosts', 'scan-failed', 'dark-hits', 'dark-hosts'),
  };
}
