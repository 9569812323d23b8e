/**
 * Which conversations a person means: `web -> sql tcp/1433`, `dmz -> 10.0.2.0/24 *`. Sides are names
 * of hosts, groups or zones, roles (`domain-controller`), addresses, prefixes, or `any`; services are
 * `tcp/1433,udp/53` or `*`. What the policy calls so goes before a role of the same name.
 */
import { allRoles } from '../catalog/entries.ts';
import { parseAddress } from '../net/address.ts';
import { type AddressRange, rangeOfPrefix, rangesHold } from '../net/address-range.ts';
import { parsePrefix } from '../net/prefix.ts';
import type { Conversation } from './conversation.ts';
import type { Policy, PolicyService } from './intent.ts';
import { parseService } from './service-text.ts';

export interface Selection {
  /** As written. */
  readonly text: string;
  readonly matches: (conversation: Conversation) => boolean;
}

/** Host names by address, and what the policy calls things. */
export interface Naming {
  readonly names: ReadonlyMap<string, string>;
  readonly policy: Pick<Policy, 'zones' | 'groups'>;
}

/** Throws RangeError with one sentence for what is not understood. */
export function parseSelection(text: string, naming: Naming): Selection {
  const parts = /^\s*(\S.*?)\s*(?:->|→|=>)\s*(\S+)(?:\s+(\S.*?))?\s*$/.exec(text);
  if (parts === null) {
    throw new RangeError(`“${text}” is not of the form “web -> sql tcp/1433”.`);
  }
  const [, from, to, services = '*'] = parts;
  const client = sideOf(from!, naming);
  const server = sideOf(to!, naming);
  const wanted = servicesOf(services);
  return {
    text,
    matches: (conversation) =>
      client(conversation.client, conversation.clientRoles) &&
      server(conversation.server, conversation.serverRoles) &&
      wanted(conversation.service),
  };
}

type Side = (address: string, roles: readonly string[] | undefined) => boolean;

function sideOf(word: string, { names, policy }: Naming): Side {
  if (word === 'any' || word === '*') return () => true;
  const ranges: AddressRange[] = [];
  for (const [address, name] of names) {
    if (name === word) ranges.push(rangeOfPrefix(parsePrefix(address)));
  }
  const known = [...policy.groups, ...policy.zones].find(({ name }) => name === word);
  if (known !== undefined) ranges.push(...known.addresses);
  if (ranges.length === 0) {
    if (allRoles().some(({ id }) => id === word)) {
      return (_, roles) => roles?.includes(word) ?? false;
    }
    try {
      ranges.push(rangeOfPrefix(parsePrefix(word)));
    } catch {
      throw new RangeError(
        `“${word}” is not a host, group, zone, role, address or prefix known here.`,
      );
    }
  }
  return (text) => {
    const address = parseAddress(text);
    return address !== undefined && rangesHold(ranges, address);
  };
}

function servicesOf(text: string): (service: string) => boolean {
  if (text === '*' || text === 'any') return () => true;
  const wanted = text.split(/[\s,]+/).map(parseService);
  return (service) => {
    const own = parseService(service);
    return wanted.some((each) => serviceHolds(each, own));
  };
}

/** Whether the wider service holds the single one. */
function serviceHolds(wide: PolicyService, own: PolicyService): boolean {
  if (wide.protocol !== own.protocol) return false;
  if (wide.ports !== undefined) {
    const [range] = own.ports ?? [];
    return (
      range !== undefined &&
      wide.ports.some(({ first, last }) => first <= range.first && range.last <= last)
    );
  }
  return wide.icmp === undefined || JSON.stringify(wide.icmp) === JSON.stringify(own.icmp);
}
