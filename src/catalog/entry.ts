/**
 * What the catalogue says about a service and its ports. The text lies in `entries/*.yaml`;
 * docs/catalogue.md has the schema.
 */

/** Ports of one transport; both ends are in the range. */
export interface CatalogPort {
  readonly transport: 'tcp' | 'udp' | 'sctp';
  readonly first: number;
  readonly last: number;
}

/** In order of gravity. */
export const RISKS = ['none', 'low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof RISKS)[number];

/** Where it may be reached from: the Internet, the own networks, the machine itself, nowhere. */
export type Place = 'perimeter' | 'inside' | 'host' | 'nowhere';

/** One step: words, or a command to copy (PowerShell or Windows programs; a root shell). */
export type Step = { readonly say: string } | { readonly run: string };

/** A field that does not apply, and why. */
export interface NotThere {
  readonly none: string;
}

export interface PlatformAdvice {
  /** What holds the port. */
  readonly process: string;
  /** Names of the services or systemd units that the steps stop; `@*` stands for all instances. */
  readonly stops: readonly string[];
  /** How to close it, at least one step. */
  readonly close: readonly Step[];
}

export interface Companion {
  readonly ports: readonly CatalogPort[];
  readonly what: string;
}

export interface CatalogSource {
  readonly title: string;
  readonly url?: string;
}

/** What a look-up needs, without the long texts. */
export interface EntrySummary {
  readonly id: string;
  readonly name: string;
  /** Subject: name of the file the entry stands in. */
  readonly group: string;
  /** 1 is the likeliest of several uses of a port, 9 the least; 5 when nobody said. */
  readonly rank: number;
  readonly ports: readonly CatalogPort[];
  readonly aliases: readonly string[];
  readonly riskLevel: Risk;
}

export interface EntryDetails {
  readonly what: string;
  readonly windows: PlatformAdvice | NotThere;
  readonly linux: PlatformAdvice | NotThere;
  readonly risk: { readonly level: Risk; readonly because: string };
  readonly belongs: { readonly place: Place; readonly note: string };
  readonly closable: { readonly answer: 'yes' | 'partly' | 'no'; readonly note: string };
  readonly breaks: string;
  readonly companions: readonly Companion[] | NotThere;
  readonly firewall: string;
  readonly sources: readonly CatalogSource[];
}

export type PortEntry = Omit<EntrySummary, 'riskLevel'> & EntryDetails;

/** Text of ports as people write them: `53/tcp+udp`, `137/udp 139/tcp`. */
export function formatCatalogPorts(ports: readonly CatalogPort[]): string {
  const transports = new Map<string, string[]>();
  for (const { transport, first, last } of ports) {
    const text = first === last ? `${first}` : `${first}-${last}`;
    const list = transports.get(text);
    if (list === undefined) transports.set(text, [transport]);
    else if (!list.includes(transport)) list.push(transport);
  }
  return [...transports].map(([text, names]) => `${text}/${names.join('+')}`).join(' ');
}
