/**
 * Google Cloud VPC firewall rules as Terraform JSON (Terraform, "JSON Configuration Syntax"; Google
 * provider, `google_compute_firewall`). Every rule has a priority of its own, so rules are asked in
 * order; ingress to the machines of one network is filtered, and connections are tracked.
 *
 * Google Cloud cannot ask for source ports or ICMP types: such rules are refused. Terraform takes
 * `${` in any string for a template; what people wrote is made plain before.
 */
import type { Family } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { Plan } from '../policy/plan.ts';
import type { EntrySide } from './flat-entries.ts';
import { parseGcp } from './gcp-parse.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText } from './safe-text.ts';
import { type SessionRule, sessionRules } from './session-rules.ts';

/** Priorities 0 to 65534; 65535 is the network's own. */
const MOST_RULES = 60_000;
const FIRST_PRIORITY = 100;
/** Source or destination ranges of one rule. */
const MOST_RANGES = 5000;
const PROTOCOL_WORD: Readonly<Record<number, string>> = { [TCP]: 'tcp', [UDP]: 'udp', 132: 'sctp' };
const WHOLE: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };

export const gcp: Platform = {
  name: 'gcp',
  aliases: ['google-cloud'],
  title: 'Google Cloud VPC firewall (Terraform JSON)',
  capabilities: {
    filters: ['between'],
    stateful: true,
    families: [4, 6],
    management: [
      'rules hold for every machine of the network: ssh from a jump host or from Google’s proxy',
      '(35.235.240.0/20) needs a rule of the policy. The serial console does not pass them.',
    ],
    mostRules: MOST_RULES,
    logs: true,
    sources: [
      'Google Cloud documentation: VPC firewall rules; quotas and limits',
      'Terraform Google provider: google_compute_firewall; Terraform: JSON Configuration Syntax',
    ],
  },
  render,
  parse: parseGcp,
};

function render(plan: Plan): Rendered {
  const { rules, refusals } = sessionRules(plan, {
    groups: () => true,
    portProtocols: [TCP, UDP, 132],
  });
  const refused: Refusal[] = rules.flatMap((asked) => {
    const what = unexpressed(asked);
    const { id } = asked.rule;
    return what === undefined ? [] : [{ ...(id === undefined ? {} : { rule: id }), what }];
  });
  const resources = Object.fromEntries(rules.flatMap(familiesOf).map(resource));
  const count = Object.keys(resources).length;
  if (count > MOST_RULES) refused.push({ what: `It would take ${count} rules.` });
  if (refusals.length + refused.length > 0) return { refusals: [...refusals, ...refused] };
  const document = {
    '//': head(plan),
    variable: { network: { type: 'string', description: 'Name of the VPC network' } },
    resource: { google_compute_firewall: resources },
  };
  return { text: `${JSON.stringify(document, undefined, 2)}\n`, refusals: [] };
}

function head(plan: Plan): string[] {
  return [
    `Policy ${plainText(plan.name, 80)} for Google Cloud, written by Portreeve.`,
    'Everything that is not allowed is denied: between machines of one subnet as well.',
    ...plan.remarks.map((remark) => plainText(remark, 200)),
    'Needs: no other ingress rules in the network, no hierarchical or network firewall policies.',
    `Manage: ${gcp.capabilities.management.join(' ')}`,
    'Keep: gcloud compute firewall-rules list --format=json, and the Terraform state',
    'Install: name this file portreeve.tf.json; terraform validate; terraform plan; terraform apply',
    'Verify: gcloud compute firewall-rules list --filter=network:NETWORK --sort-by=priority',
    'Go back: terraform destroy of these resources, or apply the file that was there before',
  ];
}

function unexpressed({ entries }: SessionRule): string | undefined {
  for (const { icmpType, sourcePorts, source, destination } of entries) {
    if (icmpType !== undefined) return 'Google Cloud cannot ask for ICMP types.';
    if (sourcePorts !== undefined) return 'Google Cloud cannot ask for source ports.';
    const sides = [source, destination];
    if (sides.some((side) => side.kind === 'group' && side.prefixes.length > MOST_RANGES)) {
      return `A rule has at most ${MOST_RANGES} ranges on a side.`;
    }
  }
  return undefined;
}

interface OneFamily {
  readonly asked: SessionRule;
  readonly family: Family;
}

/** A rule has ranges of one family; any address of both takes two rules. */
function familiesOf(asked: SessionRule): OneFamily[] {
  const of = asked.entries[0]?.family;
  const families: readonly Family[] = of === undefined ? [4, 6] : [of];
  return families.map((family) => ({ asked, family }));
}

function resource({ asked, family }: OneFamily, index: number): [string, object] {
  const { rule, action, entries, told } = asked;
  const priority = FIRST_PRIORITY + index;
  const id = (rule.id ?? 'rule')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '-')
    .slice(0, 40);
  const [entry] = entries;
  const protocol = entry?.protocol;
  const ports = new Set(
    entries.flatMap(({ destinationPorts: to }) =>
      to === undefined ? [] : [to.first === to.last ? `${to.first}` : `${to.first}-${to.last}`],
    ),
  );
  const block = {
    protocol: protocol === undefined ? 'all' : (PROTOCOL_WORD[protocol] ?? `${protocol}`),
    ...(ports.size === 0 ? {} : { ports: [...ports] }),
  };
  return [
    `pr_${priority}`,
    {
      name: `pr-${id}-${priority}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Terraform's own template.
      network: '${var.network}',
      direction: 'INGRESS',
      priority,
      source_ranges: ranges(entry?.source, family),
      destination_ranges: ranges(entry?.destination, family),
      [action === 'accept' ? 'allow' : 'deny']: [block],
      ...(rule.log === undefined ? {} : { log_config: [{ metadata: 'INCLUDE_ALL_METADATA' }] }),
      ...(told === '' ? {} : { description: plainText(told, 200) }),
    },
  ];
}

function ranges(side: EntrySide | undefined, family: Family): string[] {
  if (side === undefined || side.kind === 'any') return [WHOLE[family]];
  const prefixes = side.kind === 'prefix' ? [side.prefix] : side.prefixes;
  return prefixes.map(formatPrefix);
}
