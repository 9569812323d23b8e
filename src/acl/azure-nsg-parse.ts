/**
 * Reads one Azure network security group in Terraform JSON: its inbound rules, in the order of
 * their priorities. Service tags, application security groups and outbound rules decide by more
 * than the packet. Azure's own last rules let pass what comes from the virtual network, so a group
 * whose own rules do not end by denying everything is not read.
 */
import { type AddressRange, mergeRanges } from '../net/address-range.ts';
import type { FilterMatch, FilterRule } from '../policy/filter.ts';
import { type Fields, fieldsOf, nothingElse, textOf } from './config-fields.ts';
import { readJson } from './json-text.ts';
import { guarded, LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { portRange, sessionFilter } from './session-chain.ts';
import { terraformResources } from './terraform-text.ts';

const PROTOCOLS: ReadonlyMap<string, number | undefined> = new Map([
  ['*', undefined],
  ['tcp', 6],
  ['udp', 17],
  ['esp', 50],
  ['ah', 51],
]);

export function parseAzureNsg(text: string): Parsed {
  const faults: ParseFault[] = [];
  const { value, fault, lines } = readJson(text);
  const rules: { priority: number; rule: FilterRule }[] = [];
  if (fault !== undefined) faults.push(fault);
  else {
    // Rules stand in a list, without keys of their own: all share the line of the list.
    const line = lines.get('security_rule') ?? 1;
    guarded(faults, line, () => {
      for (const fields of securityRules(value)) rules.push(ruleOf(fields, line));
      rules.sort((left, right) => left.priority - right.priority);
      checkOrder(rules);
    });
  }
  return {
    filter: sessionFilter(
      'security group',
      rules.map(({ rule }) => rule),
    ),
    faults,
  };
}

function checkOrder(rules: readonly { priority: number; rule: FilterRule }[]): void {
  const second = rules.find(({ priority }, at) => rules[at - 1]?.priority === priority);
  if (second !== undefined) throw new LineFault(`Two rules have priority ${second.priority}.`);
  const last = rules.at(-1)?.rule;
  const asked = Object.keys(last?.match ?? {}).filter((key) => key !== 'states');
  if (last?.action !== 'drop' || asked.length > 0) {
    throw new LineFault('The last rule does not deny everything, so rules of Azure come after it.');
  }
}

function securityRules(value: unknown): Fields[] {
  const { azurerm_network_security_group: groups } = terraformResources(value, [
    'azurerm_network_security_group',
  ]);
  const named = Object.values(groups);
  if (named.length !== 1) throw new LineFault('Not exactly one group is in the text.');
  const { name, location, resource_group_name, security_rule, ...more } = fieldsOf(
    named[0],
    'A group',
  );
  for (const text of [name, location, resource_group_name]) textOf(text, 'name');
  nothingElse(more);
  const list = Array.isArray(security_rule) ? security_rule : [security_rule];
  return list.map((one) => fieldsOf(one, 'A rule'));
}

function ruleOf(fields: Fields, line: number): { priority: number; rule: FilterRule } {
  const { name, description, priority, direction, access, protocol, ...asked } = fields;
  textOf(name, 'name');
  const comment = textOf(description ?? '', 'description');
  if (direction !== 'Inbound') throw new LineFault('Only inbound rules are read.');
  if (access !== 'Allow' && access !== 'Deny') throw new LineFault('“access” is not known.');
  if (
    typeof priority !== 'number' ||
    !Number.isInteger(priority) ||
    !(priority >= 100 && priority <= 4096)
  ) {
    throw new LineFault('A priority is a number from 100 to 4096.');
  }
  const word = textOf(protocol, 'protocol').toLowerCase();
  if (!PROTOCOLS.has(word)) throw new LineFault(`The protocol “${word}” is not read.`);
  const number = PROTOCOLS.get(word);
  const left = new Map(Object.entries(asked));
  /** Values of a field or of its plural; undefined = any. */
  const take = (key: string, plural: string): string[] | undefined => {
    const [one, many] = [left.get(key), left.get(plural)];
    left.delete(key);
    left.delete(plural);
    if ((one === undefined) === (many === undefined)) {
      throw new LineFault(`A rule has either “${key}” or “${plural}”.`);
    }
    if (one === '*') return undefined;
    const texts = Array.isArray(many) ? many : [one];
    if (texts.length === 0) throw new LineFault(`“${plural}” is empty.`);
    return texts.map((text) => textOf(text, key));
  };
  const from = take('source_port_range', 'source_port_ranges');
  const to = take('destination_port_range', 'destination_port_ranges');
  const source = take('source_address_prefix', 'source_address_prefixes');
  const destination = take('destination_address_prefix', 'destination_address_prefixes');
  nothingElse(Object.fromEntries(left));
  if ((from ?? to) !== undefined && number !== 6 && number !== 17) {
    throw new LineFault('Ports stand with Tcp or Udp.');
  }
  const match: FilterMatch = {
    states: ['new'],
    ...(number === undefined ? {} : { protocols: [{ first: number, last: number }] }),
    ...(from === undefined ? {} : { sourcePorts: from.map(portRange) }),
    ...(to === undefined ? {} : { destinationPorts: to.map(portRange) }),
    ...(source === undefined ? {} : { source: ranges(source) }),
    ...(destination === undefined ? {} : { destination: ranges(destination) }),
  };
  const action = access === 'Allow' ? 'accept' : 'drop';
  return { priority, rule: { action, match, line, comment } };
}

/** Addresses and prefixes; service tags are words. */
function ranges(texts: readonly string[]): AddressRange[] {
  return mergeRanges(texts.map((text) => prefixRange(text, text.includes(':') ? 6 : 4)));
}
