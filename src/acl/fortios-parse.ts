/**
 * Reads FortiOS configuration (FortiOS 7.4 CLI Reference; Administration Guide: Policies): policies
 * with their addresses, services, virtual IPs, zones and schedules, alone or in a whole configuration
 * as `show`, `show full-configuration` and a backup print it. Sections that decide nothing about what
 * passes through are passed over by their names; those that may are told; others are faults. What
 * decides by more than the packet (users, schedules, applications, internet services) is a fault where
 * a policy that is asked uses it. Of several virtual domains one may have policies.
 */
import type { FilterRule } from '../policy/filter.ts';
import { FortiAddresses } from './fortios-addresses.ts';
import { kindOf, PassedSection } from './fortios-passing.ts';
import { FortiPlaces } from './fortios-places.ts';
import { FortiPolicies } from './fortios-policies.ts';
import { FortiServices } from './fortios-services.ts';
import { type Command, commandsOf, type Entry, EntryReader, SettingFault } from './fortios-text.ts';
import { FortiVips } from './fortios-vips.ts';
import { LineFault } from './line-fault.ts';
import { BesideRules } from './other-settings.ts';
import type { Beside, Parsed, ParseFault } from './platform.ts';

/** What the session table lets through before any policy is asked. */
const ANSWERS: FilterRule = {
  action: 'accept',
  match: { states: ['established', 'related'] },
  line: 0,
};

const WEEK = 'friday monday saturday sunday thursday tuesday wednesday';
/** For IPv4, and for IPv6. */
const REDIRECTS = ['allow-traffic-redirect', 'ipv6-allow-traffic-redirect'];
const MATCH_VIP =
  'that denials hold for virtual IPs too (match-vip, by itself since FortiOS 7.2.4): the text names no version';

export function parseFortios(text: string): Parsed {
  const parser = new FortiParser(versionOf(text));
  let last = 1;
  for (const command of commandsOf(text)) {
    parser.command(command);
    last = command.lastLine;
  }
  return parser.parsed(last);
}

/** Release, from the first line of a backup: `#config-version=FGT60F-7.2.5-FW-build1517…`. */
function versionOf(text: string): readonly number[] | undefined {
  const [, ...parts] =
    /^#config-version=\S*?[- ]v?(\d{1,2})\.(\d{1,2})(?:\.(\d{1,2}))?[-,]/m.exec(text) ?? [];
  return parts.length === 0 ? undefined : parts.map((part) => Number(part ?? 0));
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  const at = version.findIndex((part, index) => part !== other[index]);
  return at >= 0 && version[at]! < other[at]!;
}

/** A virtual domain, or the whole device where it has no others. */
class Domain {
  /** Where its settings begin. */
  line: number;
  readonly addresses = new FortiAddresses();
  readonly services = new FortiServices();
  readonly vips = new FortiVips();
  readonly places = new FortiPlaces();
  /** Schedules that hold at any time. */
  readonly always = new Set(['always']);
  readonly policies: { readonly entry: Entry; readonly only: 6 | undefined }[] = [];
  readonly known = new Set<string>();
  readonly beside = new BesideRules();

  constructor(line: number) {
    this.line = line;
  }
}

/** What becomes of each entry of a section that is read. */
const ENTRIES: ReadonlyMap<string, (domain: Domain, entry: Entry) => void> = new Map([
  ['firewall address', ({ addresses }, entry) => addresses.address(entry, 4)],
  ['firewall address6', ({ addresses }, entry) => addresses.address(entry, 6)],
  ['firewall addrgrp', ({ addresses }, entry) => addresses.group(entry, 4)],
  ['firewall addrgrp6', ({ addresses }, entry) => addresses.group(entry, 6)],
  ['firewall service custom', ({ services }, entry) => services.custom(entry)],
  ['firewall service group', ({ services }, entry) => services.group(entry)],
  ['firewall service category', (_, entry) => entry.end(new Set(CATEGORY))],
  ['firewall vip', ({ vips }, entry) => vips.vip(entry, 4)],
  ['firewall vip6', ({ vips }, entry) => vips.vip(entry, 6)],
  ['firewall vipgrp', ({ vips }, entry) => vips.group(entry, 4)],
  ['firewall vipgrp6', ({ vips }, entry) => vips.group(entry, 6)],
  ['firewall schedule recurring', recurring],
  ['firewall policy', ({ policies }, entry) => policies.push({ entry, only: undefined })],
  ['firewall policy6', ({ policies }, entry) => policies.push({ entry, only: 6 })],
  ['firewall security-policy', unread],
  ['firewall consolidated policy', unread],
  ['system external-resource', ({ addresses }, entry) => addresses.feed(entry)],
  ['system zone', ({ places }, entry) => places.zone(entry)],
  ['system sdwan', () => {}],
  ['system virtual-wan-link', () => {}],
] as const satisfies readonly (readonly [string, (domain: Domain, entry: Entry) => void])[]);

const CATEGORY = ['comment', 'fabric-object', 'uuid'];

class FortiParser {
  private readonly faults: ParseFault[] = [];
  private readonly version: readonly number[] | undefined;
  private readonly whole = new Domain(0);
  private readonly domains = new Map<string, Domain>();
  /** Where the commands are: the device, or a domain. */
  private domain = this.whole;
  private container: '' | 'vdom' | 'global' = '';
  private section: EntryReader | PassedSection | undefined;
  private isWhole = false;
  /** Of `system global`: whether what leaves by the interface it came in by meets no policy. */
  private readonly redirects = new Map<string, string>();
  private globalLine = 0;

  constructor(version: readonly number[] | undefined) {
    this.version = version;
  }

  private guard(line: number, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof LineFault)) throw error;
      this.faults.push({
        line: error instanceof SettingFault ? error.line : line,
        what: error.message,
      });
    }
  }

  command(command: Command): void {
    this.guard(command.line, () => {
      const { section } = this;
      if (section === undefined) this.outside(command);
      else {
        this.noteRedirects(section, command);
        if (section.take(command)) this.endSection(section);
      }
    });
  }

  private noteRedirects(section: EntryReader | PassedSection, { words }: Command): void {
    const [verb, key, value] = words;
    if (!(section instanceof PassedSection) || verb !== 'set') return;
    if (REDIRECTS.some((one) => one === key)) this.redirects.set(key!, value ?? '');
  }

  private endSection(section: EntryReader | PassedSection): void {
    this.section = undefined;
    if (!(section instanceof EntryReader)) return;
    const { root } = section;
    if (/^system (?:sdwan|virtual-wan-link)$/.test(root.name)) this.domain.places.sdwan(root);
    else root.end(new Set());
  }

  /** A command that stands in no section. */
  private outside({ line, words: [verb = '', ...rest], isOpen }: Command): void {
    if (isOpen) throw new LineFault('A quote is not closed.');
    const path = rest.join(' ');
    const { container } = this;
    if (verb === 'config' && (path === 'vdom' || path === 'global') && container === '') {
      this.container = path;
      this.domain = this.whole;
    } else if (verb === 'config') this.open(path, line);
    else if (verb === 'edit' && container === 'vdom') this.enter(path, line);
    else if (verb === 'next' && container === 'vdom' && rest.length === 0) this.domain = this.whole;
    else if (verb === 'end' && container !== '' && rest.length === 0) {
      this.container = '';
      this.domain = this.whole;
    } else throw new LineFault(`“${verb}” stands outside of a section.`);
  }

  private enter(name: string, line: number): void {
    this.domain = this.domains.get(name) ?? new Domain(line);
    if (this.domain.policies.length === 0) this.domain.line = line;
    this.domains.set(name, this.domain);
  }

  private open(path: string, line: number): void {
    const { domain } = this;
    const read = ENTRIES.get(path);
    if (path === 'system global') this.globalLine = line;
    if (path === 'system global' || path === 'system interface') this.isWhole = true;
    if (read === undefined) {
      this.section = new PassedSection(path, (what, at) => domain.beside.add(what, at));
      if (kindOf(path) === undefined) throw new LineFault(`The section “${path}” is not read.`);
      return;
    }
    this.section = new EntryReader(path, line, (entry) => {
      const key = `${path} ${entry.name}`;
      // A second time it would change what is there; 0 stands for the next free number.
      if (domain.known.has(key) && entry.name !== '0') {
        throw new SettingFault(entry.line, `“${entry.name}” is edited twice.`);
      }
      domain.known.add(key);
      read(domain, entry);
    });
  }

  parsed(last: number): Parsed {
    if (this.section !== undefined || this.container !== '') {
      this.faults.push({ line: last, what: 'The last section is not ended.' });
    }
    const all = [this.whole, ...this.domains.values()];
    const [domain = this.whole, other] = all.filter(({ policies }) => policies.length > 0);
    if (other !== undefined) {
      const what =
        'A second virtual domain with policies begins here: give one alone, as “config vdom”, “edit NAME” and “show” print it.';
      this.faults.push({ line: other.line, what });
    }
    for (const each of all) {
      for (const fault of each.addresses.strangers()) this.faults.push(fault);
      for (const fault of each.services.strangers()) this.faults.push(fault);
    }
    const policies = this.policies(domain);
    const chains = policies.chains(ANSWERS, (line, work) => this.guard(line, work));
    const assumed = this.assumed(domain, policies, chains.length > 1);
    const beside = this.beside(domain);
    return {
      filter: { chains },
      faults: this.faults.sort((one, two) => one.line - two.line),
      ...(assumed.length > 0 ? { assumed } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  private policies(domain: Domain): FortiPolicies {
    const { addresses, always, places, services, vips } = domain;
    const { version } = this;
    const policies = new FortiPolicies({
      ...{ addresses, always, places, services, vips },
      matchVip: version === undefined ? undefined : !isBefore(version, [7, 2, 4]),
      leastOfZone: version === undefined || isBefore(version, [7, 4, 4]) ? 2 : 1,
      beside: (what, line) => domain.beside.add(what, line),
    });
    for (const { entry, only } of domain.policies) {
      this.guard(entry.line, () => policies.policy(entry, only));
    }
    return policies;
  }

  private assumed({ services }: Domain, policies: FortiPolicies, hasVips: boolean): string[] {
    const names = [...services.taken].map((name) => `“${name}”`);
    const told =
      names.length > 1
        ? `that the services ${names.join(', ')} are as FortiOS brings them along`
        : `that the service ${names[0]} is as FortiOS brings it along`;
    return [
      ...(names.length > 0 ? [told] : []),
      ...(hasVips && policies.isMatchVipTaken ? [MATCH_VIP] : []),
    ];
  }

  /** What may decide beside the policies, in the order of the text. */
  private beside(domain: Domain): Beside[] {
    const { isWhole, redirects, version, whole } = this;
    const isNew = version !== undefined && !isBefore(version, redirectsEnd(version));
    const otherwise = isNew ? 'disable' : 'enable';
    const what = REDIRECTS.find((key) => (redirects.get(key) ?? otherwise) === 'enable');
    const line = this.globalLine || 1;
    return [
      ...(isWhole && what !== undefined ? [{ what, line, lines: 1 }] : []),
      ...(domain === whole ? [] : whole.beside.list()),
      ...domain.beside.list(),
    ].sort((one, two) => one.line - two.line);
  }
}

/** From these releases on, nothing leaves unasked by the interface it came in by. */
function redirectsEnd([major = 0, minor = 0]: readonly number[]): readonly number[] {
  return major === 7 && minor === 4 ? [7, 4, 10] : [7, 6, 5];
}

/** Whether a schedule holds at any time, all days. */
function recurring({ always }: Domain, entry: Entry): void {
  const days = [...(entry.take('day') ?? [])].sort().join(' ');
  const [start, end] = [entry.one('start') ?? '00:00', entry.one('end') ?? '00:00'];
  entry.end(new Set(['color', 'fabric-object', 'label-day', 'uuid']));
  if (days === WEEK && start === end) always.add(entry.name);
  else always.delete(entry.name);
}

function unread(_: Domain, entry: Entry): never {
  throw new LineFault(`Policies of this kind (“${entry.name}”) are not read.`);
}
