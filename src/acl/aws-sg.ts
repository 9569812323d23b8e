/**
 * Amazon VPC security groups, as Terraform JSON (Terraform AWS provider,
 * `aws_vpc_security_group_ingress_rule`) and as a CloudFormation template in YAML
 * (`AWS::EC2::SecurityGroup`). A group keeps track of connections and only allows: what a rule denies
 * is taken out of the rules after it. Groups do not log; flow logs do.
 */
import type { Plan } from '../policy/plan.ts';
import { type AwsRule, awsRules, fullest, headOf, portPair, protocolWord } from './aws-rules.ts';
import { parseSecurityGroupStack, parseSecurityGroupTerraform } from './aws-sg-parse.ts';
import { withoutDenials } from './order-free.ts';
import type { Capabilities, Platform, Rendered } from './platform.ts';
import { textWithoutAngles } from './safe-text.ts';

/** Default quota for one direction and family; it can be raised, at the price of fewer groups. */
const MOST_RULES = 60;

const CAPABILITIES: Capabilities = {
  filters: ['host'],
  stateful: true,
  asksErrors: true,
  families: [4, 6],
  management: ['a group is asked about its machines alone: name them with --host'],
  mostRules: MOST_RULES,
  logs: false,
  sources: [
    'Amazon VPC User Guide: Security group rules; Connection tracking; Amazon VPC quotas',
    'Terraform AWS provider: aws_security_group, aws_vpc_security_group_ingress_rule',
    'AWS CloudFormation: AWS::EC2::SecurityGroup (characters of descriptions)',
  ],
};

export const awsSg: Platform = {
  name: 'aws-sg',
  aliases: ['aws', 'security-group'],
  title: 'AWS security group (Terraform JSON)',
  capabilities: CAPABILITIES,
  render: (plan) => rendered(plan, terraform),
  parse: parseSecurityGroupTerraform,
};

export const awsSgStack: Platform = {
  name: 'aws-sg-cloudformation',
  aliases: ['aws-sg-cfn'],
  title: 'AWS security group (CloudFormation)',
  capabilities: CAPABILITIES,
  render: (plan) => rendered(plan, stack),
  parse: parseSecurityGroupStack,
};

function rendered(asked: Plan, write: (plan: Plan, rules: readonly AwsRule[]) => string): Rendered {
  const plan = withoutDenials(asked) ?? asked;
  const { rules, refusals } = awsRules(plan);
  if (refusals.length > 0) return { refusals };
  if (rules.some(({ allow }) => !allow)) {
    const what =
      'A security group only allows, and a denial here cannot be taken out of what follows.';
    return { refusals: [{ what, instead: 'name the ports of the rules that allow' }] };
  }
  const count = fullest(rules);
  if (count > MOST_RULES) {
    const what = `It would take ${count} rules in one direction; a group has ${MOST_RULES}.`;
    return { refusals: [{ what, instead: 'use a network ACL or prefix lists of your own' }] };
  }
  return { text: write(plan, rules), refusals: [] };
}

const NEEDS = 'this group and no other on the machines; turn on flow logs, groups do not log.';

function terraform(plan: Plan, rules: readonly AwsRule[]): string {
  const resources = (direction: AwsRule['direction']) =>
    Object.fromEntries(
      rules
        .filter((rule) => rule.direction === direction)
        .map((rule, index) => [`pr_${index + 1}`, terraformRule(rule)]),
    );
  const [ingress, egress] = [resources('ingress'), resources('egress')];
  const document = {
    '//': headOf(plan, awsSg, {
      needs: NEEDS,
      keep: 'aws ec2 describe-security-groups, and the Terraform state',
      install: 'name this file portreeve.tf.json; terraform validate; plan; apply; attach it',
      verify: 'aws ec2 describe-security-group-rules; VPC Reachability Analyzer',
      goBack: 'attach the groups that were there before; terraform destroy',
    }),
    variable: { vpc_id: { type: 'string' } },
    resource: {
      aws_security_group: {
        portreeve: {
          name: 'portreeve',
          description: textWithoutAngles(plan.name, 80) || 'Portreeve',
          vpc_id: template('var.vpc_id'),
        },
      },
      ...(Object.keys(ingress).length === 0
        ? {}
        : { aws_vpc_security_group_ingress_rule: ingress }),
      ...(Object.keys(egress).length === 0 ? {} : { aws_vpc_security_group_egress_rule: egress }),
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Terraform's way to name something within a text. */
export function template(name: string): string {
  return ['$', '{', name, '}'].join('');
}

function terraformRule(rule: AwsRule): object {
  const pair = portPair(rule);
  return {
    security_group_id: template('aws_security_group.portreeve.id'),
    description: rule.told,
    ip_protocol: protocolWord(rule.protocol),
    ...(pair === undefined ? {} : { from_port: pair.from, to_port: pair.to }),
    [rule.family === 4 ? 'cidr_ipv4' : 'cidr_ipv6']: rule.cidr,
  };
}

function stack(plan: Plan, rules: readonly AwsRule[]): string {
  const lines = (direction: AwsRule['direction']) =>
    rules.filter((rule) => rule.direction === direction).flatMap(stackRule);
  const [ingress, egress] = [lines('ingress'), lines('egress')];
  return [
    ...headOf(plan, awsSgStack, {
      needs: NEEDS,
      keep: 'aws ec2 describe-security-groups',
      install: 'aws cloudformation deploy --template-file THIS-FILE --stack-name portreeve',
      verify: 'aws cloudformation detect-stack-drift --stack-name portreeve',
      goBack: 'attach the groups that were there before; delete the stack',
    }).map((line) => `# ${line}`),
    'AWSTemplateFormatVersion: "2010-09-09"',
    'Parameters:',
    '  VpcId:',
    '    Type: AWS::EC2::VPC::Id',
    'Resources:',
    '  Portreeve:',
    '    Type: AWS::EC2::SecurityGroup',
    '    Properties:',
    `      GroupDescription: ${JSON.stringify(textWithoutAngles(plan.name, 80) || 'Portreeve')}`,
    '      VpcId: !Ref VpcId',
    ...(ingress.length === 0 ? [] : ['      SecurityGroupIngress:', ...ingress]),
    '      SecurityGroupEgress:',
    // Without any rule CloudFormation would let everything out.
    ...(egress.length > 0
      ? egress
      : ['        - IpProtocol: "-1"', '          CidrIp: 127.0.0.1/32']),
    '',
  ].join('\n');
}

function stackRule(rule: AwsRule): string[] {
  const pair = portPair(rule);
  return [
    `        - Description: ${JSON.stringify(rule.told)}`,
    `          IpProtocol: "${protocolWord(rule.protocol)}"`,
    ...(pair === undefined
      ? []
      : [`          FromPort: ${pair.from}`, `          ToPort: ${pair.to}`]),
    `          ${rule.family === 4 ? 'CidrIp' : 'CidrIpv6'}: "${rule.cidr}"`,
  ];
}
