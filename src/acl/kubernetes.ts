/**
 * Kubernetes NetworkPolicy (networking.k8s.io/v1, API reference and “Network Policies”): what pods
 * with a label accept and send, by addresses of the other end and ports of TCP, UDP and SCTP. A
 * policy only allows, so that what a rule denies is taken out of the rules after it; it cannot speak
 * of ICMP or other protocols, which is refused, and does not log. Answers pass with their connection.
 */
import type { Family } from '../net/address.ts';
import { TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import { formatPrefix } from '../net/prefix.ts';
import type { Hosts, Plan } from '../policy/plan.ts';
import type { Entry, EntrySide } from './flat-entries.ts';
import { hostRules, sidesOf } from './host-rules.ts';
import { parseKubernetes } from './kubernetes-parse.ts';
import { managementLines } from './management-lines.ts';
import { withoutDenials } from './order-free.ts';
import type { Platform, Refusal, Rendered } from './platform.ts';
import { plainText } from './safe-text.ts';
import type { SessionRule } from './session-rules.ts';

const PROTOCOL_WORD: Readonly<Record<number, string>> = { [TCP]: 'TCP', [UDP]: 'UDP', 132: 'SCTP' };
const WHOLE: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' };
/** An object of etcd has at most 1.5 MiB; policies for the same pods add up. */
const MOST_CHARACTERS = 800_000;

export const kubernetes: Platform = {
  name: 'kubernetes',
  aliases: ['k8s', 'networkpolicy'],
  title: 'Kubernetes NetworkPolicy',
  capabilities: {
    filters: ['host'],
    stateful: true,
    families: [4, 6],
    management: ['a policy is asked about its pods alone: name them with --host'],
    logs: false,
    sources: [
      'kubernetes.io: Reference, NetworkPolicy networking.k8s.io/v1 (policyTypes, endPort, TCP by ' +
        'default, an empty selector means all pods); Concepts, Network Policies',
    ],
  },
  render,
  parse: parseKubernetes,
};

function render(asked: Plan): Rendered {
  const plan = withoutDenials(asked) ?? asked;
  const { input, output, refusals } = hostRules(plan, {
    ...{ groups: () => true, portProtocols: [TCP, UDP, 132] },
    ...{ unasked: ['loopback', 'neighbours', 'dhcp'], ownSideImplied: true },
  });
  const refused = [...input, ...output].flatMap(({ rule, action, entries }): Refusal[] => {
    const name = rule.id === undefined ? {} : { rule: rule.id };
    if (action !== 'accept') {
      const what =
        'A NetworkPolicy only allows, and this denial cannot be taken out of what follows.';
      return [{ ...name, what, instead: 'name the ports of the rules that allow' }];
    }
    const what = entries.map(unexpressed).find((found) => found !== undefined);
    return what === undefined ? [] : [{ ...name, what }];
  });
  if (plan.hosts === undefined || refusals.length + refused.length > 0) {
    return { refusals: [...refusals, ...refused] };
  }
  const objects = shared(rulesOf('from', input), rulesOf('to', output));
  const { hosts } = plan;
  const text = [
    ...head(plan, hosts),
    ...objects.flatMap((own, index) => [
      ...(index === 0 ? [] : ['---']),
      ...body(hosts, index === 0 ? 'portreeve' : `portreeve-${index + 1}`),
      ...direction('ingress', own.ingress),
      ...direction('egress', own.egress),
    ]),
    '',
  ].join('\n');
  return { text, refusals: [] };
}

/** Lines of each rule. */
type Rules = readonly (readonly string[])[];

/** The rules in as many objects as they need. */
function shared(ingress: Rules, egress: Rules): { ingress: string[][]; egress: string[][] }[] {
  const objects: { ingress: string[][]; egress: string[][] }[] = [{ ingress: [], egress: [] }];
  let size = 0;
  for (const [key, rules] of [
    ['ingress', ingress],
    ['egress', egress],
  ] as const) {
    for (const lines of rules) {
      const length = lines.reduce((sum, line) => sum + line.length + 1, 0);
      if (size > 0 && size + length > MOST_CHARACTERS) {
        objects.push({ ingress: [], egress: [] });
        size = 0;
      }
      objects.at(-1)![key].push([...lines]);
      size += length;
    }
  }
  return objects;
}

function unexpressed({ protocol, icmpType, sourcePorts, destinationPorts }: Entry) {
  if (icmpType !== undefined || protocol === 1 || protocol === 58) {
    return 'A NetworkPolicy cannot speak of ICMP.';
  }
  if (protocol === undefined || PROTOCOL_WORD[protocol] === undefined) {
    return 'A NetworkPolicy knows TCP, UDP and SCTP alone.';
  }
  if (sourcePorts !== undefined) return 'Source ports cannot be asked for.';
  return destinationPorts?.first === 0 ? 'Port 0 cannot be asked for.' : undefined;
}

/** The pods that are meant: a name such as `app=web` is their label. */
function labelOf({ name }: Hosts): { readonly key: string; readonly value: string } {
  const part = /^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
  const [key = '', value, ...more] = name.split('=');
  if (value !== undefined && more.length === 0 && part.test(key) && /^[\w.-]{1,63}$/.test(value)) {
    return { key, value };
  }
  const word = name.replace(/[^A-Za-z0-9_.-]/g, '-').slice(0, 60);
  return { key: 'portreeve/host', value: word.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '') };
}

function head(plan: Plan, hosts: Hosts): string[] {
  const { key, value } = labelOf(hosts);
  return [
    `# Policy ${plainText(plan.name, 80)} for Kubernetes, written by Portreeve.`,
    ...plan.remarks.map((remark) => `# ${plainText(remark, 200)}`),
    '# Needs:    a network plugin that enforces policies, with endPort (Kubernetes 1.25), and no',
    '#           other NetworkPolicy for these pods; Services and NAT may hide addresses from it.',
    '# Knows no: ICMP (each plugin has its way), logging, rules that deny; nodes always reach pods.',
    ...managementLines(kubernetes, '#', plan),
    '# Keep:     kubectl get networkpolicy --all-namespaces -o yaml > before.yaml',
    '# Check:    kubectl apply --dry-run=server -f THIS-FILE',
    `# Install:  kubectl label pod POD ${key}=${value}; kubectl apply -f THIS-FILE`,
    '# Verify:   kubectl describe networkpolicy',
    '# Go back:  kubectl delete -f THIS-FILE',
  ];
}

function body(hosts: Hosts, name: string): string[] {
  const { key, value } = labelOf(hosts);
  return [
    'apiVersion: networking.k8s.io/v1',
    'kind: NetworkPolicy',
    'metadata:',
    `  name: ${name}`,
    'spec:',
    '  podSelector:',
    '    matchLabels:',
    `      ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
    '  policyTypes: [Ingress, Egress]',
  ];
}

function direction(key: string, rules: Rules): string[] {
  return rules.length === 0 ? [`  ${key}: []`] : [`  ${key}:`, ...rules.flat()];
}

function rulesOf(peers: 'from' | 'to', rules: readonly SessionRule[]): Rules {
  const hook = peers === 'from' ? 'input' : 'output';
  return rules.flatMap(({ entries, told }) => {
    const [entry] = entries;
    if (entry === undefined) return [];
    const { peer } = sidesOf(entry, hook);
    return [
      [
        ...(told === '' ? [] : [`    # ${plainText(told, 200)}`]),
        `    - ${peers}:`,
        ...blocks(peer, entry.family).map((cidr) => `        - ipBlock: { cidr: "${cidr}" }`),
        '      ports:',
        ...entries.map(
          ({ protocol, destinationPorts }) =>
            `        - { protocol: ${PROTOCOL_WORD[protocol!]}${portWords(destinationPorts)} }`,
        ),
      ],
    ];
  });
}

function blocks(peer: EntrySide, family: Family | undefined): string[] {
  if (peer.kind === 'prefix') return [formatPrefix(peer.prefix)];
  if (peer.kind === 'group') return peer.prefixes.map(formatPrefix);
  return family === undefined ? [WHOLE[4], WHOLE[6]] : [WHOLE[family]];
}

function portWords(range: NumberRange | undefined): string {
  if (range === undefined) return '';
  const end = range.last === range.first ? '' : `, endPort: ${range.last}`;
  return `, port: ${range.first}${end}`;
}
