/**
 * Amazon VPC network ACLs, as Terraform JSON (`aws_network_acl_rule`) and as a CloudFormation
 * template in YAML (`AWS::EC2::NetworkAclEntry`): numbered rules at the border of a subnet, the
 * first that matches decides, the last denies the rest. They keep no state and cannot ask for the
 * port a packet comes from or for TCP flags, so answers come back by a range of ports.
 */
import type { Plan } from '../policy/plan.ts';
import { parseNetworkAclStack, parseNetworkAclTerraform } from './aws-nacl-parse.ts';
import { type AwsRule, awsRules, fullest, headOf, portPair } from './aws-rules.ts';
import { template } from './aws-sg.ts';
import type { Capabilities, Platform, Rendered } from './platform.ts';

/** Rules of one direction and family, the last one of Amazon's counted; without asking: 20. */
const MOST_RULES = 40;
const QUOTA = 20;
/** Rules are numbered up to 32766. */
const STEP = 100;

const CAPABILITIES: Capabilities = {
  filters: ['host'],
  stateful: false,
  returnPorts: { first: 1024, last: 65_535 },
  families: [4, 6],
  management: ['a network ACL is asked about its subnet alone: name it with --host'],
  mostRules: MOST_RULES,
  logs: false,
  sources: [
    'Amazon VPC User Guide: Network ACL rules; Ephemeral ports; Amazon VPC quotas',
    'Terraform AWS provider: aws_network_acl, aws_network_acl_rule',
    'AWS CloudFormation: AWS::EC2::NetworkAclEntry, …-icmp (type and code with 1 and 58)',
    'Amazon EC2 API: CreateNetworkAclEntry (other protocols have no ports)',
  ],
};

export const awsNacl: Platform = {
  name: 'aws-nacl',
  aliases: ['network-acl'],
  title: 'AWS network ACL (Terraform JSON)',
  capabilities: CAPABILITIES,
  render: (plan) => rendered(plan, terraform),
  parse: parseNetworkAclTerraform,
};

export const awsNaclStack: Platform = {
  name: 'aws-nacl-cloudformation',
  aliases: ['aws-nacl-cfn'],
  title: 'AWS network ACL (CloudFormation)',
  capabilities: CAPABILITIES,
  render: (plan) => rendered(plan, stack),
  parse: parseNetworkAclStack,
};

interface Numbered extends AwsRule {
  readonly number: number;
}

function rendered(plan: Plan, write: (plan: Plan, rules: readonly Numbered[]) => string): Rendered {
  const { rules, refusals } = awsRules(plan);
  if (refusals.length > 0) return { refusals };
  const count = fullest(rules) + 1;
  if (count > MOST_RULES) {
    const what = `It would take ${count} rules in one direction; a network ACL has ${MOST_RULES}.`;
    return { refusals: [{ what, instead: 'use a security group, or fewer and wider groups' }] };
  }
  const next = { ingress: 0, egress: 0 };
  const numbered = rules.map((rule) => {
    next[rule.direction] += STEP;
    return { ...rule, number: next[rule.direction] };
  });
  return { text: write(plan, numbered), refusals: [] };
}

function needs(rules: readonly AwsRule[]): string {
  const border = 'no other rules; within the subnet nothing is filtered, nothing is logged.';
  return fullest(rules) + 1 > QUOTA
    ? `a quota of ${MOST_RULES} rules (it is ${QUOTA}); ${border}`
    : border;
}

function terraform(plan: Plan, rules: readonly Numbered[]): string {
  const named = rules.map((rule, index) => {
    const { number, direction, allow, protocol, family, cidr } = rule;
    const pair = portPair(rule);
    const isIcmp = protocol === 1 || protocol === 58;
    const fields = {
      '//': rule.told,
      network_acl_id: template('aws_network_acl.portreeve.id'),
      rule_number: number,
      egress: direction === 'egress',
      protocol: protocol === undefined ? '-1' : `${protocol}`,
      rule_action: allow ? 'allow' : 'deny',
      [family === 4 ? 'cidr_block' : 'ipv6_cidr_block']: cidr,
      ...(pair === undefined
        ? {}
        : isIcmp
          ? { icmp_type: pair.from, icmp_code: pair.to }
          : { from_port: pair.from, to_port: pair.to }),
    };
    return [`pr_${index + 1}`, fields] as const;
  });
  const document = {
    '//': headOf(plan, awsNacl, {
      needs: needs(rules),
      keep: 'aws ec2 describe-network-acls, and the Terraform state',
      install: 'name this file portreeve.tf.json; terraform validate; terraform plan; apply',
      verify: 'aws ec2 describe-network-acls; VPC Reachability Analyzer',
      goBack: 'aws ec2 replace-network-acl-association to the ACL before; terraform destroy',
    }),
    variable: { vpc_id: { type: 'string' }, subnet_ids: { type: 'list(string)' } },
    resource: {
      aws_network_acl: {
        portreeve: { vpc_id: template('var.vpc_id'), subnet_ids: template('var.subnet_ids') },
      },
      ...(named.length === 0 ? {} : { aws_network_acl_rule: Object.fromEntries(named) }),
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function stack(plan: Plan, rules: readonly Numbered[]): string {
  return [
    ...headOf(plan, awsNaclStack, {
      needs: needs(rules),
      keep: 'aws ec2 describe-network-acls',
      install: 'aws cloudformation deploy --template-file THIS-FILE --stack-name portreeve',
      verify: 'aws cloudformation detect-stack-drift --stack-name portreeve',
      goBack: 'aws ec2 replace-network-acl-association to the ACL before; delete the stack',
    }).map((line) => `# ${line}`),
    'AWSTemplateFormatVersion: "2010-09-09"',
    'Parameters:',
    '  VpcId:',
    '    Type: AWS::EC2::VPC::Id',
    '  SubnetId:',
    '    Type: AWS::EC2::Subnet::Id',
    'Resources:',
    '  Portreeve:',
    '    Type: AWS::EC2::NetworkAcl',
    '    Properties:',
    '      VpcId: !Ref VpcId',
    '  Association:',
    '    Type: AWS::EC2::SubnetNetworkAclAssociation',
    '    Properties:',
    '      NetworkAclId: !Ref Portreeve',
    '      SubnetId: !Ref SubnetId',
    ...rules.flatMap(stackEntry),
    '',
  ].join('\n');
}

function stackEntry(rule: Numbered, index: number): string[] {
  const { number, direction, allow, protocol, family, cidr, told } = rule;
  const pair = portPair(rule);
  const isIcmp = protocol === 1 || protocol === 58;
  return [
    `  Entry${index + 1}: # ${told}`,
    '    Type: AWS::EC2::NetworkAclEntry',
    '    Properties:',
    '      NetworkAclId: !Ref Portreeve',
    `      RuleNumber: ${number}`,
    `      Egress: ${direction === 'egress'}`,
    `      Protocol: ${protocol ?? -1}`,
    `      RuleAction: ${allow ? 'allow' : 'deny'}`,
    `      ${family === 4 ? 'CidrBlock' : 'Ipv6CidrBlock'}: "${cidr}"`,
    ...(pair === undefined
      ? []
      : isIcmp
        ? ['      Icmp:', `        Type: ${pair.from}`, `        Code: ${pair.to}`]
        : ['      PortRange:', `        From: ${pair.from}`, `        To: ${pair.to}`]),
  ];
}
