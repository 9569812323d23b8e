/**
 * A rule of a plan as flat entries, for platforms whose rules hold one address, one port range and
 * one message each: routers' access lists and what looks like them. The product of all lists of a
 * rule is written out, so a rule may become many entries; address sets can stay together where the
 * platform has groups.
 */
import type { Family } from '../net/address.ts';
import { type AddressRange, isWholeFamily, prefixesOfRange } from '../net/address-range.ts';
import { ACK, ICMP, ICMPV6, RST, TCP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { Prefix } from '../net/prefix.ts';
import type { FilterRule } from '../policy/filter.ts';

/** One side of an entry: any address, one prefix, or a set that the platform keeps as a group. */
export type EntrySide =
  | { readonly kind: 'any' }
  | { readonly kind: 'prefix'; readonly prefix: Prefix }
  | {
      readonly kind: 'group';
      readonly name: string | undefined;
      readonly prefixes: readonly Prefix[];
    };

/** One condition per field; a field left out may have any value. */
export interface Entry {
  /** Left out: both families, and then both sides are any address. */
  readonly family?: Family;
  readonly protocol?: number;
  readonly source: EntrySide;
  readonly destination: EntrySide;
  readonly sourcePorts?: NumberRange;
  readonly destinationPorts?: NumberRange;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Only TCP segments with ACK or RST. */
  readonly established: boolean;
}

/** A rule that cannot be flattened: one sentence why. */
export class NotFlat extends Error {
  override readonly name = 'NotFlat';
}

export interface FlatChoices {
  /** Sets of more than one prefix stay together. */
  readonly groups: (family: Family) => boolean;
  /** Protocols whose ports the platform can ask for. */
  readonly portProtocols: readonly number[];
  /** More entries than this from one rule are refused. Default 4096. */
  readonly most?: number;
}

/** The entries of a rule, all with its action. Throws `NotFlat`. */
export function entriesOf(rule: FilterRule, choices: FlatChoices): Entry[] {
  const { match } = rule;
  check(rule, choices);
  const family = match.source?.[0]?.family ?? match.destination?.[0]?.family ?? match.family;
  const sources = sidesOf(match.source, rule.sourceGroup, family, choices);
  const destinations = sidesOf(match.destination, rule.destinationGroup, family, choices);
  const protocols = match.protocols?.flatMap(numbersOf) ?? [undefined];
  const from: readonly (NumberRange | undefined)[] = match.sourcePorts ?? [undefined];
  const to: readonly (NumberRange | undefined)[] = match.destinationPorts ?? [undefined];
  const messages = match.icmp?.flatMap(messagesOf) ?? [undefined];
  const most = choices.most ?? 4096;
  const count = protocols.length * sources.length * destinations.length * from.length * to.length;
  if (count * messages.length > most) {
    throw new NotFlat(`It would take more than ${most} entries.`);
  }
  const entries: Entry[] = [];
  for (const protocol of protocols) {
    for (const source of sources) {
      for (const destination of destinations) {
        for (const sourcePorts of from) {
          for (const destinationPorts of to) {
            for (const message of messages) {
              entries.push({
                ...(family === undefined ? {} : { family }),
                ...(protocol === undefined ? {} : { protocol }),
                source,
                destination,
                ...(sourcePorts === undefined ? {} : { sourcePorts }),
                ...(destinationPorts === undefined ? {} : { destinationPorts }),
                ...(message === undefined ? {} : message),
                established: match.tcpFlags !== undefined,
              });
            }
          }
        }
      }
    }
  }
  return entries;
}

function check({ action, match }: FilterRule, { portProtocols }: FlatChoices): void {
  if (action !== 'accept' && action !== 'drop' && action !== 'reject') {
    throw new NotFlat('A plan has no jumps.');
  }
  if (match.laterFragment !== undefined) throw new NotFlat('Rules for fragments are not written.');
  const lists = [match.source, match.destination, match.protocols, match.icmp, match.tcpFlags];
  if ([...lists, match.sourcePorts, match.destinationPorts].some((list) => list?.length === 0)) {
    throw new NotFlat('The rule matches nothing.');
  }
  const { inInterfaces, outInterfaces, notInInterfaces, notOutInterfaces } = match;
  if (inInterfaces ?? outInterfaces ?? notInInterfaces ?? notOutInterfaces) {
    throw new NotFlat('A rule that asks for interfaces cannot be written.');
  }
  const protocols = match.protocols?.flatMap(numbersOf) ?? [];
  if (match.sourcePorts !== undefined || match.destinationPorts !== undefined) {
    if (protocols.length === 0 || protocols.some((number) => !portProtocols.includes(number))) {
      throw new NotFlat('Ports can be asked for with TCP and UDP alone.');
    }
  }
  if (match.icmp !== undefined && protocols.some((one) => one !== ICMP && one !== ICMPV6)) {
    throw new NotFlat('ICMP types stand with ICMP alone.');
  }
  if (match.tcpFlags === undefined) return;
  const patterns = new Set(match.tcpFlags.map(({ mask, value }) => (mask === value ? mask : -1)));
  const isEstablished = patterns.size === 2 && patterns.has(ACK) && patterns.has(RST);
  if (!isEstablished || protocols.some((number) => number !== TCP)) {
    throw new NotFlat('Of TCP flags only “ACK or RST” can be asked for.');
  }
}

function numbersOf({ first, last }: NumberRange): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function messagesOf({ type, code }: IcmpMatch): { icmpType: number; icmpCode?: number }[] {
  const any = code === undefined || (code.first === 0 && code.last === 255);
  return numbersOf(type).flatMap((icmpType) =>
    any ? [{ icmpType }] : numbersOf(code).map((icmpCode) => ({ icmpType, icmpCode })),
  );
}

const ANY: EntrySide = { kind: 'any' };

function sidesOf(
  ranges: readonly AddressRange[] | undefined,
  group: string | undefined,
  family: Family | undefined,
  choices: FlatChoices,
): EntrySide[] {
  if (ranges === undefined || ranges.some(isWholeFamily)) return [ANY];
  const prefixes = ranges.flatMap(prefixesOfRange);
  if (prefixes.length > 1 && family !== undefined && choices.groups(family)) {
    return [{ kind: 'group', name: group, prefixes }];
  }
  return prefixes.map((prefix) => ({ kind: 'prefix', prefix }));
}
