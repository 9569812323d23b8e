/**
 * Texts for what a machine itself accepts and sends, as people and vendors' examples write them,
 * with what becomes of single packets; and texts of which a word must not be passed over.
 */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import { decide } from '../policy/evaluate.ts';
import { platformNamed } from './platforms.ts';

type Case = readonly [hook: 'input' | 'output' | 'forward', packet: string, 'accept' | 'drop'];

const TERRAFORM_GROUP = JSON.stringify({
  resource: {
    aws_security_group: {
      web: {
        name: 'web',
        vpc_id: 'vpc-1',
        tags: { Name: 'web' },
        ingress: [
          {
            description: 'https',
            from_port: 443,
            to_port: 443,
            protocol: 'tcp',
            cidr_blocks: ['198.51.100.0/24'],
            ipv6_cidr_blocks: ['2001:db8::/32'],
          },
          { from_port: 8, to_port: -1, protocol: 'icmp', cidr_blocks: ['0.0.0.0/0'] },
        ],
        egress: { from_port: 0, to_port: 0, protocol: '-1', cidr_blocks: ['0.0.0.0/0'] },
      },
    },
    aws_vpc_security_group_ingress_rule: {
      ssh: {
        security_group_id: ['$', '{aws_security_group.web.id}'].join(''),
        ip_protocol: 'tcp',
        from_port: 22,
        to_port: 22,
        cidr_ipv4: '203.0.113.7/32',
      },
    },
  },
});

const TEXTS: Readonly<Record<string, { text: string; cases: readonly Case[] }[]>> = {
  windows: [
    {
      text: `# what administrators write
Import-Module NetSecurity
new-netfirewallrule -DisplayName "Web in" -Direction inbound -LocalPort 80, 443 -Protocol tcp -Action allow
New-NetFirewallRule -Name no-rdp -DisplayName 'No RDP' -Direction Inbound \`
  -Action Block -Protocol TCP -LocalPort 3389 -RemoteAddress 203.0.113.0-203.0.113.255
New-NetFirewallRule -DisplayName RDP -Direction Inbound -Protocol TCP -LocalPort 3389 -Action Allow
New-NetFirewallRule -DisplayName Off -Direction Inbound -Protocol TCP -LocalPort 25 -Enabled False
New-NetFirewallRule -DisplayName Ping -Protocol ICMPv4 -IcmpType 8 -RemoteAddress 198.51.100.0/255.255.255.0
New-NetFirewallRule -DisplayName ND -Protocol ICMPv6 -IcmpType 135,136 -Profile Any # neighbours
`,
      cases: [
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:443', 'accept'],
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:22', 'drop'],
        // What blocks holds, wherever it stands.
        ['input', 'tcp 203.0.113.7:40000 > 10.0.1.10:3389', 'drop'],
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:3389', 'accept'],
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:25', 'drop'],
        ['input', 'icmp/8 198.51.100.7 > 10.0.1.10', 'accept'],
        ['input', 'icmp/8 203.0.113.7 > 10.0.1.10', 'drop'],
        ['input', 'icmp/135 [fe80::1] > [2001:db8::10]', 'accept'],
        ['input', 'tcp 203.0.113.7:443 > 10.0.1.10:50000 established', 'accept'],
        // Windows lets out what no rule blocks.
        ['output', 'tcp 10.0.1.10:40000 > 203.0.113.7:25', 'accept'],
      ],
    },
    {
      text: `Set-NetFirewallProfile -All -DefaultOutboundAction Block -Enabled True
New-NetFirewallRule -DisplayName a -Group Mine -Direction Outbound -RemotePort 53 -Protocol UDP
New-NetFirewallRule -DisplayName b -Direction Outbound -RemotePort 123 -Protocol UDP
Get-NetFirewallRule | Where-Object Group -ne 'mine' | Disable-NetFirewallRule
`,
      cases: [
        ['output', 'udp 10.0.1.10:40000 > 203.0.113.7:53', 'accept'],
        ['output', 'udp 10.0.1.10:40000 > 203.0.113.7:123', 'drop'],
      ],
    },
  ],
  netsh: [
    {
      text: `@echo off
rem open the web server
netsh advfirewall firewall add rule name="Open 80" dir=in action=allow protocol=TCP localport=80
netsh advfirewall firewall add rule name=ping dir=in action=allow protocol=icmpv4:8,any remoteip=10.0.0.0/8,192.0.2.1-192.0.2.9
NETSH ADVFIREWALL FIREWALL ADD RULE NAME=smb DIR=OUT ACTION=BLOCK PROTOCOL=TCP REMOTEPORT=445,139
netsh advfirewall set allprofiles firewallpolicy blockinbound,allowoutbound
`,
      cases: [
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:80', 'accept'],
        ['input', 'icmp/8 192.0.2.9 > 10.0.1.10', 'accept'],
        ['input', 'icmp/8 192.0.2.10 > 10.0.1.10', 'drop'],
        ['output', 'tcp 10.0.1.10:40000 > 203.0.113.7:445', 'drop'],
        ['output', 'tcp 10.0.1.10:40000 > 203.0.113.7:446', 'accept'],
      ],
    },
  ],
  ufw: [
    {
      text: `sudo ufw default deny incoming
ufw allow 22/tcp comment 'ssh'
ufw deny from 203.0.113.0/24
ufw allow 53
ufw allow in on eth1 to any port 9100 proto tcp
ufw allow proto tcp from 198.51.100.0/24 to 10.0.1.10 port 80,443,8000:8010
ufw deny 22/tcp
ufw route allow in on eth0 out on eth1 to 10.0.1.20 port 25 proto tcp
ufw enable
`,
      cases: [
        // A rule that is given again changes where it stands.
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:22', 'drop'],
        ['input', 'udp 203.0.113.7:40000 > 10.0.1.10:53', 'drop'],
        ['input', 'udp [2001:db8::7]#40000 > [2001:db8::10]#53', 'accept'],
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:8005', 'accept'],
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.11:8005', 'drop'],
        // ufw lets these pass unasked.
        ['input', 'icmp/8 203.0.113.7 > 10.0.1.10', 'accept'],
        ['forward', 'icmp/8 203.0.113.7 > 10.0.1.10', 'accept'],
        ['forward', 'icmp/13 203.0.113.7 > 10.0.1.10', 'drop'],
        ['output', 'tcp 10.0.1.10:40000 > 203.0.113.7:25', 'accept'],
        ['forward', 'tcp 203.0.113.7:40000 > 10.0.1.20:25', 'drop'],
      ],
    },
  ],
  'aws-sg': [
    {
      text: TERRAFORM_GROUP,
      cases: [
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:443', 'accept'],
        ['input', 'tcp [2001:db8::7]#40000 > [2001:db8::10]#443', 'accept'],
        ['input', 'tcp 203.0.113.7:40000 > 10.0.1.10:443', 'drop'],
        ['input', 'tcp 203.0.113.7:40000 > 10.0.1.10:22', 'accept'],
        ['input', 'icmp/8 203.0.113.7 > 10.0.1.10', 'accept'],
        ['input', 'icmp/13 203.0.113.7 > 10.0.1.10', 'drop'],
        ['output', 'udp 10.0.1.10:40000 > 203.0.113.7:99', 'accept'],
        ['output', 'udp [2001:db8::10]#40000 > [2001:db8::7]#99', 'drop'],
      ],
    },
  ],
  'aws-sg-cloudformation': [
    {
      text: `Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: web
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - { IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 0.0.0.0/0 }
`,
      // Nothing is said of what goes out, so all goes out.
      cases: [
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:80', 'accept'],
        ['output', 'tcp 10.0.1.10:40000 > 198.51.100.7:22', 'accept'],
      ],
    },
    {
      text: `{"Resources": {"Web": {"Type": "AWS::EC2::SecurityGroup", "Properties": {
        "GroupDescription": "none", "SecurityGroupEgress": [
          {"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]}},
        "In": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": {"GroupId": {"Ref": "Web"},
          "IpProtocol": "17", "FromPort": "53", "ToPort": "53", "CidrIp": "10.0.0.0/8"}}}}`,
      cases: [
        ['input', 'udp 10.9.9.9:40000 > 10.0.1.10:53', 'accept'],
        ['output', 'tcp 10.0.1.10:40000 > 198.51.100.7:22', 'drop'],
      ],
    },
  ],
  'aws-nacl-cloudformation': [
    {
      text: `Resources:
  Acl: { Type: "AWS::EC2::NetworkAcl", Properties: { VpcId: vpc-1 } }
  Late:
    Type: AWS::EC2::NetworkAclEntry
    Properties: { NetworkAclId: !Ref Acl, RuleNumber: 200, Protocol: -1, RuleAction: allow, CidrBlock: 0.0.0.0/0 }
  Early:
    Type: AWS::EC2::NetworkAclEntry
    Properties:
      NetworkAclId: !Ref Acl
      RuleNumber: 100
      Protocol: 6
      RuleAction: deny
      CidrBlock: 198.51.100.0/24
      PortRange: { From: 22, To: 23 }
`,
      cases: [
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:22', 'drop'],
        ['input', 'tcp 198.51.100.7:40000 > 10.0.1.10:24', 'accept'],
        // No state is kept, so answers to what the machine asked need a rule.
        ['output', 'tcp 10.0.1.10:24 > 198.51.100.7:40000 established', 'drop'],
      ],
    },
  ],
  kubernetes: [
    {
      text: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: test-network-policy
  namespace: default
spec:
  podSelector:
    matchLabels:
      role: db
  policyTypes:
    - Ingress
    - Egress
  ingress:
    - from:
        - ipBlock:
            cidr: 172.17.0.0/16
            except:
              - 172.17.1.0/24
      ports:
        - protocol: TCP
          port: 6379
        - port: 8000
          endPort: 8010
  egress:
    - ports: [{ protocol: UDP, port: 53 }]
`,
      cases: [
        ['input', 'tcp 172.17.0.9:40000 > 10.0.1.10:6379', 'accept'],
        ['input', 'tcp 172.17.1.9:40000 > 10.0.1.10:6379', 'drop'],
        ['input', 'tcp 172.17.0.9:40000 > 10.0.1.10:8010', 'accept'],
        ['output', 'udp 10.0.1.10:40000 > 198.51.100.7:53', 'accept'],
        ['output', 'tcp 10.0.1.10:40000 > 198.51.100.7:53', 'drop'],
      ],
    },
    {
      text: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny-ingress }
spec: { podSelector: {}, policyTypes: [Ingress] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow-all }
spec:
  podSelector: {}
  ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }]
`,
      // Policies add up, and a direction without a policy is open.
      cases: [
        ['input', 'gre 10.9.9.9 > 10.0.1.10', 'accept'],
        ['input', 'gre 11.9.9.9 > 10.0.1.10', 'drop'],
        ['output', 'gre 10.0.1.10 > 11.9.9.9', 'accept'],
      ],
    },
  ],
  pfsense: [
    {
      text: `<?xml version="1.0"?>
<pfsense>
  <version>22.9</version>
  <aliases>
    <alias><name>WEB</name><type>host</type><address>10.0.1.10 10.0.1.11</address><descr/><detail><![CDATA[a||b]]></detail></alias>
    <alias><name>PORTS</name><type>port</type><address>80 443 8000:8010</address></alias>
  </aliases>
  <filter>
    <rule>
      <id></id><tracker>1734239369</tracker><type>pass</type><interface>wan</interface>
      <ipprotocol>inet</ipprotocol><tag></tag><tagged></tagged><max></max><os></os>
      <statetype><![CDATA[keep state]]></statetype><protocol>tcp</protocol>
      <source><any></any></source>
      <destination><address>WEB</address><port>PORTS</port></destination>
      <descr><![CDATA[Web & more]]></descr>
      <created><time>1734239369</time><username>admin</username></created>
    </rule>
    <rule>
      <type>block</type><floating>yes</floating><quick>yes</quick><direction>any</direction>
      <interface></interface><ipprotocol>inet46</ipprotocol><log></log>
      <source><address>203.0.113.0/24</address><not/></source>
      <destination><address>10.0.1.11</address></destination>
    </rule>
    <rule><type>pass</type><interface>lan</interface><disabled/><ipprotocol>inet</ipprotocol>
      <source><any/></source><destination><any/></destination></rule>
    <separator><wan/></separator>
  </filter>
</pfsense>
`,
      cases: [
        // Rules of interfaces hold where packets come in; none is known here.
        ['forward', 'tcp 198.51.100.7:40000 > 10.0.1.10:443', 'drop'],
        ['forward', 'tcp 198.51.100.7:443 > 10.0.1.10:40000 established', 'accept'],
      ],
    },
  ],
};

describe.each(
  Object.entries(TEXTS).flatMap(([name, texts]) => texts.map((one) => ({ name, ...one }))),
)('$name, written by hand', ({ name, text, cases }) => {
  const { filter, faults } = platformNamed(name)!.parse(text);

  it('is read whole', () => expect(faults).toEqual([]));

  it.each(cases)('%s %s: %s', (hook, written, verdict) => {
    expect(decide(filter, { hook }, packet(written)).verdict).toBe(verdict);
  });
});

it('pfSense: rules of an interface, after floating ones, for first segments of TCP', () => {
  const { filter } = platformNamed('pfsense')!.parse(TEXTS.pfsense![0]!.text);
  const at = (written: string) =>
    decide(filter, { hook: 'forward', inNames: ['wan'] }, packet(written)).verdict;
  expect(at('tcp 198.51.100.7:40000 > 10.0.1.10:8005')).toBe('accept');
  expect(at('tcp 198.51.100.7:40000 > 10.0.1.10:8005 ack')).toBe('drop');
  expect(at('tcp 198.51.100.7:40000 > 10.0.1.11:8005')).toBe('drop');
  expect(at('tcp 203.0.113.7:40000 > 10.0.1.11:8005')).toBe('accept');
});

const cfnRule = (rule: string) => `Resources:
  Web:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: web, SecurityGroupIngress: [${rule}] }
`;
const k8sSpec = (spec: string) => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: a }
spec: { podSelector: {}, ${spec} }
`;
const pfRule = (inner: string) =>
  `<pfsense><filter><rule><type>pass</type><interface>wan</interface><source><any/></source><destination><any/></destination>${inner}</rule></filter></pfsense>`;
const psRule = (words: string) => `New-NetFirewallRule -DisplayName a ${words}`;
const netshRule = (words: string) => `netsh advfirewall firewall add rule name=a ${words}`;

describe('what cannot be proved is a fault', () => {
  it.each([
    ['windows', psRule('-Program C:\\a.exe')],
    ['windows', psRule('-Service Spooler')],
    ['windows', psRule('-InterfaceAlias Ethernet')],
    ['windows', psRule('-Profile Domain')],
    ['windows', psRule('-RemoteAddress LocalSubnet')],
    ['windows', psRule('-RemoteAddress $addresses')],
    ['windows', psRule('-RemoteAddress (Get-Content a)')],
    ['windows', psRule('-RemoteAddress "10.0.0.$x"')],
    ['windows', psRule('-LocalPort RPC -Protocol TCP')],
    ['windows', psRule('-LocalPort 80')],
    ['windows', psRule('-Protocol TCP -LocalPort 80,')],
    ['windows', psRule('-Protocol TCP -Protocol UDP')],
    ['windows', psRule('-RemoteAddress 10.0.0.1,Any')],
    ['windows', psRule('-Action Allow -WhatIf')],
    ['windows', psRule('-Action Allow; Remove-NetFirewallRule -All')],
    ['windows', psRule('-RemoteAddress 10.0.0.1#,10.0.0.2')],
    ['windows', psRule("-Description 'a' 'b'")],
    ['windows', psRule("-Description 'it''s' -Xyzzy 1")],
    ['windows', psRule('-EdgeTraversalPolicy Allow')],
    ['windows', '@{ DisplayName = "a" } | New-NetFirewallRule'],
    ['windows', 'Set-NetFirewallProfile -Profile Domain -DefaultInboundAction Allow'],
    ['windows', 'Set-NetFirewallProfile -All -Enabled False'],
    ['windows', 'Remove-NetFirewallRule -DisplayName a'],
    ['netsh', netshRule('dir=in action=allow program=c:/a.exe')],
    ['netsh', netshRule('dir=in action=bypass')],
    ['netsh', netshRule('dir=in action=allow remoteip=localsubnet')],
    ['netsh', netshRule('dir=in action=allow protocol=icmpv4:8')],
    ['netsh', netshRule('dir=in action=allow protocol=tcp localport=RPC')],
    ['netsh', netshRule('dir=in action=allow profile=domain')],
    ['netsh', netshRule('action=allow')],
    ['netsh', netshRule('dir=in action=allow security=authenticate')],
    ['netsh', netshRule('dir=in action=allow & calc')],
    ['netsh', netshRule('dir=in action=allow description="%PATH%"')],
    ['netsh', 'netsh advfirewall set allprofiles state off'],
    ['netsh', 'netsh advfirewall set domainprofile firewallpolicy allowinbound,allowoutbound'],
    ['netsh', 'netsh firewall set opmode disable'],
    ['ufw', 'ufw limit ssh/tcp'],
    ['ufw', 'ufw allow ssh'],
    ['ufw', 'ufw allow OpenSSH'],
    ['ufw', 'ufw allow from any to any app Samba'],
    ['ufw', 'ufw insert 1 deny from 10.0.0.1'],
    ['ufw', 'ufw delete allow 22'],
    ['ufw', 'ufw allow 80,443'],
    ['ufw', 'ufw allow 22/tcp from any'],
    ['ufw', 'ufw allow from 10.0.0.1 to 2001:db8::1'],
    ['ufw', 'ufw allow proto icmp from any'],
    ['ufw', 'ufw allow comment x'],
    ['ufw', 'ufw allow 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16/tcp'],
    ['ufw', 'iptables -F'],
    ['ufw', 'ufw allow 22/tcp; reboot'],
    ['ufw', "sed -i -E '/DROP/d' /etc/ufw/before.rules"],
    ['aws-sg-cloudformation', cfnRule('{ IpProtocol: tcp, FromPort: 1, ToPort: 2 }')],
    ['aws-sg-cloudformation', cfnRule('{ IpProtocol: "-1", SourceSecurityGroupId: sg-1 }')],
    ['aws-sg-cloudformation', cfnRule('{ IpProtocol: "-1", CidrIp: !Ref Office }')],
    ['aws-sg-cloudformation', cfnRule('{ IpProtocol: "-1", CidrIp: !Sub Office }')],
    [
      'aws-sg-cloudformation',
      cfnRule('{ IpProtocol: tcp, FromPort: 9, ToPort: 1, CidrIp: 10.0.0.0/8 }'),
    ],
    [
      'aws-sg-cloudformation',
      cfnRule('{ IpProtocol: icmp, FromPort: -1, ToPort: 4, CidrIp: 10.0.0.0/8 }'),
    ],
    ['aws-sg-cloudformation', cfnRule('{ IpProtocol: "-1", CidrIp: 10.0.0.1/8 }')],
    ['aws-sg-cloudformation', `${cfnRule('')}  Dns: { Type: "AWS::Route53::RecordSet" }\n`],
    ['aws-sg-cloudformation', `AWSTemplateFormatVersion: 2011\n${cfnRule('')}`],
    ['aws-sg-cloudformation', `Conditions: {}\n${cfnRule('')}`],
    ['aws-sg-cloudformation', cfnRule('&a { IpProtocol: "-1", CidrIp: 10.0.0.0/8 }, *a')],
    ['kubernetes', k8sSpec('ingress: [{ from: [{ podSelector: {} }] }]')],
    ['kubernetes', k8sSpec('ingress: [{ from: [{ namespaceSelector: {} }] }]')],
    ['kubernetes', k8sSpec('ingress: [{ ports: [{ port: http }] }]')],
    ['kubernetes', k8sSpec('ingress: [{ ports: [{ endPort: 9 }] }]')],
    ['kubernetes', k8sSpec('ingress: [{ ports: [{ port: 9, endPort: 8 }] }]')],
    ['kubernetes', k8sSpec('ingress: [{ to: [] }]')],
    [
      'kubernetes',
      k8sSpec('ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/24, except: [10.0.1.0/24] } }] }]'),
    ],
    ['kubernetes', k8sSpec('policyTypes: [Ingres]')],
    ['kubernetes', k8sSpec('ingres: []')],
    ['kubernetes', k8sSpec('ingress: []').replace('{}', '{ matchLabel: { a: b } }')],
    [
      'kubernetes',
      `${k8sSpec('ingress: []')}---\n${k8sSpec('ingress: []').replace('{}', '{ matchLabels: { a: b } }')}`,
    ],
    ['kubernetes', 'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n'],
    ['kubernetes', ''],
    ['pfsense', pfRule('<tagged>checked</tagged>')],
    ['pfsense', pfRule('<sched>nights</sched>')],
    ['pfsense', pfRule('<statetype>none</statetype>')],
    ['pfsense', pfRule('<icmptype>echoreq</icmptype>')],
    ['pfsense', pfRule('<protocol>ipv6-icmp</protocol><icmptype>echoreq</icmptype>')],
    ['pfsense', pfRule('<protocol>carpp</protocol>')],
    ['pfsense', pfRule('<xyzzy/>')],
    ['pfsense', pfRule('<quick>maybe</quick>')],
    ['pfsense', pfRule('').replace('<any/>', '<any>lan</any>')],
    ['pfsense', pfRule('xyzzy')],
    ['pfsense', pfRule('').replace('<any/>', '<network>lan</network>')],
    ['pfsense', pfRule('').replace('<any/>', '<address>NOBODY</address>')],
    ['pfsense', pfRule('').replace('pass', 'match')],
    ['pfsense', pfRule('').replace('<filter>', '<nats><rule/></nats><filter>')],
    ['pfsense', '<pfsense><filter>xyzzy</filter></pfsense>'],
    ['pfsense', '<!DOCTYPE a [<!ENTITY b "c">]><pfsense><filter/></pfsense>'],
    ['pfsense', '<pfsense><filter></pfsense>'],
  ])('%s: %s', (name, text) => {
    const { faults } = platformNamed(name)!.parse(text);
    expect(faults.length).toBeGreaterThan(0);
    for (const { what, line } of faults) {
      expect(what).toMatch(/^[A-Z“].*\.$/s);
      expect(line).toBeGreaterThan(0);
    }
  });
});
