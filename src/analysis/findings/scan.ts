/**
 * Scans: one source that tries many ports of a host (vertical), one port of many hosts
 * (horizontal), or both (block), and fails at most of them.
 *
 * Thresholds after Zeek's scan.zeek (25 hosts, 15 ports) and bro-simple-scan (25 pairs; 10, or 3
 * hosts, after 3 hits of unused addresses). Where those look at 5 minutes, this looks at the whole
 * capture and says how fast it was. That failures must outweigh successes, counted on the same
 * ports or hosts, follows from sequential testing of first contacts (Jung et al., Fast Portscan
 * Detection Using Sequential Hypothesis Testing, 2004): each failure weighs as much as a success.
 *
 * Peers of a file-sharing network fail often as well, but every host at another port; so a block
 * must have three ports a host or three hosts a port. And who goes out to hosts whose names were
 * asked for does not scan: answers of the name server say so.
 */
import type { Finding, FindingSeverity } from '../../model/finding.ts';
import type { Sample } from '../sample-lists.ts';
import { type Case, lasting, MOST_EACH, number, plural, protocolText, spanOf } from './case.ts';
import { ATTEMPT_DARK, ATTEMPT_REFUSED } from './clues.ts';
import type { Suspect } from './suspects.ts';
import type { ThresholdName } from './thresholds.ts';
import { CATALOGUED } from './watched-ports.ts';

type Shape = 'vertical' | 'horizontal' | 'block';

/** How many ports a host, or hosts a port, tell a block from chance. */
const DENSE = 3;

interface Verdict {
  readonly shape: Shape;
  readonly samples: readonly Sample[];
  readonly pairs: number;
  readonly hosts: number;
  readonly ports: number;
  /** Endpoints of the same ports or hosts that answered. */
  readonly answered: number;
  readonly darkHosts: number;
}

/** The scans among the suspects; `explained` names pairs whose attempts are another's finding. */
export function scans(
  c: Case,
  suspects: readonly Suspect[],
  explained: (client: number, server: number) => boolean,
): { readonly findings: readonly Finding[]; readonly sources: ReadonlySet<Suspect> } {
  const found: { suspect: Suspect; verdict: Verdict }[] = [];
  for (const suspect of suspects) {
    const verdict = judge(c, suspect, explained);
    if (verdict !== undefined) found.push({ suspect, verdict });
  }
  found.sort((left, right) => rank(c, right) - rank(c, left));
  const findings = found
    .slice(0, MOST_EACH)
    .map(({ suspect, verdict }) => tell(c, suspect, verdict));
  if (found.length > MOST_EACH) findings.push(tellRest(c, found.slice(MOST_EACH)));
  return { findings, sources: new Set(found.map(({ suspect }) => suspect)) };
}

function rank(c: Case, { suspect, verdict }: { suspect: Suspect; verdict: Verdict }): number {
  return (c.isOutside(suspect.address, suspect.family) ? 0 : 1e9) + verdict.pairs;
}

function judge(
  c: Case,
  suspect: Suspect,
  explained: (client: number, server: number) => boolean,
): Verdict | undefined {
  const failed = suspect.failed.filter(({ first }) => !explained(suspect.address, first));
  if (failed.length === 0) return undefined;
  if (asksForNames(c, suspect, failed)) return undefined;
  const clear = c.oneWayUdp ? failed.filter(({ second }) => !isDatagramService(c, second)) : failed;
  return vertical(c, suspect, failed) ?? horizontal(c, suspect, clear) ?? block(c, suspect, clear);
}

/** Whether most hosts outside that a host inside tried are known by an answer of DNS. */
function asksForNames(c: Case, { address, family }: Suspect, failed: readonly Sample[]): boolean {
  if (c.isOutside(address, family)) return false;
  const outside = distinct(failed.map(({ first }) => first)).filter((host) =>
    c.isOutside(host, family),
  );
  const named = outside.filter((host) =>
    c.spoken.namesAt(host, family).some(({ source }) => source === 'dns'),
  );
  return named.length > 0 && 2 * named.length >= failed.length;
}

function vertical(c: Case, suspect: Suspect, failed: readonly Sample[]): Verdict | undefined {
  const hosts = distinct(failed.map(({ first }) => first));
  if (hosts.length > c.thresholds['scan-few'] || suspect.hosts > c.thresholds['scan-few']) {
    return undefined;
  }
  const scanned = hosts.filter((host) => {
    const ports = distinct(failed.filter(({ first }) => first === host).map((each) => each.second));
    if (ports.length < c.thresholds['scan-ports']) return false;
    const answered = distinct(
      suspect.answered.filter(([server]) => server === host).map(([, port]) => port),
    );
    return outweighs(c, ports.length, answered.length);
  });
  if (scanned.length === 0) return undefined;
  const samples = failed.filter(({ first }) => scanned.includes(first));
  const whole = scanned.length === hosts.length;
  return {
    shape: 'vertical',
    samples,
    pairs: whole ? Math.max(samples.length, suspect.pairs) : samples.length,
    hosts: scanned.length,
    ports: whole
      ? Math.max(suspect.ports, 1)
      : distinct(samples.map(({ second }) => second)).length,
    answered: suspect.answered.filter(([server]) => scanned.includes(server)).length,
    darkHosts: darkHosts(samples),
  };
}

function horizontal(c: Case, suspect: Suspect, failed: readonly Sample[]): Verdict | undefined {
  const dark = darkHosts(failed);
  const needed = c.thresholds[dark >= c.thresholds['dark-hits'] ? 'dark-hosts' : 'scan-hosts'];
  const ports = failingPorts(c, suspect, failed);
  const samples = failed.filter(({ second }) => ports.includes(second));
  // Only when nothing was left aside do the totals speak of the same.
  const whole =
    samples.length === suspect.failed.length && suspect.ports <= c.thresholds['scan-few'];
  const hosts = Math.max(
    distinct(samples.map(({ first }) => first)).length,
    whole ? suspect.hosts : 0,
  );
  const answered = suspect.answered.filter(([, port]) => ports.includes(port)).length;
  const pairs = Math.max(samples.length, whole ? suspect.pairs : 0);
  if (hosts < needed || !outweighs(c, pairs, answered)) return undefined;
  const shape = 'horizontal';
  return { shape, samples, pairs, hosts, ports: ports.length, answered, darkHosts: dark };
}

/** The few ports that failed on most hosts, and failed more often than they answered. */
function failingPorts(c: Case, suspect: Suspect, failed: readonly Sample[]): number[] {
  const counts = new Map<number, number>();
  for (const { second } of failed) counts.set(second, (counts.get(second) ?? 0) + 1);
  const answers = new Map<number, number>();
  for (const [, port] of suspect.answered) answers.set(port, (answers.get(port) ?? 0) + 1);
  return [...counts]
    .filter(([port, hosts]) => outweighs(c, hosts, answers.get(port) ?? 0))
    .sort((left, right) => right[1] - left[1])
    .slice(0, c.thresholds['scan-few'])
    .map(([port]) => port);
}

function block(c: Case, suspect: Suspect, failed: readonly Sample[]): Verdict | undefined {
  const dark = darkHosts(failed);
  const needed = c.thresholds[dark >= c.thresholds['dark-hits'] ? 'dark-pairs' : 'scan-pairs'];
  const all = failed.length === suspect.failed.length;
  const pairs = all ? suspect.pairs : failed.length;
  const hosts = all ? suspect.hosts : distinct(failed.map(({ first }) => first)).length;
  const ports = all ? suspect.ports : distinct(failed.map(({ second }) => second)).length;
  if (pairs < needed || !outweighs(c, pairs, suspect.answered.length)) return undefined;
  if (pairs < DENSE * hosts && hosts < DENSE * ports) return undefined;
  const answered = suspect.answered.length;
  return { shape: 'block', samples: failed, pairs, hosts, ports, answered, darkHosts: dark };
}

/** Whether failures outweigh successes, also when not all successes are remembered. */
function outweighs(c: Case, failed: number, answered: number): boolean {
  return failed >= c.thresholds['scan-failed'] * (failed + answered);
}

/** In a capture without answers, clients of a datagram service look like scanners. */
function isDatagramService(c: Case, port: number): boolean {
  const udp = port >>> 16 === 17;
  return udp && (c.clues.watchedOf(17, port & 0xffff) & CATALOGUED) !== 0;
}

function distinct(values: readonly number[]): number[] {
  return [...new Set(values)];
}

function darkHosts(samples: readonly Sample[]): number {
  const dark = samples.filter(({ mark }) => (mark & ATTEMPT_DARK) !== 0);
  return distinct(dark.map(({ first }) => first)).length;
}

function tell(c: Case, suspect: Suspect, verdict: Verdict): Finding {
  const { shape, samples, pairs, hosts, ports, answered } = verdict;
  const source = c.host(suspect.address, suspect.family);
  const about = suspect.estimated ? 'about ' : '';
  const targets = distinct(samples.map(({ first }) => first));
  const [target] = targets;
  const single = targets.length === 1 ? c.host(target!, suspect.family) : undefined;
  const transports = distinct(samples.map(({ second }) => second >>> 16)).map(protocolText);
  const portText = firstOf(samples, ports);
  const span = spanOf(samples);
  const pace = span / Math.max(1, samples.length - 1);
  const slow = pace >= c.thresholds['scan-pace'];
  const refused = samples.filter(({ mark }) => (mark & ATTEMPT_REFUSED) !== 0).length;
  const what = {
    vertical: `${slow ? 'slow port scan' : 'port scan'}: ${about}${plural(ports, `${transports.join('/')} port`)} of ${single ?? plural(hosts, 'host')} tried in ${lasting(span)} (${portText})`,
    horizontal: `${slow ? 'slow scan' : 'scan'} of hosts: ${about}${plural(hosts, 'host')} tried on ${plural(ports, `${transports.join('/')} port`)} (${portText}) in ${lasting(span)}`,
    block: `${slow ? 'slow scan' : 'scan'} of hosts and ports: ${about}${number(pairs)} pairs, ${plural(hosts, 'host')} by ${plural(ports, `${transports.join('/')} port`)} (${portText}) in ${lasting(span)}`,
  }[shape];
  const outside = c.isOutside(suspect.address, suspect.family);
  return {
    kind: 'finding',
    id: `${shape}-scan`,
    severity: severityOf(outside, answered),
    subject: {
      text: single === undefined ? source : `${source} → ${single}`,
      client: source,
      ...(single === undefined ? {} : { server: single }),
    },
    what,
    why:
      `${about}${number(pairs)} of ${number(pairs + answered)} tries failed` +
      (verdict.darkHosts > 0 ? `, ${number(verdict.darkHosts)} of them at unused addresses` : '') +
      `; ${outside ? 'so it looks when somebody outside seeks a way in' : 'a host inside that scans is a tool of yours, or taken over'}`,
    do: outside
      ? 'see that what answered is meant to be reached from there; block the source if it goes on'
      : `find out what runs on ${source}; if nobody meant it to scan, take it off the network`,
    otherwise:
      'a scanner of your own, a monitor of hosts that are down, a client whose answers a firewall drops',
    evidence: c.evidence(samples),
    filter: `src host ${source}${single === undefined ? '' : ` and host ${single}`}`,
    numbers: {
      pairs,
      hosts,
      ports,
      answered,
      refused,
      failedShare: pairs / (pairs + answered),
      darkHosts: verdict.darkHosts,
      seconds: span,
      secondsEach: pace,
      estimated: suspect.estimated ? 1 : 0,
    },
    thresholds: c.held(...heldAgainst(verdict), 'scan-failed', 'scan-pace'),
  };
}

/** The thresholds that the shape rests on. */
function heldAgainst({ shape, darkHosts: dark }: Verdict): ThresholdName[] {
  if (shape === 'vertical') return ['scan-ports', 'scan-few'];
  const inDark: ThresholdName[] = dark > 0 ? ['dark-hits', DARK[shape]] : [];
  return shape === 'horizontal' ? ['scan-hosts', 'scan-few', ...inDark] : ['scan-pairs', ...inDark];
}

const DARK = { horizontal: 'dark-hosts', block: 'dark-pairs' } as const;

/** The lowest of the ports kept, and how many more were tried. */
function firstOf(samples: readonly Sample[], ports: number): string {
  const kept = distinct(samples.map(({ second }) => second & 0xffff)).sort((a, b) => a - b);
  const shown = kept.slice(0, 8);
  const more = ports - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}`;
}

function severityOf(outside: boolean, answered: number): FindingSeverity {
  if (!outside) return 'high';
  return answered > 0 ? 'medium' : 'low';
}

function tellRest(c: Case, rest: readonly { suspect: Suspect; verdict: Verdict }[]): Finding {
  const pairs = rest.reduce((sum, { verdict }) => sum + verdict.pairs, 0);
  const outside = rest.every(({ suspect }) => c.isOutside(suspect.address, suspect.family));
  const samples = rest.flatMap(({ verdict }) => verdict.samples.slice(0, 1));
  return {
    kind: 'finding',
    id: 'more-scans',
    severity: outside ? 'low' : 'high',
    subject: { text: plural(rest.length, 'further source') },
    what: `${plural(rest.length, 'further source')} scanned as well, ${number(pairs)} failed tries`,
    why: `each passes the same thresholds; the ${MOST_EACH} with the most tries are told one by one`,
    do: 'see all of them with --threshold set higher, or one by one with --client',
    otherwise: 'see the scans above',
    evidence: c.evidence(samples),
    numbers: { sources: rest.length, pairs, failedShareLeast: c.thresholds['scan-failed'] },
    thresholds: c.held('scan-hosts', 'scan-ports', 'scan-pairs', 'scan-failed'),
  };
}
