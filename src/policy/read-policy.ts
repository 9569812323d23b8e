/**
 * Reads `policy.yaml` from located nodes. Every fault is found and located; a key nobody knows is
 * one too, since a misspelt key would mean another policy. docs/policy.md describes the file.
 */
import type { DocumentFault, DocumentNode } from '../model/document.ts';
import {
  type AddressRange,
  complementRanges,
  mergeRanges,
  rangeOfPrefix,
} from '../net/address-range.ts';
import { parsePrefix } from '../net/prefix.ts';
import { Checker, type Fields } from './document-checker.ts';
import type {
  Approval,
  EvidenceSample,
  Group,
  Party,
  Policy,
  PolicyService,
  Rule,
  RuleEvidence,
  ServiceGroup,
  Zone,
} from './intent.ts';
import { parseService } from './service-text.ts';

/** Stands in a zone for the addresses of no other zone, and as a party for every address. */
const REST = 'rest';
const ANY = 'any';
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_. -]{0,62}$/;
const MOST_LOGGED = 100_000;
const NEEDED = 'id from to services'.split(' ');
const RULE_KEYS = [
  ...NEEDED,
  ...['action', 'because', 'unobserved', 'log', 'evidence', 'approved', 'expires'],
];

export type PolicyReading =
  | { readonly policy: Policy; readonly faults: readonly [] }
  | { readonly policy?: undefined; readonly faults: readonly DocumentFault[] };

/** A policy, or all faults in the order of the text: never half of one. Never throws. */
export function readPolicy(root: DocumentNode): PolicyReading {
  const reader = new PolicyReader();
  const policy = reader.read(root);
  const { faults } = reader.check;
  faults.sort((left, right) => left.line - right.line || left.column - right.column);
  return faults.length > 0 ? { faults } : { policy, faults: [] };
}

class PolicyReader {
  readonly check = new Checker();
  private zones: Zone[] = [];
  private groups: Group[] = [];
  private services: ServiceGroup[] = [];

  read(root: DocumentNode): Policy {
    const { check } = this;
    const fields = check.map(root, [
      ...['version', 'name', 'zones', 'groups', 'services', 'rules', 'default', 'log-denied'],
    ]);
    const version = check.required(root, fields, 'version');
    if (version !== undefined && (version.kind !== 'scalar' || version.value !== 1)) {
      check.fault(version, 'This version of Portreeve reads version 1.');
    }
    this.zones = this.readZones(fields.get('zones'));
    this.groups = this.readGroups(fields.get('groups'));
    this.services = this.readServices(fields.get('services'));
    const last = fields.get('default');
    if (last !== undefined && check.text(last) !== 'deny') {
      check.fault(last, 'The default is deny; allow what you need with rules.');
    }
    const logged = fields.get('log-denied');
    return {
      version: 1,
      name: this.optionalText(fields, 'name') ?? 'policy',
      zones: this.zones,
      groups: this.groups,
      services: this.services,
      rules: this.readRules(fields.get('rules')),
      default: 'deny',
      logDeniedPerSecond: logged === undefined ? 50 : (check.number(logged, 0, MOST_LOGGED) ?? 50),
    };
  }

  private optionalText(fields: Fields, key: string): string | undefined {
    const node = fields.get(key);
    return node === undefined ? undefined : this.check.text(node);
  }

  private readZones(node: DocumentNode | undefined): Zone[] {
    const { check } = this;
    const rest: { name: string; interfaces: string[] }[] = [];
    const zones: Zone[] = [];
    for (const [name, value] of check.names(node, NAME)) {
      const fields =
        value.kind === 'map' ? check.map(value, ['addresses', 'interfaces']) : undefined;
      const interfaces = check.texts(fields?.get('interfaces'));
      const addresses = fields === undefined ? value : check.required(value, fields, 'addresses');
      if (addresses === undefined) continue;
      if (addresses.kind === 'scalar' && addresses.value === REST) {
        rest.push({ name, interfaces });
        if (rest.length > 1) check.fault(addresses, 'Only one zone can be the rest.');
        continue;
      }
      const ranges = this.prefixes(addresses);
      zones.push({ name, addresses: ranges, isRest: false, interfaces });
    }
    const taken = mergeRanges(zones.flatMap((zone) => zone.addresses));
    const others = complementRanges(taken);
    return [...zones, ...rest.map((zone) => ({ ...zone, addresses: others, isRest: true }))];
  }

  private readGroups(node: DocumentNode | undefined): Group[] {
    const { check } = this;
    return check.names(node, NAME).flatMap(([name, value]) => {
      if (this.zones.some((zone) => zone.name === name) || name === ANY) {
        check.fault(value, `The name “${name}” is taken.`);
      }
      const fields = value.kind === 'map' ? check.map(value, ['addresses', 'about']) : undefined;
      const addresses = fields === undefined ? value : check.required(value, fields, 'addresses');
      const about = fields === undefined ? undefined : this.optionalText(fields, 'about');
      if (addresses === undefined) return [];
      const ranges = this.prefixes(addresses);
      return [{ name, addresses: ranges, ...(about === undefined ? {} : { about }) }];
    });
  }

  private readServices(node: DocumentNode | undefined): ServiceGroup[] {
    const { check } = this;
    return check.names(node, NAME).flatMap(([name, value]) => {
      const fields = value.kind === 'map' ? check.map(value, ['services', 'about']) : undefined;
      const list = fields === undefined ? value : check.required(value, fields, 'services');
      const about = fields === undefined ? undefined : this.optionalText(fields, 'about');
      if (list === undefined) return [];
      const services = check.list(list).flatMap((item) => this.service(item));
      return [{ name, services, ...(about === undefined ? {} : { about }) }];
    });
  }

  /** A list of prefixes and addresses, or one of them. */
  private prefixes(node: DocumentNode): AddressRange[] {
    const items = this.check.list(node);
    if (items.length === 0) this.check.fault(node, 'At least one address is needed.');
    return mergeRanges(items.flatMap((item) => this.prefix(item)));
  }

  private prefix(node: DocumentNode): AddressRange[] {
    const text = this.check.text(node);
    if (text === undefined) return [];
    try {
      const [low, high, ...more] = text.split('-').map((part) => rangeOfPrefix(parsePrefix(part)));
      if (high === undefined) return [low!];
      const range = { family: low!.family, first: low!.first, last: high.last };
      const backwards = mergeRanges([range, low!]).length !== 1;
      if (more.length === 0 && high.family === low!.family && !backwards) return [range];
      this.check.fault(node, `“${text}” is not a range of addresses.`);
    } catch (error) {
      this.check.fault(node, `${(error as Error).message}.`);
    }
    return [];
  }

  private service(node: DocumentNode): PolicyService[] {
    const text = this.check.text(node);
    if (text === undefined) return [];
    const group = this.services.find(({ name }) => name === text);
    if (group !== undefined) return [...group.services];
    try {
      return [parseService(text)];
    } catch (error) {
      this.check.fault(node, `${(error as Error).message.replace(/\.$/, '')}.`);
      return [];
    }
  }

  private readRules(node: DocumentNode | undefined): Rule[] {
    const { check } = this;
    const ids = new Set<string>();
    return check.list(node).flatMap((item) => {
      const rule = this.rule(item);
      if (rule === undefined) return [];
      if (ids.has(rule.id)) check.fault(item, `The id “${rule.id}” stands twice.`);
      ids.add(rule.id);
      return [rule];
    });
  }

  private rule(node: DocumentNode): Rule | undefined {
    const { check } = this;
    const fields = check.map(node, RULE_KEYS);
    const [id, from, to, services] = NEEDED.map((key) => check.required(node, fields, key));
    if (id === undefined || from === undefined || to === undefined || services === undefined) {
      return undefined;
    }
    const word = check.text(id) ?? '';
    if (!/^[A-Za-z][A-Za-z0-9_.-]{0,31}$/.test(word)) {
      check.fault(id, 'An id is a letter, then letters, digits, “_”, “.” and “-”, 32 at most.');
    }
    const action = fields.get('action');
    const act = action === undefined ? 'allow' : check.text(action);
    if (act !== 'allow' && act !== 'deny') check.fault(action!, 'The action is allow or deny.');
    const because = this.optionalText(fields, 'because');
    const approved = this.approval(fields.get('approved'));
    const evidence = this.evidence(fields.get('evidence'));
    const expires = fields.get('expires');
    const expiresMs = expires === undefined ? undefined : check.time(expires);
    const list = check.list(services);
    if (list.length === 0) check.fault(services, 'At least one service is needed.');
    return {
      id: word,
      action: act === 'deny' ? 'deny' : 'allow',
      from: this.party(from),
      to: this.party(to),
      serviceNames: check.texts(services),
      services: list.flatMap((item) => this.service(item)),
      unobserved: check.flag(fields.get('unobserved'), false),
      log: check.flag(fields.get('log'), false),
      ...(because === undefined ? {} : { because }),
      ...(evidence === undefined ? {} : { evidence }),
      ...(approved === undefined ? {} : { approved }),
      ...(expiresMs === undefined ? {} : { expiresMs }),
    };
  }

  /** Names of groups and zones, addresses, or `any` alone. */
  private party(node: DocumentNode): Party {
    const { check } = this;
    const items = check.list(node);
    const names = check.texts(node);
    if (names.includes(ANY)) {
      if (names.length > 1) check.fault(node, '“any” stands alone.');
      return { names, addresses: undefined };
    }
    if (items.length === 0) check.fault(node, 'At least one group, zone or address is needed.');
    const ranges = items.flatMap((item): readonly AddressRange[] => {
      const name = item.kind === 'scalar' ? item.value : undefined;
      const known =
        this.groups.find((group) => group.name === name) ??
        this.zones.find((zone) => zone.name === name);
      if (known !== undefined) return known.addresses;
      if (typeof name === 'string' && /^[A-Za-z_][^:/]*$/.test(name)) {
        check.fault(item, `There is no group or zone “${name}”.`);
        return [];
      }
      return this.prefix(item);
    });
    return { names, addresses: mergeRanges(ranges) };
  }

  private approval(node: DocumentNode | undefined): Approval | undefined {
    if (node === undefined) return undefined;
    const { check } = this;
    const fields = check.map(node, ['by', 'at', 'reason']);
    const by = check.required(node, fields, 'by');
    const at = check.required(node, fields, 'at');
    if (by === undefined || at === undefined) return undefined;
    const reason = this.optionalText(fields, 'reason');
    return {
      by: check.text(by) ?? '',
      atMs: check.time(at) ?? 0,
      ...(reason === undefined ? {} : { reason }),
    };
  }

  private evidence(node: DocumentNode | undefined): RuleEvidence | undefined {
    if (node === undefined) return undefined;
    const { check } = this;
    const fields = check.map(node, ['conversations', 'connections', 'first', 'last', 'samples']);
    const number = (key: string) => {
      const value = check.required(node, fields, key);
      return value === undefined ? 0 : (check.number(value, 0, Number.MAX_SAFE_INTEGER) ?? 0);
    };
    const time = (key: string) => {
      const value = check.required(node, fields, key);
      return value === undefined ? 0 : (check.time(value) ?? 0);
    };
    return {
      conversations: number('conversations'),
      connections: number('connections'),
      firstMs: time('first'),
      lastMs: time('last'),
      samples: check.list(fields.get('samples')).flatMap((item) => this.sample(item)),
    };
  }

  /** `10.0.1.10 -> 10.0.2.20 tcp/1433 at lan.pcap#12` */
  private sample(node: DocumentNode): EvidenceSample[] {
    const text = this.check.text(node);
    if (text === undefined) return [];
    const [, client, server, service, seen] = /^(\S+) -> (\S+) (\S+) at (.+)$/s.exec(text) ?? [];
    if (client === undefined) {
      this.check.fault(node, 'A sample is CLIENT -> SERVER SERVICE at PLACE.');
      return [];
    }
    return [{ client, server: server!, service: service!, seen: seen! }];
  }
}
