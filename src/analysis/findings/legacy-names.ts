/**
 * Names asked and told by protocols that answer to anyone: NetBIOS names and datagrams (RFC 1001,
 * RFC 1002), WINS, LLMNR (RFC 4795). One finding for each. Whoever is on the segment can answer in
 * another's place and be sent its logon.
 */
import type { Finding } from '../../model/finding.ts';
import type { Sample } from '../sample-lists.ts';
import { type Case, plural, some } from './case.ts';

interface Family {
  readonly what: string;
  readonly keys: readonly (readonly [port: number, protocol: number])[];
  readonly why: string;
  readonly do: string;
  readonly filter: string;
}

const FAMILIES: readonly Family[] = [
  {
    what: 'NetBIOS names and datagrams (137/udp, 138/udp)',
    keys: [
      [137, 17],
      [138, 17],
    ],
    why: 'broadcasts tell names and roles to the whole segment, and anyone may answer in another’s place; on a network with old Windows hosts it may have to stay',
    do: 'keep it within the segment: drop 137/udp, 138/udp and 139/tcp at every routed boundary; switch NetBIOS over TCP/IP off where nothing old needs it (portreeve explain 137/udp)',
    filter: 'udp port 137 or udp port 138',
  },
  {
    what: 'LLMNR (5355/udp)',
    keys: [[5355, 17]],
    why: 'names that DNS does not know are asked of everybody, and anyone may answer and be sent a logon',
    do: 'switch multicast name resolution off by policy; DNS is enough (portreeve explain 5355/udp)',
    filter: 'udp port 5355',
  },
  {
    what: 'WINS (42/tcp, 1512/tcp)',
    keys: [
      [42, 6],
      [1512, 6],
    ],
    why: 'a name service that is out of support and believes its partners',
    do: 'plan its removal; until then allow it between WINS servers only (portreeve explain wins)',
    filter: 'tcp port 42 or tcp port 1512',
  },
];

/** At most one for each family of protocols, whatever the number of hosts. */
export function legacyNames(c: Case): readonly Finding[] {
  return FAMILIES.flatMap((family) => {
    const samples = samplesOf(c, family);
    if (samples.length === 0) return [];
    const hosts = [...new Set(samples.map(({ first, second }) => c.host(first, second)))];
    const outside = samples.filter(({ first, second }) => c.isOutside(first, second)).length;
    const flows = samples.reduce((sum, each) => sum + each.flows, 0);
    const packets = samples.reduce((sum, each) => sum + each.packetsTo, 0);
    return [
      {
        kind: 'finding' as const,
        id: 'legacy-names',
        severity: outside > 0 ? ('medium' as const) : ('low' as const),
        subject: { text: some(hosts, 3) },
        what: `${family.what} in use: ${plural(hosts.length, 'host')} sent ${plural(packets, 'packet')}${outside > 0 ? ', some of them from outside' : ''}`,
        why: family.why,
        do: family.do,
        otherwise: 'scanners and monitors that ask for names',
        evidence: c.evidence(samples),
        filter: family.filter,
        numbers: { hosts: hosts.length, hostsOutside: outside, flows, packets },
        thresholds: {},
      },
    ];
  });
}

function samplesOf(c: Case, { keys }: Family): Sample[] {
  const { legacyNames: lists } = c.clues;
  const samples: Sample[] = [];
  for (let entry = 0; entry < lists.count; entry++) {
    const [port, protocol] = [lists.key(entry, 0), lists.key(entry, 1)];
    if (keys.some(([wanted, kind]) => wanted === port && kind === protocol)) {
      samples.push(...lists.samples(entry));
    }
  }
  return samples;
}
