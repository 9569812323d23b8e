/**
 * Reads Google Cloud VPC firewall rules in Terraform JSON: ingress rules by ranges, for every
 * machine of one network. Tags, service accounts and egress rules decide by more than the packet,
 * and are faults. Of rules with one priority those that deny are asked first; at the end the
 * network denies what comes in.
 */
import { mergeRanges } from '../net/address-range.ts';
import { ICMP } from '../net/header-fields.ts';
import type { FilterMatch, FilterRule } from '../policy/filter.ts';
import { blocksOf, type Fields, fieldsOf } from './config-fields.ts';
import { readJson } from './json-text.ts';
import { guarded, LineFault } from './line-fault.ts';
import { numberOf, prefixRange } from './list-line.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { portRange, sessionFilter } from './session-chain.ts';
import { terraformResources } from './terraform-text.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmp', ICMP],
  ['tcp', 6],
  ['udp', 17],
  ['esp', 50],
  ['ah', 51],
  ['sctp', 132],
]);
const WITH_PORTS: readonly number[] = [6, 17, 132];

interface Ranked {
  readonly priority: number;
  readonly rules: readonly FilterRule[];
}

export function parseGcp(text: string): Parsed {
  const faults: ParseFault[] = [];
  const { value, fault, lines } = readJson(text);
  if (fault !== undefined) return { filter: sessionFilter('network', []), faults: [fault] };
  const ranked: Ranked[] = [];
  const networks = new Set<string>();
  guarded(faults, 1, () => {
    for (const [name, fields] of resourcesOf(value)) {
      const line = lines.get(name) ?? 1;
      guarded(faults, line, () => {
        ranked.push(ruleOf(fields, line));
        networks.add(JSON.stringify(fields.network));
        if (networks.size > 1) throw new LineFault('Rules of a second network begin here.');
      });
    }
  });
  const denies = ({ rules }: Ranked): number => (rules[0]?.action === 'accept' ? 1 : 0);
  ranked.sort((left, right) => left.priority - right.priority || denies(left) - denies(right));
  const rules = ranked.flatMap((one) => one.rules);
  return { filter: sessionFilter('network', rules), faults };
}

function resourcesOf(value: unknown): [string, Fields][] {
  const { google_compute_firewall: rules } = terraformResources(value, ['google_compute_firewall']);
  return Object.entries(rules).map(([name, fields]) => [name, fieldsOf(fields, `“${name}”`)]);
}

function textsOf(value: unknown, what: string): string[] {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    throw new LineFault(`“${what}” is not a list of texts.`);
  }
  // A template may come to anything.
  const template = (value as string[]).find((text) => /[$%]\{/.test(text));
  if (template !== undefined) throw new LineFault(`“${template}” is a template.`);
  return value as string[];
}

function ruleOf(fields: Fields, line: number): Ranked {
  const { name, network, project, description, '//': _, log_config: logs, ...asked } = fields;
  for (const text of [name, network, project ?? '', description ?? '']) {
    if (typeof text !== 'string') throw new LineFault('A rule has a name and a network, as texts.');
  }
  const { direction, priority, disabled, allow, deny, ...sides } = asked;
  if ((direction ?? 'INGRESS') !== 'INGRESS') throw new LineFault('Only ingress rules are read.');
  if (disabled !== undefined && typeof disabled !== 'boolean') {
    throw new LineFault('“disabled” is true or false.');
  }
  if ((allow === undefined) === (deny === undefined)) {
    throw new LineFault('A rule has either “allow” or “deny”.');
  }
  for (const { metadata, ...more } of logs === undefined ? [] : blocksOf(logs, 'log_config')) {
    if (typeof metadata !== 'string' || Object.keys(more).length > 0) {
      throw new LineFault('“log_config” has its “metadata” alone.');
    }
  }
  const { source_ranges: sources, destination_ranges: destinations, ...other } = sides;
  const [unread] = Object.keys(other);
  if (unread !== undefined) throw new LineFault(`“${unread}” is not read.`);
  const match: FilterMatch = {
    states: ['new'],
    ...sidesOf(sources, destinations),
  };
  const action = deny === undefined ? 'accept' : 'drop';
  const rules = blocksOf(allow ?? deny, 'allow').map((block) => ({
    action: action as 'accept' | 'drop',
    match: { ...match, ...askedOf(block) },
    line,
    ...(typeof description === 'string' ? { comment: description } : {}),
    ...(logs === undefined ? {} : { log: { prefix: '' } }),
  }));
  if (rules.length === 0) throw new LineFault('The rule names no protocol.');
  return {
    priority: numberOf(`${priority ?? 1000}`, 65_535),
    rules: disabled === true ? [] : rules,
  };
}

function sidesOf(sources: unknown, destinations: unknown): FilterMatch {
  const ranges = (texts: readonly string[]) =>
    mergeRanges(texts.map((text) => prefixRange(text, text.includes(':') ? 6 : 4)));
  // Without sources any IPv4 address is meant.
  const source = ranges(sources === undefined ? ['0.0.0.0/0'] : textsOf(sources, 'source_ranges'));
  if (source.length === 0) throw new LineFault('The rule names no source.');
  if (destinations === undefined) return { source };
  const destination = ranges(textsOf(destinations, 'destination_ranges'));
  if (destination.length === 0) throw new LineFault('The rule names no destination.');
  return { source, destination };
}

function askedOf({ protocol: word, ports, ...other }: Fields): FilterMatch {
  const [unread] = Object.keys(other);
  if (unread !== undefined) throw new LineFault(`“${unread}” is not read.`);
  if (typeof word !== 'string') throw new LineFault('A protocol is a text.');
  const wanted = ports === undefined ? [] : textsOf(ports, 'ports').map(portRange);
  if (word === 'all' && wanted.length === 0) return {};
  const protocol = PROTOCOLS.get(word) ?? numberOf(word, 255);
  if (wanted.length > 0 && !WITH_PORTS.includes(protocol)) {
    throw new LineFault(`“${word}” has no ports.`);
  }
  return {
    protocols: [{ first: protocol, last: protocol }],
    ...(wanted.length === 0 ? {} : { destinationPorts: wanted }),
  };
}
