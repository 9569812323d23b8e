/**
 * Makes a finding's filter reach its packets. In the language of tcpdump `tcp port 80` looks at frames
 * without a VLAN tag only, `vlan and tcp port 80` at those with one; into tunnels it cannot look.
 */
import type { Finding } from '../../model/finding.ts';
import type { Context } from '../../wire/context.ts';

/** What stands before a filter so that it looks behind each number of tags met; null: no filter can. */
type Reach = readonly string[] | null;

export function reachOf(contexts: readonly Context[]): Reach {
  if (contexts.some(({ depth }) => depth > 0)) return null;
  const tags = [''];
  if (contexts.some(({ vlan }) => vlan !== 0)) tags.push('vlan and ');
  // Each `vlan` moves all that follows it behind one more tag.
  if (contexts.some(({ innerVlan }) => innerVlan !== 0)) tags.push('vlan and ');
  return tags;
}

export function withFilter(finding: Finding, reach: Reach): Finding {
  const { filter, ...rest } = finding;
  if (filter === undefined) return finding;
  // The frames still say where to look.
  if (reach === null) return finding.evidence.length > 0 ? rest : finding;
  if (reach.length === 1) return finding;
  const [plain, ...behind] = reach.map((tags) => `${tags}(${filter})`);
  return { ...finding, filter: [plain, ...behind.map((one) => `(${one})`)].join(' or ') };
}
