/** What is wrong with the jumps between chains: to a chain that is not there, or round in circles. */
import type { FilterChain } from '../policy/filter.ts';
import type { ParseFault } from './platform.ts';

/** Each jump to no chain, and the first that closes a circle, which the kernel does not load. */
export function jumpFaults(chains: readonly FilterChain[]): ParseFault[] {
  const byName = new Map(chains.map((chain) => [chain.name, chain]));
  const faults: ParseFault[] = [];
  for (const { line, target } of chains.flatMap(({ rules }) => rules)) {
    if (target === undefined || byName.has(target)) continue;
    faults.push({ line, what: `There is no chain “${target}”.` });
  }
  const circle = circleIn(byName);
  return circle === undefined ? faults : [...faults, circle];
}

/** Walks down from each chain once, without recursion: chains may be nested as deep as one likes. */
function circleIn(chains: ReadonlyMap<string, FilterChain>): ParseFault | undefined {
  const state = new Map<string, 'open' | 'done'>();
  for (const start of chains.values()) {
    if (state.has(start.name)) continue;
    state.set(start.name, 'open');
    const path = [{ chain: start, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const rule = top.chain.rules[top.next++];
      if (rule === undefined) {
        state.set(top.chain.name, 'done');
        path.pop();
        continue;
      }
      const chain = rule.target === undefined ? undefined : chains.get(rule.target);
      if (chain === undefined) continue;
      const known = state.get(chain.name);
      if (known === 'open') {
        return { line: rule.line, what: `Jumps from chain “${chain.name}” run in circles.` };
      }
      if (known === 'done') continue;
      state.set(chain.name, 'open');
      path.push({ chain, next: 0 });
    }
  }
  return undefined;
}
