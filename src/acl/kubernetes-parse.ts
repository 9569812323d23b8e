/**
 * Reads NetworkPolicy objects for the pods of one selector: what they allow together. Peers by
 * labels are faults, since which addresses those pods have the text does not say; so are ports by
 * name. A direction that no policy names is not isolated and lets everything pass.
 */
import {
  type AddressRange,
  complementRanges,
  intersectRanges,
  mergeRanges,
} from '../net/address-range.ts';
import type { FilterMatch, FilterRule } from '../policy/filter.ts';
import { type Fields, fieldsOf, listOf, nothingElse, textOf, wholeOf } from './config-fields.ts';
import { guarded, LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { CLOUD_UNASKED, hostFilter } from './session-chain.ts';
import { readYaml } from './yaml-text.ts';

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['TCP', 6],
  ['UDP', 17],
  ['SCTP', 132],
]);

type Direction = 'ingress' | 'egress';

export function parseKubernetes(text: string): Parsed {
  const { documents, fault } = readYaml(text);
  const reader = new PolicyReader();
  if (fault !== undefined) reader.faults.push(fault);
  for (const { value, lineOf } of documents) {
    if (value === null) continue;
    guarded(reader.faults, lineOf([]), () => reader.object(value, lineOf));
  }
  if (reader.faults.length === 0 && !reader.isRead) {
    reader.faults.push({ line: 1, what: 'There is no NetworkPolicy in the text.' });
  }
  const side = (direction: Direction) => ({
    rules: reader.rules[direction],
    otherwise: reader.isolated.has(direction) ? ('drop' as const) : ('accept' as const),
  });
  return {
    filter: hostFilter(side('ingress'), side('egress'), CLOUD_UNASKED),
    faults: reader.faults,
  };
}

type LineOf = (path: readonly (string | number)[]) => number;

class PolicyReader {
  readonly faults: ParseFault[] = [];
  readonly rules: Record<Direction, FilterRule[]> = { ingress: [], egress: [] };
  readonly isolated = new Set<Direction>();
  isRead = false;
  private pods: string | undefined;

  object(value: unknown, lineOf: LineOf): void {
    const { apiVersion, kind, metadata, spec, status: _, ...more } = fieldsOf(value, 'The text');
    nothingElse(more);
    if (kind !== 'NetworkPolicy' || apiVersion !== 'networking.k8s.io/v1') {
      throw new LineFault(`Objects “${String(kind)}” of “${String(apiVersion)}” are not read.`);
    }
    const { podSelector, policyTypes, ingress, egress, ...other } = fieldsOf(spec, '“spec”');
    nothingElse(other);
    const { namespace } = fieldsOf(metadata, '“metadata”');
    const { matchLabels, matchExpressions, ...unread } = fieldsOf(podSelector ?? {}, 'A selector');
    nothingElse(unread);
    const pods = JSON.stringify([namespace ?? '', matchLabels ?? {}, matchExpressions ?? []]);
    if (this.pods !== undefined && this.pods !== pods) {
      throw new LineFault('The policy is for other pods than the one before.');
    }
    this.pods = pods;
    this.isRead = true;
    for (const type of typesOf(policyTypes, egress)) this.isolated.add(type);
    for (const [direction, rules, peers] of [
      ['ingress', ingress, 'from'],
      ['egress', egress, 'to'],
    ] as const) {
      listOf(rules ?? [], direction).forEach((rule, index) => {
        const line = lineOf(['spec', direction, index]);
        guarded(this.faults, line, () =>
          this.rule(fieldsOf(rule ?? {}, 'A rule'), direction, peers, line),
        );
      });
    }
  }

  private rule(fields: Fields, direction: Direction, key: 'from' | 'to', line: number): void {
    const { [key]: peers, ports, ...more } = fields;
    nothingElse(more);
    const addresses = peersOf(listOf(peers ?? [], key));
    const side = direction === 'ingress' ? 'source' : 'destination';
    const asked = listOf(ports ?? [], 'ports').map((port) => portOf(fieldsOf(port, 'A port')));
    for (const match of asked.length === 0 ? [{}] : asked) {
      this.rules[direction].push({
        action: 'accept',
        match: {
          ...match,
          states: ['new'],
          ...(addresses === undefined ? {} : { [side]: addresses }),
        },
        line,
      });
    }
  }
}

function typesOf(policyTypes: unknown, egress: unknown): Direction[] {
  // Left out, a policy is about what comes in, and about what goes out where it says something.
  if (policyTypes === undefined) return egress === undefined ? ['ingress'] : ['ingress', 'egress'];
  return listOf(policyTypes, 'policyTypes').map((type) => {
    if (type !== 'Ingress' && type !== 'Egress') {
      throw new LineFault(`“${String(type)}” is not a type of policy.`);
    }
    return type === 'Ingress' ? 'ingress' : 'egress';
  });
}

/** Undefined = anybody. */
function peersOf(peers: readonly unknown[]): AddressRange[] | undefined {
  if (peers.length === 0) return undefined;
  return mergeRanges(
    peers.flatMap((peer) => {
      const { ipBlock, podSelector, namespaceSelector, ...more } = fieldsOf(peer, 'A peer');
      nothingElse(more);
      if (podSelector !== undefined || namespaceSelector !== undefined) {
        throw new LineFault('Peers by labels are not read: the text does not say who they are.');
      }
      const { cidr, except, ...other } = fieldsOf(ipBlock, '“ipBlock”');
      nothingElse(other);
      const block = [prefixOf(cidr)];
      const out = mergeRanges(listOf(except ?? [], 'except').map(prefixOf));
      const outside = intersectRanges(out, complementRanges(block));
      if (outside.length > 0) throw new LineFault('What is excepted lies outside the block.');
      return intersectRanges(block, complementRanges(out));
    }),
  );
}

function prefixOf(value: unknown): AddressRange {
  const text = textOf(value, 'cidr');
  if (!text.includes('/')) throw new LineFault(`“${text}” is not a prefix.`);
  return prefixRange(text, text.includes(':') ? 6 : 4);
}

function portOf({ protocol, port, endPort, ...more }: Fields): FilterMatch {
  nothingElse(more);
  const number = PROTOCOLS.get(textOf(protocol ?? 'TCP', 'protocol'));
  if (number === undefined) throw new LineFault(`“${String(protocol)}” is not a protocol.`);
  const protocols = [{ first: number, last: number }];
  if (port === undefined) {
    if (endPort !== undefined) throw new LineFault('“endPort” stands without “port”.');
    return { protocols };
  }
  if (typeof port === 'string') throw new LineFault(`The port by name “${port}” is not read.`);
  const first = wholeOf(port, 'port', 1, 65_535);
  const last = endPort === undefined ? first : wholeOf(endPort, 'endPort', first, 65_535);
  return { protocols, destinationPorts: [{ first, last }] };
}
