/** Options of `portreeve audit` that are more than a number or a name, for commander. */
import { InvalidArgumentError } from 'commander';
import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';
import type {
  AuditFilter,
  InterfaceRule,
  ListenAddress,
  PrefixRule,
  ZoneRule,
} from '../pipeline/audit.ts';
import { parseDuration } from './interface-options.ts';

export interface Zones {
  readonly zones: readonly ZoneRule[];
  readonly interfaces: readonly InterfaceRule[];
}

/** `--for` says how long, of which platform rules are, or both when it is repeated. */
export interface For {
  readonly timeMs?: number;
  /** Its name. */
  readonly platform?: string;
}

/** A time, ms since 1970, or earlier logs. */
export interface NewSince {
  readonly sinceMs?: number;
  readonly logs?: readonly string[];
}

/** All of them, as commander gathers them. */
export interface AuditCommandOptions {
  readonly zone?: Zones;
  readonly prefix?: readonly PrefixRule[];
  readonly utcOffset?: number;
  readonly host?: readonly Prefix[];
  readonly port?: NonNullable<AuditFilter['ports']>;
  readonly rule?: string;
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly way?: NonNullable<AuditFilter['way']>;
  readonly newSince?: NewSince;
  readonly workers?: number;
  readonly map?: readonly string[];
  readonly listen?: readonly ListenAddress[];
  readonly nflog?: readonly number[];
  readonly follow?: boolean;
  readonly interval?: number;
  readonly for?: For;
  readonly rules?: string;
  readonly count?: number;
  readonly flowPort?: readonly number[];
  readonly top?: number;
  readonly all?: boolean;
}

/** `dmz=10.0.1.0/24` names a prefix, `dmz=eth2` an interface or a zone of the device's. */
export function parseZone(text: string, gathered: Zones = { zones: [], interfaces: [] }): Zones {
  const [, name, what] = /^([\w.-]{1,20})=(.+)$/.exec(text) ?? [];
  if (name === undefined || what === undefined) {
    throw new InvalidArgumentError('It has the form dmz=10.0.1.0/24 or out=eth0.');
  }
  const { zones, interfaces } = gathered;
  // Names of interfaces hold no slash and are no addresses.
  if (
    /^[\da-f:.]*[.:][\da-f:.]*(?:\/\d+)?$/i.test(what) &&
    (what.includes('/') || isAddress(what))
  ) {
    try {
      return { zones: [...zones, { name, prefix: parsePrefix(what) }], interfaces };
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message}.`);
    }
  }
  return { zones, interfaces: [...interfaces, { name: what, zone: name }] };
}

function isAddress(text: string): boolean {
  try {
    parsePrefix(text);
    return true;
  } catch {
    return false;
  }
}

/** For commander: adds to the hosts of options given before. Throws `InvalidArgumentError`. */
export function parseHost(text: string, hosts: readonly Prefix[] = []): Prefix[] {
  try {
    return [...hosts, parsePrefix(text)];
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}

const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  tcp: 6,
  udp: 17,
  icmpv6: 58,
  sctp: 132,
};

/** For commander: adds to the ports of options given before. Throws `InvalidArgumentError`. */
export function parsePort(
  text: string,
  ports: NonNullable<AuditFilter['ports']> = [],
): NonNullable<AuditFilter['ports']> {
  const [, name, digits] = /^(?:([a-z0-9]+)\/)?(\d{1,5})$/.exec(text) ?? [];
  const protocol = name === undefined ? undefined : PROTOCOLS[name];
  const port = Number(digits ?? -1);
  if (digits === undefined || port > 65_535 || (name !== undefined && protocol === undefined)) {
    throw new InvalidArgumentError('It has the form 443 or udp/53.');
  }
  return [...ports, { port, protocol }];
}

/** `15m` is a time, anything else a platform. */
export function parseFor(text: string, given: For = {}): For {
  if (/^[\d.]/.test(text)) return { ...given, timeMs: parseDuration(text) };
  return { ...given, platform: text };
}

/** `2026-11-22`, a time of that day, or an earlier log. */
export function parseNewSince(text: string, { logs = [] }: NewSince = {}): NewSince {
  if (!/^\d{4}-\d{2}-\d{2}(?:$|T)/.test(text)) return { logs: [...logs, text] };
  const sinceMs = Date.parse(text.length === 10 ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(sinceMs)) {
    throw new InvalidArgumentError('It has the form 2026-11-22 or 2026-11-22T10:00:00Z.');
  }
  if (logs.length > 0) throw new InvalidArgumentError('It is a time or logs, not both.');
  return { sinceMs };
}

/** A filter in words: `host 10.0.0.7, port udp/53, denied`. */
export function askedText({ hosts = [], ports = [], rule, way, action }: AuditFilter): string {
  const numbers = ports.map(({ port, protocol }) => {
    const name = Object.keys(PROTOCOLS).find((each) => PROTOCOLS[each] === protocol);
    return name === undefined ? `${port}` : `${name}/${port}`;
  });
  const parts = [
    ...(hosts.length > 0 ? [`host ${hosts.map(prefixText).join(' or ')}`] : []),
    ...(numbers.length > 0 ? [`port ${numbers.join(' or ')}`] : []),
    ...(rule === undefined ? [] : [`rule ${rule}`]),
    ...(way === undefined ? [] : [way]),
    ...(action === undefined ? [] : [action === 'allow' ? 'allowed' : 'denied']),
  ];
  return parts.join(', ');
}

/** A single host by its address alone. */
function prefixText(prefix: Prefix): string {
  return formatPrefix(prefix).replace(prefix.family === 4 ? /\/32$/ : /\/128$/, '');
}
