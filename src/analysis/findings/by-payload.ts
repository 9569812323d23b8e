/**
 * What payloads give away: a protocol on an unusual port, something else on a well-known port, and
 * obsolete versions. Needs somebody who listened to payloads; see spoken.ts.
 *
 * Obsolete: SMB 1 (deprecated 2013, off by default since Windows 10 1709), SSL, TLS and DTLS below
 * 1.2 (RFC 7568, RFC 8996), SSH 1 (RFC 4253 section 5), SNMP 1 and 2c (RFC 3410: historic), Telnet.
 */
import { spokenName } from '../../catalog/spoken-names.ts';
import type { Finding, FindingSeverity } from '../../model/finding.ts';
import type { Spoken, SpokenEndpoint } from '../../model/spoken.ts';
import { misplaced } from '../misplaced.ts';
import { type Case, MOST_EVIDENCE, plural, some } from './case.ts';

/** What is said of one endpoint; of many alike it is said once. */
type Part = Pick<Finding, 'id' | 'severity' | 'what' | 'why' | 'do' | 'otherwise'> & {
  readonly at: SpokenEndpoint;
  readonly of: Spoken;
  /** The frames that show it. */
  readonly shown: readonly string[];
};

/** Endpoints told one by one; more that are alike are told together. */
const MOST_ALONE = 3;

/** A few that are alike are told one by one, more of them together. */
export function byPayload(c: Case): readonly Finding[] {
  const alike = new Map<string, Part[]>();
  for (const at of c.spoken.endpoints()) {
    for (const part of [...misfits(at), ...obsolete(at)]) {
      const key = `${part.id} ${part.what}`;
      const parts = alike.get(key);
      if (parts === undefined) alike.set(key, [part]);
      else parts.push(part);
    }
  }
  const byId = new Map<string, (readonly Part[])[]>();
  for (const parts of alike.values()) {
    const { id } = parts[0]!;
    const told = byId.get(id) ?? [];
    byId.set(id, told);
    if (parts.length > MOST_ALONE) told.push(parts);
    else for (const part of parts) told.push([part]);
  }
  return [...byId].flatMap(([id, told]) =>
    c.tellMost(id, told, (parts) => (parts.length === 1 ? alone(parts[0]!) : together(parts))),
  );
}

function alone({ at, of, shown, what, ...part }: Part): Finding {
  const { address, port, transport } = at;
  return {
    kind: 'finding',
    ...part,
    what: `${what}${conversations(of)}`,
    subject: { text: `${address} ${port}/${transport}`, server: address, port, transport },
    evidence: shown.map((locator) => ({ locator })),
    filter: `host ${address} and ${transport} port ${port}`,
    numbers: { conversations: of.flows },
    thresholds: {},
  };
}

/** One port of many hosts. */
function together(parts: readonly Part[]): Finding {
  const [{ at, of: _, shown: __, ...part }] = parts as [Part];
  const { port, transport } = at;
  const hosts = parts.map((each) => each.at.address);
  return {
    kind: 'finding',
    ...part,
    what: `${part.what}, of ${plural(hosts.length, 'host')} (${some(hosts, 4)})`,
    subject: { text: `${port}/${transport} of ${plural(hosts.length, 'host')}`, port, transport },
    evidence: parts
      .flatMap(({ shown }) => shown.slice(0, 1))
      .slice(0, MOST_EVIDENCE)
      .map((locator) => ({ locator })),
    filter: `${transport} port ${port}`,
    numbers: {
      hosts: hosts.length,
      conversations: parts.reduce((sum, { of }) => sum + of.flows, 0),
    },
    thresholds: {},
  };
}

/** How many conversations there were, not in how many of them it showed. */
function conversations({ protocol, flows }: Spoken): string {
  return ` (${plural(flows, `${spokenName(protocol)} conversation`)})`;
}

function misfits(at: SpokenEndpoint): Part[] {
  const { port, transport } = at;
  const found = misplaced(at);
  if (found === undefined) return [];
  const { spoken: first, fit } = found;
  const name = spokenName(first.protocol);
  const seen = { at, of: first, shown: [first.locator] };
  if (fit === 'other') {
    return [
      {
        ...seen,
        id: 'other-protocol-on-port',
        severity: 'medium',
        what: `${name} is spoken on ${port}/${transport}, the port of another service`,
        why: 'a rule that allows the port by its name lets this through as well: a way around filters, or a service put where it was let in',
        do: 'find out who put it there; move it to its own port, or filter by protocol',
        otherwise: 'a deliberate choice to pass a strict firewall, a multiplexer',
      },
    ];
  }
  return [
    {
      ...seen,
      id: 'protocol-on-unusual-port',
      severity: 'low',
      what: `${name} is spoken on ${port}/${transport}, which is not one of its ports`,
      why: 'by its port number this service is overlooked, by people and by rules',
      do: 'write the port down with its service, or move it to its own port',
      otherwise: 'a second instance, a development server, a product with a port of its own',
    },
  ];
}

interface Age {
  readonly protocol: string;
  /** Values of the facts `version` and `dialect`. */
  readonly versions: readonly string[];
  readonly name: (version: string) => string;
  readonly severity: FindingSeverity;
  readonly why: string;
  readonly do: string;
}

const AGES: readonly Age[] = [
  {
    protocol: 'smb',
    versions: ['SMB 1'],
    name: () => 'SMB 1',
    severity: 'high',
    why: 'WannaCry and NotPetya spread through it (MS17-010), and it cannot be made safe',
    do: 'remove it: Disable-WindowsOptionalFeature -Online -FeatureName SMB1Protocol; Samba: server min protocol = SMB2',
  },
  {
    protocol: 'tls',
    versions: ['SSL 2.0', 'SSL 3.0', 'TLS 1.0', 'TLS 1.1'],
    name: (version) => version,
    severity: 'medium',
    why: 'browsers and standards gave it up (RFC 8996): known attacks read or change what it carries',
    do: 'set the least version of the server to TLS 1.2',
  },
  {
    protocol: 'dtls',
    versions: ['DTLS 1.0'],
    name: (version) => version,
    severity: 'medium',
    why: 'it is TLS 1.1 over UDP, which standards gave up (RFC 8996)',
    do: 'set the least version of the server to DTLS 1.2',
  },
  {
    protocol: 'ssh',
    // 1.99 is 2.0 and older ones too (RFC 4253 section 5.1).
    versions: ['1.0', '1.2', '1.3', '1.5', '1.99'],
    name: (version) => (version === '1.99' ? 'SSH 1 still allowed (version 1.99)' : 'SSH 1'),
    severity: 'high',
    why: 'its integrity check can be forged and sessions taken over',
    do: 'allow protocol 2 only, or replace the device',
  },
  {
    protocol: 'snmp',
    versions: ['1', '2', '2c'],
    name: (version) => `SNMP ${version}`,
    severity: 'medium',
    why: 'the community, which is its password, crosses the network as text',
    do: 'use SNMP 3 with authentication and privacy; until then allow it from the manager alone',
  },
  {
    protocol: 'telnet',
    versions: [''],
    name: () => 'Telnet',
    severity: 'high',
    why: 'names, passwords and all that is typed cross the network as text',
    do: 'replace it by SSH',
  },
];

/** Traps are never answered; their community crosses the network all the same. */
const TRAPS = 162;

function obsolete(at: SpokenEndpoint): Part[] {
  const { transport, port, spoken } = at;
  return spoken.flatMap((each) => {
    const { protocol, facts, factLocators, locator } = each;
    const age = AGES.find((one) => one.protocol === protocol);
    if (age === undefined || (!each.answered && port !== TRAPS)) return [];
    // On its own port Telnet is told as a clear-text login.
    const elsewhere = protocol === 'telnet' && port !== 23 ? [['', locator] as const] : [];
    const versions = [
      ...['version', 'dialect'].flatMap((key) =>
        (facts[key] ?? []).map((value, at) => [value, factLocators[key]?.[at] ?? locator] as const),
      ),
      ...elsewhere,
    ];
    const old = versions.filter(([version]) => age.versions.includes(version));
    if (old.length === 0) return [];
    const others = versions.filter(([version]) => !age.versions.includes(version));
    const names = [...new Set(old.map(([version]) => age.name(version)))].join(' and ');
    const beside =
      others.length === 0 ? '' : `, beside ${others.map(([version]) => version).join(' and ')}`;
    return [
      {
        at,
        of: each,
        shown: old.map(([, frame]) => frame),
        id: 'obsolete-version',
        severity: age.severity,
        what: `${names} on ${port}/${transport}${beside}`,
        why: age.why,
        do: age.do,
        otherwise: 'a test of versions by a scanner, a server that is not yours to set',
      },
    ];
  });
}
