/**
 * Where nftables looks at ports of packets that nobody put together. Fragments after the first have
 * no ports; the kernel may take what lies there for some. Asking for the state of connections (`ct`)
 * in a table makes the kernel put fragments together first, for the families of that table.
 */
import type { Filter, FilterRule } from './filter.ts';

/** The first rule, by its line, that asks above IP in a family for which no rule asks for a state. */
export function untrackedPorts(filter: Filter): FilterRule | undefined {
  const found = ([4, 6] as const).flatMap((family) => {
    const rules = filter.chains
      .filter((chain) => chain.family === undefined || chain.family === family)
      .flatMap((chain) => chain.rules);
    if (rules.some(({ match }) => match.states !== undefined)) return [];
    return rules.filter((rule) => asksAboveIp(rule) && (rule.match.family ?? family) === family);
  });
  return found.sort((left, right) => left.line - right.line)[0];
}

function asksAboveIp({ match, line }: FilterRule): boolean {
  const { sourcePorts, destinationPorts, icmp, tcpFlags } = match;
  return line > 0 && [sourcePorts, destinationPorts, icmp, tcpFlags].some((part) => part);
}
