/**
 * Virtual IPs of a FortiOS configuration (FortiOS 7.4 CLI Reference: config firewall vip, vip6, vipgrp;
 * Administration Guide: static virtual IPs). The destination is translated before policies are asked:
 * a policy names the virtual IP and asks for the port behind it. Here a packet counts as it comes, so
 * that the conditions of a policy are turned into those of packets to the external address.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, intersectRanges, mergeRanges } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterMatch } from '../policy/filter.ts';
import { between } from './fortios-addresses.ts';
import type { Asked } from './fortios-services.ts';
import { type Entry, SettingFault } from './fortios-text.ts';
import { LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import { leavesOf } from './nested-groups.ts';
import { settingWords } from './other-settings.ts';
import { portRange } from './session-chain.ts';

/** Of static ones: settings that decide nothing about where a packet goes. */
const HARMLESS = settingWords(`
  arp-reply color comment dns-mapping-ttl gratuitous-arp-interval id nat-source-vip nat44 ndp-reply
  src-vip-filter uuid portmapping-type http-redirect ldb-method monitor persistence add-nat46-route
  nat66 add-nat64-route embedded-ipv4-address gslb-domain-name gslb-hostname one-click-gslb-server
`);

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['tcp', TCP],
  ['udp', UDP],
  ['sctp', 132],
]);

/** A virtual IP whose translation is in the text. */
export interface VirtualIp {
  readonly name: string;
  readonly family: Family;
  readonly external: AddressRange;
  readonly mapped: AddressRange;
  /** Undefined: every protocol, and ports stay what they are. */
  readonly forwarded?: {
    readonly protocol: number;
    readonly external?: NumberRange;
    readonly mapped?: NumberRange;
  };
  /** Undefined: whatever interface it comes in by. */
  readonly interface?: string;
  /** Whom it is for; undefined: everybody. */
  readonly sources?: readonly AddressRange[];
  /** Names of the services it is for; undefined: all. */
  readonly services?: readonly string[];
}

interface Known {
  readonly line: number;
  readonly ip?: VirtualIp;
  readonly members?: readonly string[];
  /** Why it cannot be weighed. */
  readonly elsewhere?: string;
}

export class FortiVips {
  private readonly known = new Map<string, Known>();

  /** Reads an entry of `firewall vip` or `vip6`. Throws `LineFault`. */
  vip(entry: Entry, family: Family): void {
    const { line } = entry;
    const type = entry.one('type') ?? 'static-nat';
    if (type !== 'static-nat') {
      // Others have servers, names or whole profiles behind them.
      this.define(entry, family, { line, elsewhere: type });
      return;
    }
    if (/^(?:0\.0\.0\.0|::)$/.test(entry.take('extip')?.join(' ') ?? '0.0.0.0')) {
      this.define(entry, family, { line, elsewhere: 'extip of the interface' });
      return;
    }
    const ip = staticIp(entry, family);
    const isOn = entry.oneOf('status', 'enable', 'disable') === 'enable';
    entry.end(HARMLESS);
    this.define(entry, family, isOn ? { line, ip } : { line, elsewhere: 'status disable' });
  }

  /** Reads an entry of `firewall vipgrp` or `vipgrp6`. Throws `LineFault`. */
  group(entry: Entry, family: Family): void {
    const members = entry.take('member') ?? [];
    entry.one('interface');
    entry.end(new Set(['color', 'comments', 'uuid']));
    this.define(entry, family, { line: entry.line, members });
  }

  private define({ name, line }: Entry, family: Family, known: Known): void {
    const key = `${family} ${name}`;
    if (this.known.has(key)) throw new SettingFault(line, `“${name}” is defined twice.`);
    this.known.set(key, known);
  }

  has(family: Family, name: string): boolean {
    return this.known.has(`${family} ${name}`);
  }

  /** Those that the names stand for. Throws `LineFault`. */
  named(family: Family, names: readonly string[]): readonly VirtualIp[] {
    const members = (name: string) => this.known.get(`${family} ${name}`)?.members;
    return leavesOf(names, members).map((name) => {
      const known = this.known.get(`${family} ${name}`);
      if (known === undefined) throw new LineFault(`There is no virtual IP “${name}”.`);
      if (known.ip === undefined) {
        throw new LineFault(
          `What the virtual IP “${name}” leads to is not read (${known.elsewhere}).`,
        );
      }
      return known.ip;
    });
  }
}

function staticIp(entry: Entry, family: Family): VirtualIp {
  const external = rangeOf(entry, 'extip', family);
  const mapped = rangeOf(entry, 'mappedip', family);
  if (entry.isEnabled('nat46') || entry.isEnabled('nat64')) {
    throw entry.fault(
      family === 4 ? 'nat46' : 'nat64',
      'Translation between families is not read.',
    );
  }
  for (const key of ['extaddr', 'mapped-addr', 'ipv6-mappedip', 'ipv6-mappedport']) {
    if (entry.take(key) !== undefined) throw entry.fault(key, `“${key}” is not read.`);
  }
  const place = entry.one('extintf') ?? 'any';
  const only = entry.take('srcintf-filter');
  if (only !== undefined) throw entry.fault('srcintf-filter', '“srcintf-filter” is not read.');
  const sources = entry.take('src-filter')?.map((word) => sourceOf(word, family));
  const forwarded = forwardedOf(entry, family);
  const services = entry.take('service');
  if (services !== undefined && forwarded !== undefined) {
    throw entry.fault('service', '“service” beside forwarded ports is not read.');
  }
  return {
    ...{ name: entry.name, family, external, mapped },
    ...(forwarded === undefined ? {} : { forwarded }),
    ...(place === 'any' ? {} : { interface: place }),
    ...(sources === undefined ? {} : { sources: mergeRanges(sources) }),
    ...(services === undefined ? {} : { services }),
  };
}

function forwardedOf(entry: Entry, family: Family): VirtualIp['forwarded'] {
  const isForwarded = entry.isEnabled('portforward');
  const word = entry.one('protocol') ?? 'tcp';
  const [to, behind] = [entry.one('extport') ?? '0', entry.one('mappedport') ?? '0'];
  if (!isForwarded) return undefined;
  if (word === 'icmp') return { protocol: family === 4 ? ICMP : ICMPV6 };
  const protocol = PROTOCOLS.get(word);
  if (protocol === undefined) throw entry.fault('protocol', `“${word}” is not read.`);
  const external = portRange(to);
  const mapped = behind === '0' ? external : portRange(behind);
  if (mapped.last - mapped.first !== external.last - external.first) {
    throw entry.fault('mappedport', 'There are not as many ports behind as outside.');
  }
  return { protocol, external, mapped };
}

function rangeOf(entry: Entry, key: string, family: Family): AddressRange {
  const words = entry.take(key) ?? [];
  const [low = '', high = low, ...more] = words.flatMap((word) => word.split('-'));
  if (more.length > 0) throw entry.fault(key, 'Several ranges of addresses are not read.');
  return between(low, high, family);
}

function sourceOf(word: string, family: Family): AddressRange {
  const [low = '', high] = word.split('-');
  return high === undefined ? prefixRange(word, family) : between(low, high, family);
}

/** Conditions of a policy on packets that a virtual IP has translated. */
export interface Translated {
  /** Addresses behind it; undefined: all of them. */
  readonly destination?: readonly AddressRange[];
  readonly asked: Asked;
  readonly source: readonly AddressRange[];
}

/** The packets that come to the virtual IP at all, and for whom it is. */
export function arriving(ip: VirtualIp): FilterMatch {
  const { forwarded, sources, family, external } = ip;
  return {
    family,
    destination: [external],
    ...(sources === undefined ? {} : { source: sources }),
    ...(forwarded === undefined ? {} : { protocols: [single(forwarded.protocol)] }),
    ...(forwarded?.external === undefined ? {} : { destinationPorts: [forwarded.external] }),
  };
}

/** The packets, as they come, that a policy is about; undefined: none. Throws `LineFault`. */
export function translated(ip: VirtualIp, wanted: Translated): FilterMatch | undefined {
  const { asked } = wanted;
  const destination = externalOf(ip, wanted.destination);
  const source =
    ip.sources === undefined ? wanted.source : intersectRanges(wanted.source, ip.sources);
  if (destination.length === 0 || source.length === 0) return undefined;
  if (asked.family !== undefined && asked.family !== ip.family) return undefined;
  const sides = { family: ip.family, source, destination };
  const { forwarded } = ip;
  if (forwarded === undefined) return { ...asked, ...sides };
  const { protocols } = asked;
  const { protocol, mapped, external } = forwarded;
  if (protocols?.some(({ first, last }) => protocol >= first && protocol <= last) === false) {
    return undefined;
  }
  const ports = externalPorts(asked.destinationPorts, mapped, external);
  if (ports !== undefined && ports.length === 0) return undefined;
  return {
    ...{ ...asked, ...sides, protocols: [single(protocol)] },
    ...(ports === undefined ? {} : { destinationPorts: ports }),
  };
}

/** Ports outside for those behind. */
function externalPorts(
  asked: readonly NumberRange[] | undefined,
  mapped: NumberRange | undefined,
  external: NumberRange | undefined,
): NumberRange[] | undefined {
  if (mapped === undefined || external === undefined) return undefined;
  const shift = external.first - mapped.first;
  return (asked ?? [mapped]).flatMap(({ first, last }) => {
    const [low, high] = [Math.max(first, mapped.first), Math.min(last, mapped.last)];
    return low > high ? [] : [{ first: low + shift, last: high + shift }];
  });
}

/** Addresses outside for those behind. Throws `LineFault` where they are not one for one. */
function externalOf(
  { name, external, mapped }: VirtualIp,
  wanted: readonly AddressRange[] | undefined,
): readonly AddressRange[] {
  if (wanted === undefined) return [external];
  const both = intersectRanges(wanted, [mapped]);
  if (both.length === 0) return [];
  const [one] = both;
  const isWhole =
    both.length === 1 && `${one!.first} ${one!.last}` === `${mapped.first} ${mapped.last}`;
  if (isWhole) return [external];
  const size = ({ first, last }: AddressRange) => last[0]! - first[0]!;
  if (external.family === 6 || size(external) !== size(mapped)) {
    throw new LineFault(`Only some addresses behind the virtual IP “${name}” are asked for.`);
  }
  const shift = external.first[0]! - mapped.first[0]!;
  return both.map(({ family, first, last }) => {
    return { family, first: [first[0]! + shift], last: [last[0]! + shift] };
  });
}

const single = (number: number): NumberRange => ({ first: number, last: number });
