/**
 * Equal-size probes: one source that tries several ports of one host or a few, each about as
 * often, with packets of one length, and hardly anything answers. Fewer than make a scan, but no
 * client does this.
 *
 * Formula: ports ≥ probe-ports; share of the commonest length ≥ probe-same-size; entropy of the
 * packets over the ports ÷ its maximum ≥ probe-entropy; answered ÷ (answered + failed), over all
 * that the source tried, ≤ probe-answered. Own formula. A monitor of a host that is down has other
 * hosts that answer.
 */
import type { Finding } from '../../model/finding.ts';
import type { Sample } from '../sample-lists.ts';
import { anyHost, type Case, lasting, modal, number, plural, share, some, spanOf } from './case.ts';
import type { Suspect } from './suspects.ts';

/**
 * @param suspects sources that failed often, not yet told as scanners
 * @param explained pairs that another finding accounts for
 */
export function equalSizeProbes(
  c: Case,
  suspects: readonly Suspect[],
  explained: (client: number, server: number) => boolean,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const suspect of suspects) {
    const failed = suspect.failed.filter(({ first }) => !explained(suspect.address, first));
    const finding = judge(c, suspect, failed);
    if (finding !== undefined) findings.push(finding);
  }
  return c.tellMost('equal-size-probes', findings, (finding) => finding);
}

/** Packets over ports: 1 when each port got as many as any other. */
export function evenness(samples: readonly Sample[]): number {
  const packets = new Map<number, number>();
  let all = 0;
  for (const { second, packetsTo } of samples) {
    packets.set(second, (packets.get(second) ?? 0) + packetsTo);
    all += packetsTo;
  }
  if (packets.size < 2) return 0;
  let entropy = 0;
  for (const count of packets.values()) {
    if (count > 0) entropy -= (count / all) * Math.log(count / all);
  }
  return entropy / Math.log(packets.size);
}

function judge(c: Case, suspect: Suspect, failed: readonly Sample[]): Finding | undefined {
  const { thresholds } = c;
  const ports = new Set(failed.map(({ second }) => second)).size;
  const hosts = [...new Set(failed.map(({ first }) => first))];
  if (ports < thresholds['probe-ports'] || hosts.length > thresholds['scan-few']) return undefined;
  const { value: length, share: same } = modal(failed.map(({ longest }) => longest));
  const even = evenness(failed);
  const answered = suspect.answered.length;
  const answeredShare = answered / (answered + failed.length);
  if (same < thresholds['probe-same-size'] || even < thresholds['probe-entropy']) return undefined;
  if (answeredShare > thresholds['probe-answered']) return undefined;
  const source = c.host(suspect.address, suspect.family);
  const outside = c.isOutside(suspect.address, suspect.family);
  const targets = hosts.map((host) => c.host(host, suspect.family));
  const numbers = [...new Set(failed.map(({ second }) => second & 0xffff))];
  return {
    kind: 'finding',
    id: 'equal-size-probes',
    severity: outside ? (answered > 0 ? 'medium' : 'low') : 'medium',
    subject: {
      text: `${source} → ${some(targets, 3)}`,
      client: source,
      ...(targets.length === 1 ? { server: targets[0]! } : {}),
    },
    what: `${plural(ports, 'port')} of ${targets.length === 1 ? targets[0] : plural(hosts.length, 'host')} probed with packets of one length: ${some(numbers.sort((left, right) => left - right))}`,
    why: `${share(same)} of the tries have ${number(length)} octets, ${number(failed.length)} of ${number(failed.length + answered)} failed, within ${lasting(spanOf(failed))}: so it looks when somebody tries which ports are open`,
    do: outside
      ? 'see that what answered is meant to be reached from there; block the source if it goes on'
      : `find out what runs on ${source}`,
    otherwise: 'a client with a list of ports to fall back to, a check of a host that is down',
    evidence: c.evidence(failed),
    filter: `src host ${source} and ${anyHost(targets)}`,
    numbers: {
      ports,
      hosts: hosts.length,
      tries: failed.length,
      answered,
      answeredShare,
      length,
      sameSizeShare: same,
      evenness: even,
      seconds: spanOf(failed),
    },
    thresholds: c.held('probe-ports', 'probe-same-size', 'probe-entropy', 'probe-answered'),
  };
}
