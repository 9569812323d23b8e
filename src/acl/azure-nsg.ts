/**
 * Azure network security groups as Terraform JSON (Terraform, "JSON Configuration Syntax"; azurerm
 * provider, `azurerm_network_security_group`). Inbound rules with a priority each, the last denies
 * everything, so that Azure's own defaults are never asked; connections are tracked.
 *
 * Azure cannot ask for ICMP types or for most protocols, and does not log by rule: the former are
 * refused, the latter is left to flow logs.
 */
import type { Family } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import { parseAzureNsg } from './azure-nsg-parse.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';

/** Priorities are 100 to 4096; a group has at most 1000 rules. */
const FIRST_PRIORITY = 100;
const MOST_RULES = 1000;
/** Addresses and ports of one rule. */
const MOST_RANGES = 4000;
const PROTOCOL_WORD: Readonly<Record<number, string>> = {
  [TCP]: 'Tcp',
  [UDP]: 'Udp',
  50: 'Esp',
  51: 'Ah',
};
const WHOLE: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

export const azureNsg: Platform = {
  name: 'azure-nsg',
  aliases: ['azure'],
  title: 'Azure network security group (Terraform JSON)',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'the group also decides who reaches the machines of its subnets: a jump host needs a',
      'rule of the policy. The portal and its serial console do not pass it.',
    ],
    mostRules: MOST_RULES,
    logs: false,
    sources: [
      'Azure documentation: Network security groups; Azure subscription limits, Networking',
      'Terraform azurerm provider: azurerm_network_security_group',
    ],
  },
  render,
  parse: parseAzureNsg,
};

function render(plan: Plan): Rendered {
  const { rules, refusals } = sessionRules(plan, {
    groups: () => true,
    portProtocols: [TCP, UDP],
  });
  const refused: Refusal[] = rules.flatMap(({ rule, entries }) => {
    const what = entries.map(unexpressed).find((found) => found !== undefined);
    return what === undefined
      ? []
      : [{ ...(rule.id === undefined ? {} : { rule: rule.id }), what }];
  });
  if (rules.length > MOST_RULES) {
    refused.push({
      what: `It would take ${rules.length} rules; a group has at most ${MOST_RULES}.`,
    });
  }
  if (refusals.length + refused.length > 0) return { refusals: [...refusals, ...refused] };
  const group = {
    name: 'pr-forward',
    location: template('location'),
    resource_group_name: template('resource_group'),
    security_rule: rules.map(securityRule),
  };
  const document = {
    '//': head(plan),
    variable: { location: { type: 'string' }, resource_group: { type: 'string' } },
    resource: { azurerm_network_security_group: { pr_forward: group } },
  };
  return { text: `${JSON.stringify(document, undefined, 2)}\n`, refusals: [] };
}

/** Terraform's way to name a variable within a text. */
function template(variable: string): string {
  return ['$', '{', `var.${variable}`, '}'].join('');
}

function head(plan: Plan): string[] {
  return [
    `Policy ${plainText(plan.name, 80)} for Azure, written by Portreeve.`,
    'Everything inbound that is not allowed is denied: within the virtual network as well.',
    ...plan.remarks.map((remark) => plainText(remark, 200)),
    'Needs: this group on every subnet between the zones and no other; health probes of load',
    'balancers need a rule of their own. Rules do not log: turn on flow logs.',
    `Manage: ${azureNsg.capabilities.management.join(' ')}`,
    'Keep: az network nsg list, and the Terraform state',
    'Install: name this file portreeve.tf.json; terraform validate; terraform plan; terraform apply',
    'Verify: az network watcher test-ip-flow',
    'Go back: terraform destroy of this group, or apply the file that was there before',
  ];
}

function unexpressed({
  protocol,
  icmpType,
  family,
  source,
  destination,
}: Entry): string | undefined {
  if (icmpType !== undefined) return 'Azure cannot ask for ICMP types.';
  if (protocol !== undefined && PROTOCOL_WORD[protocol] === undefined) {
    return `Azure cannot ask for protocol ${protocol}.`;
  }
  const sides = [source, destination];
  if (sides.some((side) => side.kind === 'group' && side.prefixes.length > MOST_RANGES)) {
    return `A rule has at most ${MOST_RANGES} addresses on a side.`;
  }
  const anyOfOne = family !== undefined && sides.every(({ kind }) => kind === 'any');
  return anyOfOne && protocol === undefined ? 'A rule asks for more than a family.' : undefined;
}

function securityRule({ rule, action, entries, told }: SessionRule, index: number): object {
  const [entry] = entries;
  const priority = FIRST_PRIORITY + index;
  const id = (rule.id ?? 'rule').replace(/[^A-Za-z0-9]/g, '-').slice(0, 40);
  return {
    name: `PR-${id}-${priority}`,
    description: plainText(told, 140),
    priority,
    direction: 'Inbound',
    access: action === 'accept' ? 'Allow' : 'Deny',
    protocol: entry?.protocol === undefined ? '*' : PROTOCOL_WORD[entry.protocol],
    ...ports(
      'source_port_range',
      entries.map(({ sourcePorts }) => sourcePorts),
    ),
    ...ports(
      'destination_port_range',
      entries.map(({ destinationPorts }) => destinationPorts),
    ),
    ...addresses('source_address_prefix', entry?.source, entry?.family),
    ...addresses('destination_address_prefix', entry?.destination, entry?.family),
  };
}

function ports(key: string, ranges: readonly (NumberRange | undefined)[]): object {
  const texts = new Set(
    ranges.flatMap((range) =>
      range === undefined
        ? []
        : [range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`],
    ),
  );
  return texts.size === 0 ? { [key]: '*' } : { [`${key}s`]: [...texts] };
}

function addresses(key: string, side: EntrySide | undefined, family: Family | undefined): object {
  if (side === undefined || side.kind === 'any') {
    return { [key]: family === undefined ? '*' : WHOLE[family] };
  }
  if (side.kind === 'prefix') return { [key]: formatPrefix(side.prefix) };
  return { [`${key}es`]: side.prefixes.map(formatPrefix) };
}
