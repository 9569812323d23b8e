/**
 * Reads one network ACL with its rules, from Terraform JSON or from a CloudFormation template
 * (YAML, and so JSON as well): by their numbers, in each direction, and what none matches is
 * denied. Amazon's own rule at the end has no number that can be written.
 */
import type { Filter, FilterRule } from '../policy/filter.ts';
import {
  askedOf,
  cidrRange,
  protocolOf,
  readStack,
  readTerraform,
  type StackResource,
} from './aws-parse.ts';
import {
  blocksOf,
  type Fields,
  fieldsOf,
  listOf,
  nothingElse,
  textOf,
  truthOf,
  wholeOf,
} from './config-fields.ts';
import { guarded, LineFault } from './line-fault.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { CLOUD_UNASKED, hostFilter } from './session-chain.ts';
import { terraformResources } from './terraform-text.ts';

/** A rule as both languages write it, by other names. */
interface Written {
  readonly number: unknown;
  readonly egress: boolean;
  readonly protocol: unknown;
  readonly action: unknown;
  readonly cidr: unknown;
  readonly cidr6: unknown;
  readonly from: unknown;
  readonly to: unknown;
  readonly icmpType: unknown;
  readonly icmpCode: unknown;
}

class AclReader {
  readonly faults: ParseFault[] = [];
  private readonly rules = { ingress: new Map<number, FilterRule>(), egress: new Map() };

  add(written: Written, line: number): void {
    const { egress, icmpType, icmpCode, from, to, cidr, cidr6 } = written;
    const rules = egress ? this.rules.egress : this.rules.ingress;
    const number = wholeOf(written.number, 'rule number', 1, 32_766);
    if (rules.has(number)) throw new LineFault(`Two rules have the number ${number}.`);
    if (written.action !== 'allow' && written.action !== 'deny') {
      throw new LineFault('A rule allows or denies.');
    }
    if ((cidr === undefined) === (cidr6 === undefined)) {
      throw new LineFault('A rule has one prefix.');
    }
    const family = cidr === undefined ? 6 : 4;
    const range = cidrRange(cidr ?? cidr6, family);
    const protocol = protocolOf(written.protocol, 'protocol');
    const isIcmp = protocol === 1 || protocol === 58;
    const stray = isIcmp ? [from, to] : [icmpType, icmpCode];
    if (stray.some((one) => one !== undefined && Number(one) !== 0 && Number(one) !== -1)) {
      throw new LineFault('Ports, or type and code, stand with another protocol.');
    }
    const asked = isIcmp ? askedOf(protocol, icmpType, icmpCode) : askedOf(protocol, from, to);
    if (asked.family !== undefined && asked.family !== family) {
      throw new LineFault('ICMP and the addresses are of different families.');
    }
    const match = {
      ...asked,
      family,
      [egress ? 'destination' : 'source']: [range].flatMap((one) => one ?? []),
    };
    rules.set(number, { action: written.action === 'allow' ? 'accept' : 'drop', match, line });
  }

  filter(): Filter {
    const ordered = (rules: ReadonlyMap<number, FilterRule>) => ({
      rules: [...rules].sort(([left], [right]) => left - right).map(([, rule]) => rule),
      otherwise: 'drop' as const,
    });
    const { ingress, egress } = this.rules;
    return hostFilter(ordered(ingress), ordered(egress), CLOUD_UNASKED, false);
  }
}

export function parseNetworkAclTerraform(text: string): Parsed {
  const reader = new AclReader();
  return readTerraform(text, reader, (value, lineOf) => terraform(value, reader, lineOf));
}

function terraform(value: unknown, reader: AclReader, lineOf: (name: string) => number): void {
  const { aws_network_acl: acls, aws_network_acl_rule: rules } = terraformResources(value, [
    'aws_network_acl',
    'aws_network_acl_rule',
  ]);
  const named = Object.entries(acls);
  const [[acl, fields] = ['', {}]] = named;
  if (named.length !== 1) throw new LineFault('Not exactly one network ACL is in the text.');
  guarded(reader.faults, lineOf(acl), () =>
    terraformAcl(fieldsOf(fields, 'An ACL'), reader, lineOf),
  );
  for (const [name, rule] of Object.entries(rules)) {
    const line = lineOf(name);
    guarded(reader.faults, line, () => {
      const { network_acl_id, egress, ...asked } = fieldsOf(rule, `“${name}”`);
      if (network_acl_id !== ['$', '{aws_network_acl.', acl, '.id}'].join('')) {
        throw new LineFault('The rule is of another network ACL.');
      }
      const { '//': _about, rule_number: number, rule_action: action, ...rest } = asked;
      reader.add(
        { number, action, egress: truthOf(egress ?? false, 'egress'), ...sidesOf(rest) },
        line,
      );
    });
  }
}

/** Fields that rules of Terraform share, whether they stand alone or within the ACL. */
function sidesOf(fields: Fields): Omit<Written, 'number' | 'action' | 'egress'> {
  const { protocol, from_port: from, to_port: to, cidr_block, ipv6_cidr_block, ...rest } = fields;
  const { icmp_type: icmpType, icmp_code: icmpCode, ...more } = rest;
  nothingElse(more);
  return { protocol, from, to, cidr: cidr_block, cidr6: ipv6_cidr_block, icmpType, icmpCode };
}

function terraformAcl(fields: Fields, reader: AclReader, lineOf: (name: string) => number): void {
  const { vpc_id, subnet_ids: _subnets, tags, ingress, egress, ...more } = fields;
  nothingElse(more);
  textOf(vpc_id, 'vpc_id');
  fieldsOf(tags ?? {}, '“tags”');
  for (const [direction, blocks] of [
    ['ingress', ingress],
    ['egress', egress],
  ] as const) {
    for (const block of blocks === undefined ? [] : blocksOf(blocks, direction)) {
      const { rule_no: number, action, ...asked } = block;
      guarded(reader.faults, lineOf(direction), () => {
        const isOut = direction === 'egress';
        reader.add({ number, action, egress: isOut, ...sidesOf(asked) }, lineOf(direction));
      });
    }
  }
}

export function parseNetworkAclStack(text: string): Parsed {
  const reader = new AclReader();
  let acl: string | undefined;
  const read = ({ name, type, properties, line }: StackResource): void => {
    if (type === 'AWS::EC2::NetworkAcl') {
      if (acl !== undefined) throw new LineFault('A second network ACL is not read.');
      acl = name;
      const { VpcId: _vpc, Tags, ...more } = properties;
      listOf(Tags ?? [], 'Tags');
      nothingElse(more);
    } else if (type === 'AWS::EC2::NetworkAclEntry') {
      reader.add(stackEntry(properties, acl), line);
    } else if (type === 'AWS::EC2::SubnetNetworkAclAssociation') {
      const { NetworkAclId, SubnetId: _subnet, ...more } = properties;
      nothingElse(more);
      checkOwn(NetworkAclId, acl);
    } else throw new LineFault(`Resources “${String(type)}” are not read.`);
  };
  return readStack(text, reader, read, () =>
    acl === undefined ? 'There is no network ACL.' : undefined,
  );
}

function checkOwn(id: unknown, acl: string | undefined): void {
  if (acl === undefined || JSON.stringify(id) !== JSON.stringify({ Ref: acl })) {
    throw new LineFault('The rule is of another network ACL.');
  }
}

function stackEntry(fields: Fields, acl: string | undefined): Written {
  const { NetworkAclId, RuleNumber, Protocol, RuleAction, Egress, ...rest } = fields;
  const { CidrBlock, Ipv6CidrBlock, PortRange, Icmp, ...more } = rest;
  nothingElse(more);
  checkOwn(NetworkAclId, acl);
  const { From, To, ...ports } = fieldsOf(PortRange ?? {}, '“PortRange”');
  const { Type, Code, ...message } = fieldsOf(Icmp ?? {}, '“Icmp”');
  nothingElse({ ...ports, ...message });
  return {
    ...{ number: RuleNumber, action: RuleAction, protocol: Protocol },
    egress: truthOf(Egress ?? false, 'Egress'),
    ...{ cidr: CidrBlock, cidr6: Ipv6CidrBlock },
    ...{ from: From, to: To, icmpType: Type, icmpCode: Code },
  };
}
