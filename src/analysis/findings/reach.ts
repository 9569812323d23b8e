/**
 * Makes a finding's filter reach its packets. In the language of tcpdump `tcp port 80` looks at
 * frames without a VLAN tag, a label or PPPoE only, `vlan and tcp port 80` at those with one tag;
 * into tunnels it cannot look.
 */
import type { Names } from '../../flow/flow-view.ts';
import type { Finding } from '../../model/finding.ts';
import { holdsLabels, holdsTags, layoutOf } from '../../wire/filter/layout.ts';
import { type Layer, type LinkPath, MPLS, PPPOE, VLAN } from '../../wire/link-paths.ts';

/** What stands before a filter so that it looks at the end of each path; null: no filter can. */
type Reach = readonly string[] | null;

const ETHERNET = 1;
const PPP = 9;
/** Filters longer than what anybody reads or types are none. */
const MOST_LAYERS = 8;
const WORDS: ReadonlyMap<Layer, string> = new Map([
  [VLAN, 'vlan'],
  [MPLS, 'mpls'],
  [PPPOE, 'pppoes'],
]);

/** As many beginnings of filters as there are places to look, the plain one first. */
export function reachOf(names: Pick<Names, 'contexts' | 'interfaces' | 'paths'>): Reach {
  const { contexts, interfaces, paths } = names;
  if (contexts.some(({ depth }) => depth > 0)) return null;
  const inOrder = [...paths].sort((left, right) => left.layers.length - right.layers.length);
  const reach = [''];
  let before: readonly Layer[] = [];
  for (const path of inOrder) {
    const { layers } = path;
    // Each word moves all that follows it one layer on, for good: paths that part need two filters.
    if (!before.every((layer, index) => layers[index] === layer)) return null;
    // A filter is made for the frames of every interface, and refused where one has no such layer.
    const own = interfaces[path.interface]?.linkType ?? ETHERNET;
    const linkTypes = new Set([own, ...interfaces.map(({ linkType }) => linkType)]);
    if (![...linkTypes].every((linkType) => canBeEntered(path, linkType))) return null;
    if (layers.length === before.length) continue;
    const further = layers.slice(before.length).map((layer) => WORDS.get(layer)!);
    reach.push(`${further.join(' and ')} and `);
    before = layers;
  }
  return reach;
}

/** Whether the words for a path's layers have a meaning on this link, one after the other. */
function canBeEntered({ layers }: LinkPath, linkType: number): boolean {
  if (layers.length > MOST_LAYERS) return false;
  let layout = layoutOf(linkType);
  let labelled = false;
  for (const layer of layers) {
    if (layer === VLAN && (labelled || !holdsTags(layout))) return false;
    if (layer === MPLS && !labelled && !holdsLabels(layout)) return false;
    if (layer === PPPOE) layout = layoutOf(PPP);
    labelled = layer === MPLS;
    if (!WORDS.has(layer)) return false;
  }
  return true;
}

/**
 * The finding with a filter that reaches its packets; without one where none can and frames say it.
 */
export function withFilter(finding: Finding, reach: Reach): Finding {
  const { filter, ...rest } = finding;
  if (filter === undefined) return finding;
  // The frames still say where to look.
  if (reach === null) return finding.evidence.length > 0 ? rest : finding;
  if (reach.length === 1) return finding;
  const [plain, ...behind] = reach.map((words) => `${words}(${filter})`);
  return { ...finding, filter: [plain, ...behind.map((one) => `(${one})`)].join(' or ') };
}
