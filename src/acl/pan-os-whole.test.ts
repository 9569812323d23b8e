/** Whole configurations of PAN-OS as `set` commands: what is read, told, taken for granted and refused. */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import { decide } from '../policy/evaluate.ts';
import { parsePanos } from './pan-os-parse.ts';

const EDGE = `admin@edge> set cli config-output-format set
admin@edge> configure
Entering configuration mode
[edit]
admin@edge# show
set deviceconfig system type static
set deviceconfig system hostname edge
set deviceconfig system login-banner "Authorized use only.
Sessions are recorded."
set deviceconfig system dns-setting servers primary 192.0.2.53
set deviceconfig setting session ipv6-firewalling yes
set mgt-config users admin permissions role-based superuser yes
set network interface ethernet ethernet1/1 layer3 ip 203.0.113.2/24
set network interface ethernet ethernet1/2 layer3 units ethernet1/2.20 tag 20
set network profiles zone-protection-profile strict flood tcp-syn enable yes
set network virtual-router default interface [ ethernet1/1 ethernet1/2 ]
set network virtual-router default routing-table ip static-route default nexthop ip-address 203.0.113.1
set network ike crypto-profiles ike-crypto-profiles default dh-group group14
set shared certificate web public-key "-----BEGIN CERTIFICATE-----
MIIB'0=
-----END CERTIFICATE-----
"
set shared log-settings syslog collector server one server 192.0.2.60
set shared address web ip-netmask 10.9.9.9
set shared address dns ip-netmask 192.0.2.53
set shared service-group web-ports members [ service-https tcp-8443 ]
set vsys vsys1 display-name edge
set vsys vsys1 import network interface [ ethernet1/1 ethernet1/2 ]
set vsys vsys1 zone untrust network layer3 ethernet1/1
set vsys vsys1 zone untrust network zone-protection-profile strict
set vsys vsys1 zone trust network layer3 [ ethernet1/2 ethernet1/3 ]
set vsys vsys1 zone trust enable-user-identification yes
set vsys vsys1 zone dmz network layer3 [ ]
set vsys vsys1 address web ip-netmask 10.1.1.10/24
set vsys vsys1 address web description "the shop's front"
set vsys vsys1 address web tag [ servers shop ]
set vsys vsys1 address pool ip-range 10.1.1.20-10.1.1.29
set vsys vsys1 address branches ip-wildcard 10.20.1.0/0.0.248.255
set vsys vsys1 address partner fqdn www.example.org
set vsys vsys1 address-group servers static [ web pool ]
set vsys vsys1 address-group all static [ servers dns ]
set vsys vsys1 address-group infected dynamic filter "'quarantine'"
set vsys vsys1 service tcp-8443 protocol tcp port 8443,9443
set vsys vsys1 service tcp-8443 protocol tcp override no
set vsys vsys1 service streams protocol sctp port 2905
set vsys vsys1 tag servers color color3
set vsys vsys1 application-group web-apps members [ ssl web-browsing ]
set vsys vsys1 external-list bad type ip url https://feeds.example.org/list
set vsys vsys1 schedule nights schedule-type recurring daily 20:00-06:00
set vsys vsys1 profiles virus strict decoder http action reset-both
set vsys vsys1 profile-group outbound virus strict
set vsys vsys1 rulebase nat rules out source-translation dynamic-ip-and-port interface-address interface ethernet1/1
set vsys vsys1 rulebase nat rules out to untrust
set vsys vsys1 rulebase decryption rules off disabled yes
set vsys vsys1 rulebase decryption rules off action no-decrypt
set vsys vsys1 rulebase security rules "web in" uuid 6b0d5a0e-9f0e-4a6c-9c6f-0d5a0e9f0e4a
set vsys vsys1 rulebase security rules "web in" to dmz
set vsys vsys1 rulebase security rules "web in" from untrust
set vsys vsys1 rulebase security rules "web in" source any
set vsys vsys1 rulebase security rules "web in" destination all
set vsys vsys1 rulebase security rules "web in" source-user any
set vsys vsys1 rulebase security rules "web in" category any
set vsys vsys1 rulebase security rules "web in" application any
set vsys vsys1 rulebase security rules "web in" service web-ports
set vsys vsys1 rulebase security rules "web in" source-hip any
set vsys vsys1 rulebase security rules "web in" action allow
set vsys vsys1 rulebase security rules "web in" log-setting collector
set vsys vsys1 rulebase security rules "web in" log-start no
set vsys vsys1 rulebase security rules "web in" description 'the "shop"'
set vsys vsys1 rulebase security rules "web in" tag [ servers shop ]
set vsys vsys1 rulebase security rules "web in" profile-setting profiles virus strict vulnerability strict
set vsys vsys1 rulebase security rules "web in" option disable-server-response-inspection yes
set vsys vsys1 rulebase security rules out from trust to untrust source 10.1.0.0/16 negate-source yes destination any application any service any action deny icmp-unreachable yes
set vsys vsys1 rulebase security rules out-2 from trust to untrust source any destination branches negate-destination yes application any service any action allow profile-setting group outbound log-end no
set vsys vsys1 rulebase security rules later disabled yes from any to any source partner destination infected application ssl service application-default schedule nights action allow
set vsys vsys1 rulebase security rules inner rule-type intrazone from [ trust dmz ] source any destination any application any service streams-not action allow disabled yes
set vsys vsys1 rulebase security rules within rule-type intrazone from dmz source any destination any application any service any action drop
set vsys vsys1 rulebase security rules across rule-type interzone from [ trust dmz ] to [ trust dmz ] source any destination any application any service service-http action allow
set vsys vsys1 rulebase default-security-rules rules interzone-default log-end yes
set vsys vsys1 rulebase default-security-rules rules interzone-default action deny
set vsys vsys1 rulebase default-security-rules rules intrazone-default profile-setting group outbound
`;

const verdictOf = (text: string, from: string, to: string, written: string) =>
  decide(
    parsePanos(text).filter,
    { hook: 'forward', inNames: [from], outNames: [to] },
    packet(written),
  ).verdict;

describe('a whole configuration of PAN-OS', () => {
  const { faults, beside, assumed } = parsePanos(EDGE);

  it('is read whole', () => expect(faults).toEqual([]));

  it.each([
    ['untrust', 'dmz', 'tcp 198.51.100.7:40000 > 10.1.1.25:443', 'accept'],
    ['untrust', 'dmz', 'tcp 198.51.100.7:40000 > 10.1.1.25:9443', 'accept'],
    ['untrust', 'dmz', 'tcp 198.51.100.7:40000 > 192.0.2.53:443', 'accept'],
    // What the system has hides what is shared.
    ['untrust', 'dmz', 'tcp 198.51.100.7:40000 > 10.9.9.9:443', 'drop'],
    ['untrust', 'trust', 'tcp 198.51.100.7:40000 > 10.1.1.25:443', 'drop'],
    ['trust', 'untrust', 'tcp 10.1.2.3:40000 > 198.51.100.7:25', 'accept'],
    ['trust', 'untrust', 'tcp 10.2.2.3:40000 > 198.51.100.7:25', 'drop'],
    ['trust', 'untrust', 'tcp [2001:db8::7]:40000 > [2001:db8:1::9]:25', 'drop'],
    ['trust', 'untrust', 'tcp 10.1.2.3:40000 > 10.20.9.77:25', 'drop'],
    ['trust', 'untrust', 'tcp 10.1.2.3:40000 > 10.20.2.77:25', 'accept'],
    ['dmz', 'dmz', 'tcp 10.1.1.1:40000 > 10.1.1.25:80', 'drop'],
    ['trust', 'trust', 'tcp 10.1.1.1:40000 > 10.1.1.25:23', 'accept'],
    ['untrust', 'untrust', 'tcp 198.51.100.7:40000 > 198.51.100.8:23', 'accept'],
    ['trust', 'dmz', 'tcp 10.1.1.1:40000 > 10.1.1.25:8080', 'accept'],
    ['trust', 'dmz', 'tcp 10.1.1.1:40000 > 10.1.1.25:23', 'drop'],
  ])('%s to %s, %s: %s', (from, to, written, verdict) => {
    expect(verdictOf(EDGE, from, to, written)).toBe(verdict);
  });

  it('tells what decides beside the rules', () => {
    expect(beside?.map(({ what, lines }) => `${what} ${lines}`)).toEqual([
      'zone-protection-profile 1',
      'profile-setting 3',
      'rulebase nat 2',
    ]);
    expect(assumed).toBeUndefined();
    const silent = parsePanos(EDGE.replace(/^.*ipv6-firewalling.*\n/m, ''));
    expect(silent.assumed?.[0]).toContain('ipv6-firewalling');
    const off = parsePanos(EDGE.replace('ipv6-firewalling yes', 'ipv6-firewalling no'));
    expect(off.beside?.map(({ what }) => what)).toContain('ipv6-firewalling no');
  });

  it('reads other defaults', () => {
    const open = EDGE.replace('interzone-default action deny', 'interzone-default action allow');
    expect(verdictOf(open, 'untrust', 'trust', 'tcp 198.51.100.7:1 > 10.1.1.9:23')).toBe('accept');
    const closed = `${EDGE}set vsys vsys1 rulebase default-security-rules rules intrazone-default action drop\n`;
    expect(verdictOf(closed, 'trust', 'trust', 'tcp 10.1.1.1:40000 > 10.1.1.25:23')).toBe('drop');
    const both = `${open}set vsys vsys1 rulebase default-security-rules rules intrazone-default action drop\n`;
    expect(verdictOf(both, 'trust', 'trust', 'tcp 10.1.1.1:40000 > 10.1.1.25:23')).toBe('drop');
    expect(verdictOf(both, 'untrust', 'trust', 'tcp 198.51.100.7:1 > 10.1.1.9:23')).toBe('accept');
  });

  it('asks what Panorama puts before and after', () => {
    const rule = (base: string, port: string, action: string) =>
      `set ${base} security rules ${action}-${port} from any to any source any destination any application any service ${port} action ${action}\n`;
    const text = `${EDGE}${rule('policy panorama post-rulebase', 'service-http', 'allow')}${rule('pre-rulebase', 'tcp-8443', 'deny')}`;
    expect(parsePanos(text).faults).toEqual([]);
    expect(verdictOf(text, 'untrust', 'dmz', 'tcp 198.51.100.7:1 > 10.1.1.25:8443')).toBe('drop');
    expect(verdictOf(text, 'untrust', 'trust', 'tcp 198.51.100.7:1 > 10.1.1.25:80')).toBe('accept');
    expect(verdictOf(text, 'dmz', 'dmz', 'tcp 198.51.100.7:1 > 10.1.1.25:80')).toBe('drop');
  });

  it.each([
    ['set network virtual-router', 'set networks virtual-router'],
    ['set mgt-config', 'set mgt-confg'],
    ['set vsys vsys1 tag', 'set vsys vsys1 tags'],
    ['zone trust enable-user-identification', 'zone trust enable-users'],
    ['"web in" category any', '"web in" categories any'],
    ['"web in" action allow', '"web in" action alow'],
    ['"web in" log-start no', '"web in" log-start nope'],
    ['"web in" category any', '"web in" category gambling'],
    ['"web in" service web-ports', '"web in" service streams'],
    ['"web in" destination all', '"web in" destination partner'],
    ['"web in" destination all', '"web in" destination infected'],
    ['"web in" destination all', '"web in" destination bad'],
    ['"web in" destination all', '"web in" destination NL'],
    ['profile-setting profiles virus', 'profile-setting profiles viruses'],
    ['disabled yes from any', 'disable yes from any'],
    ['rule-type intrazone from dmz', 'rule-type intrazon from dmz'],
    ['rulebase security rules within', 'rulebase securty rules within'],
    ['rulebase nat rules out to', 'rulebase nats rules out to'],
    [`description 'the "shop"'`, `description "the shop`],
    ['set vsys vsys1 schedule', 'set vsys vsys2 schedule'],
    ['interzone-default action', 'interzones-default action'],
    ['static [ web pool ]', 'static [ web pools ]'],
  ])('finds “%s” as “%s”, with its line', (from, to) => {
    const found = parsePanos(EDGE.replace(from, to)).faults;
    const [first] = found;
    const line = EDGE.slice(0, EDGE.indexOf(from)).split('\n').length;
    // Of rules it is where they begin.
    const isRule = from.startsWith('"web in"') || from.startsWith('static');
    const start = EDGE.slice(0, EDGE.indexOf('"web in"')).split('\n').length;
    expect([line, ...(isRule ? [start] : [])]).toContain(first?.line);
  });
});

it('tells sessions within a zone from others where the text names zones, else not', () => {
  const rule =
    'set rulebase security rules a from any to any source any destination any application any service service-https action allow';
  expect(parsePanos(rule).faults).toHaveLength(1);
  const zoned = `${rule}\nset zone lan network layer3 ethernet1/1`;
  expect(parsePanos(zoned).faults).toEqual([]);
  expect(verdictOf(zoned, 'lan', 'lan', 'udp 10.0.0.1:1 > 10.0.0.2:53')).toBe('accept');
  expect(verdictOf(zoned, 'lan', 'wan', 'udp 10.0.0.1:1 > 10.0.0.2:53')).toBe('drop');
  const bare = parsePanos(`${rule}\nset deviceconfig system hostname a`);
  expect(bare.faults).toEqual([]);
  expect(bare.assumed).toHaveLength(2);
});

const BLOCKS = `admin@edge# show
deviceconfig {
  system {
    hostname edge;
    login-banner "Keep
 out";
  }
  setting { session { ipv6-firewalling yes; } }
}
network { interface { ethernet { ethernet1/1 { layer3 { ip { 203.0.113.2/24; } } } } } virtual-wire; }
shared { certificate; }
vsys {
  vsys1 {
    zone {
      untrust { network { layer3 [ ethernet1/1 ]; } }
      dmz { network { layer3 ethernet1/2; zone-protection-profile strict; } }
    }
    address { web { ip-netmask 10.1.1.10; description "it's the \\"shop\\""; } }
    address-group { servers { static [ web 10.1.1.11 ]; } }
    service { alt { protocol { tcp { port 8443; override { no; } } } } }
    rulebase {
      security {
        rules {
          "web in" {
            profile-setting { profiles { virus strict; spyware [ strict ]; } }
            option { disable-server-response-inspection yes; }
            from untrust; to dmz; source any; destination servers;
            application any; service [ service-https alt ];
            action allow;
          }
        }
      }
      nat { rules { out { to untrust; source-translation { dynamic-ip-and-port; } } } }
    }
  }
}
`;

describe('a configuration of PAN-OS in braces', () => {
  it('is read as its commands are', () => {
    const { faults, beside } = parsePanos(BLOCKS);
    expect(faults).toEqual([]);
    expect(beside?.map(({ what }) => what)).toEqual([
      'zone-protection-profile',
      'rulebase nat',
      'profile-setting',
    ]);
    const at = (written: string) => verdictOf(BLOCKS, 'untrust', 'dmz', written);
    expect(at('tcp 198.51.100.7:40000 > 10.1.1.11:8443')).toBe('accept');
    expect(at('tcp 198.51.100.7:40000 > 10.1.1.12:8443')).toBe('drop');
  });

  it.each([
    ['action allow;', 'action alow;', 24],
    ['action allow;', 'actoin allow;', 24],
    ['source any;', 'sources any;', 27],
    ['network { interface', 'networks { interface', 10],
    ['"web in" {', '"web in {', 24],
    ['"Keep', 'Keep', 5],
    ['hostname edge;', 'hostname edge', 5],
    ['hostname edge;\n    login-banner "Keep', '"hostname edge;\n    login-banner "Keep', 4],
  ])('finds “%s” as “%s”', (from, to, line) => {
    const { faults } = parsePanos(BLOCKS.replace(from, to));
    expect(faults.map((fault) => Math.abs(fault.line - line) <= 2)).toContain(true);
  });
});

const EXPORT = `<?xml version="1.0"?>
<config version="10.1.0" urldb="paloaltonetworks">
  <mgt-config><users><entry name="admin"><permissions><role-based><superuser>yes</superuser></role-based></permissions></entry></users></mgt-config>
  <shared><certificate/><address><entry name="web"><ip-netmask>10.1.1.10</ip-netmask><description/></entry></address></shared>
  <devices><entry name="localhost.localdomain">
    <network><interface><ethernet><entry name="ethernet1/1"><layer3><ip><entry name="203.0.113.2/24"/></ip></layer3></entry></ethernet></interface></network>
    <deviceconfig><system><hostname>edge</hostname></system><setting><session><ipv6-firewalling>yes</ipv6-firewalling></session></setting></deviceconfig>
    <vsys><entry name="vsys1">
      <application/><service/>
      <zone>
        <entry name="untrust"><network><layer3><member>ethernet1/1</member></layer3></network></entry>
        <entry name="dmz"><network><layer3/></network></entry>
      </zone>
      <rulebase>
        <security><rules>
          <entry name="web in" uuid="6b0d5a0e">
            <profile-setting><group/></profile-setting>
            <to><member>dmz</member></to><from><member>untrust</member></from>
            <source><member>any</member></source><destination><member>web</member><member>10.1.1.11</member></destination>
            <source-user><member>any</member></source-user><category><member>any</member></category>
            <application><member>any</member></application><service><member>service-https</member></service>
            <hip-profiles><member>any</member></hip-profiles><tag/>
            <action>allow</action>
          </entry>
        </rules></security>
        <nat><rules><entry name="out"><to><member>untrust</member></to></entry></rules></nat>
        <default-security-rules><rules><entry name="intrazone-default"><action>deny</action></entry></rules></default-security-rules>
      </rulebase>
    </entry></vsys>
  </entry></devices>
</config>
`;

describe('an export of PAN-OS', () => {
  it('is read as its commands are', () => {
    const { faults, beside, assumed } = parsePanos(EXPORT);
    expect([faults, assumed]).toEqual([[], undefined]);
    expect(beside?.map(({ what }) => what)).toEqual(['rulebase nat']);
    const at = (to: string, written: string) => verdictOf(EXPORT, 'untrust', to, written);
    expect(at('dmz', 'tcp 198.51.100.7:40000 > 10.1.1.11:443')).toBe('accept');
    expect(at('dmz', 'tcp 198.51.100.7:40000 > 10.1.1.12:443')).toBe('drop');
    expect(at('untrust', 'tcp 198.51.100.7:40000 > 10.1.1.10:443')).toBe('drop');
  });

  it.each([
    ['<action>allow</action>', '<action>alow</action>', 16],
    ['<tag/>', '<tags/>', 21],
    ['<network><interface>', '<network><interfaces/><interface>', 6],
    ['<application/>', '<aplication/>', 9],
    ['<entry name="dmz">', '<entry id="dmz">', 12],
    ['<category><member>any', '<category><member>games', 16],
    ['</vsys>', '', 31],
  ])('finds “%s” as “%s”', (from, to, line) => {
    const { faults } = parsePanos(EXPORT.replace(from, to));
    expect(faults.map((fault) => Math.abs(fault.line - line) <= 1)).toContain(true);
  });
});

it('reads what is typed after a prompt', () => {
  const text = `${EDGE}admin@edge# set rulebase security rules a actoin deny\n`;
  expect(parsePanos(text).faults[0]?.what).toContain('actoin');
});

it('is not slow on quotes that nobody closes', () => {
  const text = Array.from({ length: 20_000 }, (_, at) => `x ${at % 2 === 0 ? "'" : '"'}a`).join(
    '\n',
  );
  expect(parsePanos(text).faults.length).toBeGreaterThan(0);
});
