/**
 * Reads one security group with its rules, from Terraform JSON or from a CloudFormation template
 * (YAML, and so JSON as well). A rule by another group or a prefix list is a fault: who is in them
 * the text does not say. A template that names no egress rules lets everything out.
 */
import type { Filter, FilterMatch, FilterRule } from '../policy/filter.ts';
import {
  askedOf,
  cidrRange,
  protocolOf,
  readStack,
  readTerraform,
  type StackResource,
} from './aws-parse.ts';
import { blocksOf, type Fields, fieldsOf, listOf, nothingElse, textOf } from './config-fields.ts';
import { guarded, LineFault } from './line-fault.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { CLOUD_UNASKED, hostFilter } from './session-chain.ts';
import { terraformResources } from './terraform-text.ts';

type Direction = 'ingress' | 'egress';

class GroupReader {
  readonly faults: ParseFault[] = [];
  readonly rules: Record<Direction, FilterRule[]> = { ingress: [], egress: [] };
  /** Nothing is said of what goes out, and that lets everything out. */
  letsOut = false;

  /** One rule for each range of addresses. */
  add(
    direction: Direction,
    asked: FilterMatch,
    cidrs: readonly (readonly [unknown, 4 | 6])[],
    line: number,
    comment: string,
  ): void {
    if (cidrs.length === 0) throw new LineFault('The rule names no addresses.');
    for (const [cidr, family] of cidrs) {
      const range = cidrRange(cidr, family);
      if (range === undefined) continue;
      if (asked.family !== undefined && asked.family !== family) {
        throw new LineFault('ICMP and the addresses are of different families.');
      }
      const side = direction === 'ingress' ? 'source' : 'destination';
      const match: FilterMatch = { ...asked, states: ['new'], family, [side]: [range] };
      this.rules[direction].push({ action: 'accept', match, line, comment });
    }
  }

  filter(): Filter {
    const side = (rules: readonly FilterRule[], open: boolean) => ({
      ...{ rules, otherwise: open ? ('accept' as const) : ('drop' as const) },
    });
    return hostFilter(
      side(this.rules.ingress, false),
      side(this.rules.egress, this.letsOut),
      CLOUD_UNASKED,
    );
  }
}

export function parseSecurityGroupTerraform(text: string): Parsed {
  const reader = new GroupReader();
  return readTerraform(text, reader, (value, lineOf) => terraform(value, reader, lineOf));
}

function terraform(value: unknown, reader: GroupReader, lineOf: (name: string) => number): void {
  const {
    aws_security_group: groups,
    aws_vpc_security_group_ingress_rule: ingress,
    aws_vpc_security_group_egress_rule: egress,
  } = terraformResources(value, [
    'aws_security_group',
    'aws_vpc_security_group_ingress_rule',
    'aws_vpc_security_group_egress_rule',
  ]);
  const named = Object.entries(groups);
  const [[group, fields] = ['', {}], second] = named;
  if (named.length !== 1 || second !== undefined) {
    throw new LineFault('Not exactly one group is in the text.');
  }
  guarded(reader.faults, lineOf(group), () =>
    terraformGroup(fieldsOf(fields, 'A group'), reader, lineOf),
  );
  for (const [direction, rules] of [
    ['ingress', ingress],
    ['egress', egress],
  ] as const) {
    for (const [name, rule] of Object.entries(rules)) {
      const line = lineOf(name);
      guarded(reader.faults, line, () =>
        terraformRule(fieldsOf(rule, `“${name}”`), direction, group, reader, line),
      );
    }
  }
}

function terraformGroup(
  fields: Fields,
  reader: GroupReader,
  lineOf: (name: string) => number,
): void {
  const { name, name_prefix, description, vpc_id, tags, revoke_rules_on_delete, ...rest } = fields;
  for (const text of [name, name_prefix, description, vpc_id]) textOf(text ?? '', 'name');
  fieldsOf(tags ?? {}, '“tags”');
  if (revoke_rules_on_delete !== undefined && typeof revoke_rules_on_delete !== 'boolean') {
    throw new LineFault('“revoke_rules_on_delete” is true or false.');
  }
  const { ingress, egress, ...more } = rest;
  nothingElse(more);
  for (const [direction, blocks] of [
    ['ingress', ingress],
    ['egress', egress],
  ] as const) {
    for (const block of blocks === undefined ? [] : blocksOf(blocks, direction)) {
      guarded(reader.faults, lineOf(direction), () => {
        const { from_port, to_port, protocol, cidr_blocks, ipv6_cidr_blocks, ...left } = block;
        const { description: about, self, security_groups, prefix_list_ids, ...unread } = left;
        nothingElse(unread);
        const isOther = [security_groups, prefix_list_ids].some(
          (list) => listOf(list ?? [], 'security_groups').length > 0,
        );
        if (isOther || (self ?? false) !== false) {
          throw new LineFault('A rule by groups or prefix lists is not read.');
        }
        const asked = askedOf(protocolOf(protocol, 'protocol'), from_port, to_port);
        const cidrs = [
          ...listOf(cidr_blocks ?? [], 'cidr_blocks').map((cidr) => [cidr, 4] as const),
          ...listOf(ipv6_cidr_blocks ?? [], 'ipv6_cidr_blocks').map((cidr) => [cidr, 6] as const),
        ];
        const comment = textOf(about ?? '', 'description');
        reader.add(direction, asked, cidrs, lineOf(direction), comment);
      });
    }
  }
}

function terraformRule(
  fields: Fields,
  direction: Direction,
  group: string,
  reader: GroupReader,
  line: number,
): void {
  const { security_group_id, description, ip_protocol, from_port, to_port, ...rest } = fields;
  const { cidr_ipv4, cidr_ipv6, tags, ...more } = rest;
  nothingElse(more);
  fieldsOf(tags ?? {}, '“tags”');
  if (security_group_id !== ['$', '{aws_security_group.', group, '.id}'].join('')) {
    throw new LineFault('The rule is of another group.');
  }
  const asked = askedOf(protocolOf(ip_protocol, 'ip_protocol'), from_port, to_port);
  const cidrs = [
    ...(cidr_ipv4 === undefined ? [] : [[cidr_ipv4, 4] as const]),
    ...(cidr_ipv6 === undefined ? [] : [[cidr_ipv6, 6] as const]),
  ];
  if (cidrs.length > 1) throw new LineFault('A rule has one prefix.');
  reader.add(direction, asked, cidrs, line, textOf(description ?? '', 'description'));
}

export function parseSecurityGroupStack(text: string): Parsed {
  const reader = new GroupReader();
  let group: string | undefined;
  const read = ({ name, type, properties, line }: StackResource): void => {
    if (type === 'AWS::EC2::SecurityGroup') {
      if (group !== undefined) throw new LineFault('A second group is not read.');
      group = name;
      stackGroup(properties, reader, line);
    } else if (type === 'AWS::EC2::SecurityGroupIngress') {
      stackRule(properties, 'ingress', reader, line, group);
    } else if (type === 'AWS::EC2::SecurityGroupEgress') {
      stackRule(properties, 'egress', reader, line, group);
      reader.letsOut = false;
    } else throw new LineFault(`Resources “${String(type)}” are not read.`);
  };
  return readStack(text, reader, read, () =>
    group === undefined ? 'There is no group in the text.' : undefined,
  );
}

function stackGroup(fields: Fields, reader: GroupReader, line: number): void {
  const { GroupDescription, GroupName, VpcId: _vpc, Tags, ...rest } = fields;
  textOf(GroupDescription, 'GroupDescription');
  textOf(GroupName ?? '', 'GroupName');
  listOf(Tags ?? [], 'Tags');
  const { SecurityGroupIngress, SecurityGroupEgress, ...more } = rest;
  nothingElse(more);
  reader.letsOut = SecurityGroupEgress === undefined;
  for (const [direction, rules] of [
    ['ingress', SecurityGroupIngress],
    ['egress', SecurityGroupEgress],
  ] as const) {
    for (const rule of listOf(rules ?? [], 'SecurityGroupIngress')) {
      stackRule(fieldsOf(rule, 'A rule'), direction, reader, line, undefined);
    }
  }
}

function stackRule(
  fields: Fields,
  direction: Direction,
  reader: GroupReader,
  line: number,
  /** Name of the group where the rule is a resource of its own. */
  group: string | undefined,
): void {
  const { GroupId, Description, IpProtocol, FromPort, ToPort, CidrIp, CidrIpv6, ...more } = fields;
  nothingElse(more);
  const own = [{ Ref: group }, { GetAtt: `${group}.GroupId` }].map((id) => JSON.stringify(id));
  if (GroupId !== undefined && !own.includes(JSON.stringify(GroupId))) {
    throw new LineFault('The rule is of another group.');
  }
  const asked = askedOf(protocolOf(IpProtocol, 'IpProtocol'), FromPort, ToPort);
  const cidrs = [
    ...(CidrIp === undefined ? [] : [[CidrIp, 4] as const]),
    ...(CidrIpv6 === undefined ? [] : [[CidrIpv6, 6] as const]),
  ];
  reader.add(direction, asked, cidrs, line, textOf(Description ?? '', 'Description'));
}
