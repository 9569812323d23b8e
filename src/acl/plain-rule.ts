/**
 * What rules of a plan must not ask for on platforms that know addresses, ports, messages and
 * connections, but neither fragments, flags nor interfaces.
 */
import { ICMP, ICMPV6 } from '../net/header-fields.ts';
import type { FilterRule } from '../policy/filter.ts';

/**
 * Why the conditions of a rule cannot be written; undefined when they can.
 *
 * @param withPorts IP protocols whose ports the platform can ask for
 */
export function unwritable(
  { match }: FilterRule,
  withPorts: readonly number[],
): string | undefined {
  if (match.laterFragment !== undefined) return 'Rules for fragments are not written.';
  if (match.tcpFlags !== undefined) return 'Rules for TCP flags are not written.';
  const lists = [match.source, match.destination, match.protocols, match.icmp, match.states];
  if ([...lists, match.sourcePorts, match.destinationPorts].some((list) => list?.length === 0)) {
    return 'The rule matches nothing.';
  }
  const { inInterfaces, outInterfaces, notInInterfaces, notOutInterfaces } = match;
  if (inInterfaces ?? outInterfaces ?? notInInterfaces ?? notOutInterfaces) {
    return 'A rule that asks for interfaces cannot be written.';
  }
  // Protocol 0 stands for any protocol on most platforms.
  if (match.protocols?.some(({ first, last }) => first !== last || first === 0)) {
    return 'A range of protocols, or protocol 0, cannot be written.';
  }
  const numbers = match.protocols?.map(({ first }) => first) ?? [];
  const asksPorts = match.sourcePorts !== undefined || match.destinationPorts !== undefined;
  if (asksPorts && (numbers.length === 0 || numbers.some((one) => !withPorts.includes(one)))) {
    return `Ports can be asked for with IP protocols ${withPorts.join(', ')} alone.`;
  }
  if (match.icmp !== undefined && numbers.some((one) => one !== ICMP && one !== ICMPV6)) {
    return 'ICMP types stand with ICMP alone.';
  }
  const families = [match.source, match.destination].flatMap(
    (side) => side?.map(({ family }) => family) ?? [],
  );
  return new Set(families).size > 1 ? 'A rule has addresses of one family.' : undefined;
}
