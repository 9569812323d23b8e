/** Whole texts of pfSense and OPNsense: what of them is read, told, taken for granted and refused. */
import { describe, expect, it } from 'vitest';
import { packet } from '../../test/builders/packet-words.ts';
import { decide } from '../policy/evaluate.ts';
import { parsePfsense } from './pfsense-parse.ts';

const SENSE = `<?xml version="1.0"?>
<pfsense>
  <version>23.3</version>
  <lastchange/>
  <system>
    <optimization>normal</optimization><hostname>edge</hostname><domain>example.org</domain>
    <ipv6allow/>
    <webgui><protocol>https</protocol><port/><ssl-certref>5f</ssl-certref></webgui>
    <ssh><enable>enabled</enable></ssh>
    <user><name>admin</name><descr><![CDATA[System Administrator]]></descr></user>
  </system>
  <interfaces>
    <wan><enable/><if>igb0</if><descr><![CDATA[WAN]]></descr><ipaddr>dhcp</ipaddr><ipaddrv6>dhcp6</ipaddrv6>
      <blockpriv/><blockbogons/><dhcphostname/><adv_dhcp_pt_values>SavedCfg</adv_dhcp_pt_values></wan>
    <lan><enable/><if>igb1</if><ipaddr>192.168.1.1</ipaddr><subnet>24</subnet>
      <ipaddrv6>track6</ipaddrv6><track6-interface>wan</track6-interface></lan>
    <opt1><descr>DMZ</descr><if>igb2.20</if><enable/><ipaddr>10.20.0.1</ipaddr><subnet>24</subnet></opt1>
    <opt2><descr>VPN</descr><if>ovpns1</if><enable/><spoofmac/></opt2>
    <opt3><descr>spare</descr><if>igb3</if><ipaddr>10.30.0.1</ipaddr><subnet>24</subnet></opt3>
  </interfaces>
  <staticroutes/>
  <dhcpd><lan><enable/><range><from>192.168.1.100</from><to>192.168.1.199</to></range></lan></dhcpd>
  <snmpd><syslocation/></snmpd>
  <nat>
    <outbound><mode>automatic</mode></outbound>
    <rule><source><any/></source><destination><network>wanip</network><port>443</port></destination>
      <protocol>tcp</protocol><target>10.20.0.10</target><local-port>443</local-port>
      <interface>wan</interface><associated-rule-id>nat_5e0</associated-rule-id></rule>
    <rule><disabled/><associated-rule-id>pass</associated-rule-id><interface>wan</interface></rule>
    <separator/>
  </nat>
  <filter>
    <rule><id/><tracker>1</tracker><type>pass</type><interface>wan</interface><ipprotocol>inet</ipprotocol>
      <statetype><![CDATA[keep state]]></statetype><protocol>tcp</protocol><source><any/></source>
      <destination><address>WEB</address><port>WEBPORTS</port></destination>
      <associated-rule-id>nat_5e0</associated-rule-id><descr>NAT web</descr></rule>
    <rule><type>pass</type><interface>wan</interface><ipprotocol>inet</ipprotocol><protocol>udp</protocol>
      <source><any/></source><destination><network>(self)</network><port>1194</port></destination></rule>
    <rule><type>block</type><interface>lan</interface><ipprotocol>inet</ipprotocol>
      <source><network>lan</network></source><destination><network>opt1</network></destination><log/></rule>
    <rule><type>pass</type><interface>lan</interface><ipprotocol>inet</ipprotocol><gateway>WAN2</gateway>
      <source><network>lan</network></source><destination><any/></destination></rule>
    <rule><type>pass</type><interface>lan</interface><ipprotocol>inet6</ipprotocol>
      <source><network>lan</network></source><destination><any/></destination></rule>
    <rule><type>pass</type><interface>opt1</interface><ipprotocol>inet</ipprotocol><protocol>udp</protocol>
      <source><network>opt1</network></source><destination><network>opt1ip</network><port>53</port></destination></rule>
    <rule><type>pass</type><interface>opt1</interface><ipprotocol>inet</ipprotocol>
      <source><network>opt1</network></source><destination><address>INSIDE</address><not/></destination></rule>
    <rule><type>pass</type><interface>openvpn</interface><ipprotocol>inet</ipprotocol>
      <source><any/></source><destination><network>lan</network></destination></rule>
    <rule><type>pass</type><interface>GUESTS</interface><ipprotocol>inet</ipprotocol><protocol>icmp</protocol>
      <icmptype>echoreq</icmptype><source><any/></source><destination><any/></destination></rule>
    <rule><type>pass</type><interface>opt1</interface><disabled/><ipprotocol>inet</ipprotocol><sched>work</sched>
      <source><address>FEED</address></source><destination><any/></destination></rule>
    <rule><type>block</type><floating>yes</floating><quick>yes</quick><direction>out</direction><interface>wan</interface>
      <ipprotocol>inet</ipprotocol><protocol>tcp</protocol><tcpflags_any/><source><any/></source>
      <destination><any/><port>25</port></destination></rule>
    <rule><type>match</type><floating>yes</floating><direction>any</direction><interface>wan</interface>
      <ipprotocol>inet</ipprotocol><defaultqueue>bulk</defaultqueue><source><any/></source><destination><any/></destination></rule>
    <separator><wan/></separator>
  </filter>
  <shaper/><ipsec/><proxyarp/>
  <aliases>
    <alias><name>WEB</name><type>host</type><address>10.20.0.10 MORE</address><descr/><detail>a||b</detail></alias>
    <alias><name>MORE</name><type>network</type><address>10.20.0.32/28</address></alias>
    <alias><name>WEBPORTS</name><type>port</type><address>443 8000:8010</address></alias>
    <alias><name>INSIDE</name><type>network</type><address>10.0.0.0/8 192.168.0.0/16</address></alias>
    <alias><name>FEED</name><type>urltable</type><url>https://example.org/list</url><updatefreq>1</updatefreq></alias>
  </aliases>
  <ifgroups><ifgroupentry><members>opt1 opt3</members><descr/><ifname>GUESTS</ifname></ifgroupentry></ifgroups>
  <cron><item><command>/usr/sbin/newsyslog</command></item></cron>
  <load_balancer><monitor_type><name>ICMP</name></monitor_type></load_balancer>
  <openvpn><openvpn-server><vpnid>1</vpnid></openvpn-server></openvpn>
  <cert><refid>5f</refid></cert>
</pfsense>
`;

const OPN = `<?xml version="1.0"?>
<opnsense>
  <theme>opnsense</theme>
  <trigger_initial_wizard>1</trigger_initial_wizard>
  <system>
    <hostname>opn</hostname><webgui><protocol>https</protocol></webgui><ssh><group>admins</group></ssh>
  </system>
  <interfaces>
    <wan><enable>1</enable><if>vtnet0</if><ipaddr>203.0.113.2</ipaddr><subnet>24</subnet>
      <blockpriv>1</blockpriv><blockbogons>1</blockbogons></wan>
    <lan><enable>1</enable><if>vtnet1</if><ipaddr>192.168.1.1</ipaddr><subnet>24</subnet>
      <ipaddrv6>2001:db8:1::1</ipaddrv6><subnetv6>64</subnetv6></lan>
    <wireguard><internal_dynamic>1</internal_dynamic><if>wireguard</if><virtual>1</virtual><enable>1</enable>
      <type>group</type><networks/></wireguard>
    <opt1><enable>1</enable><if>vtnet2</if><ipaddr>10.1.0.1</ipaddr><subnet>24</subnet></opt1>
  </interfaces>
  <nat><outbound><mode>disabled</mode></outbound></nat>
  <filter>
    <rule uuid="38ab15a5-99c7-4cd7-87cd-e8662aee24f8"><type>pass</type><interface>lan</interface>
      <ipprotocol>inet46</ipprotocol><statetype>keep state</statetype><direction>in</direction><quick>1</quick>
      <source><network>lan</network></source><destination><any>1</any></destination></rule>
    <rule><type>pass</type><interface>wan</interface><ipprotocol>inet</ipprotocol><protocol>carp</protocol>
      <source><any>1</any></source><destination><any>1</any></destination></rule>
  </filter>
  <rrd><enable/></rrd>
  <OPNsense>
    <Firewall>
      <Lvtemplate version="0.0.1"><templates/></Lvtemplate>
      <Alias version="1.0.1"><geoip><url/></geoip><aliases>
        <alias uuid="1"><enabled>1</enabled><name>servers</name><type>host</type><proto/><interface/><counters>0</counters>
          <updatefreq/><content>10.1.0.10
10.1.0.20-10.1.0.29</content><categories/><description/></alias>
        <alias uuid="2"><name>countries</name><type>geoip</type><content>NL</content></alias>
      </aliases></Alias>
      <Category version="1.0.0"><categories/></Category>
      <Filter version="1.0.4">
        <rules>
          <rule uuid="3"><enabled>1</enabled><statetype>keep</statetype><sequence>20</sequence><action>pass</action>
            <quick>1</quick><interfacenot>0</interfacenot><interface>opt1</interface><direction>in</direction>
            <ipprotocol>inet</ipprotocol><protocol>TCP</protocol><source_net>opt1</source_net><source_not>0</source_not>
            <source_port/><destination_net>lanip,servers</destination_net><destination_not>0</destination_not>
            <destination_port>https</destination_port><gateway/><log>1</log><description>to servers</description></rule>
          <rule uuid="4"><enabled>1</enabled><sequence>10</sequence><action>block</action><quick>1</quick>
            <interface>opt1</interface><direction>in</direction><ipprotocol>inet</ipprotocol><protocol>any</protocol>
            <source_net>10.1.0.66</source_net><destination_net>any</destination_net></rule>
          <rule uuid="5"><enabled>0</enabled><action>pass</action><interface>opt1</interface>
            <source_net>countries</source_net><destination_net>any</destination_net></rule>
          <rule uuid="6"><enabled>1</enabled><sequence>1</sequence><action>pass</action><interface>opt1,lan</interface>
            <ipprotocol>inet6</ipprotocol><protocol>IPV6-ICMP</protocol><icmp6type>128,129</icmp6type>
            <source_net>any</source_net><destination_net>any</destination_net></rule>
        </rules>
        <snatrules/><npt/><onetoone/>
      </Filter>
    </Firewall>
    <IDS version="1.0.9"><rules/><general><enabled>1</enabled><ips>1</ips></general></IDS>
    <wireguard><general version="0.0.1"><enabled>0</enabled></general></wireguard>
    <TrafficShaper version="1.0.3"><pipes/></TrafficShaper>
  </OPNsense>
  <staticroutes version="1.0.0"><route/></staticroutes>
  <ca/>
  <hasync version="1.0.0"><disablepreempt>0</disablepreempt></hasync>
</opnsense>
`;

const verdictOf = (text: string, from: string, to: string, written: string) =>
  decide(
    parsePfsense(text).filter,
    { hook: 'forward', inNames: [from], outNames: [to] },
    packet(written),
  ).verdict;

describe('a whole config.xml of pfSense', () => {
  const { faults, beside, assumed } = parsePfsense(SENSE);

  it('is read whole', () => expect(faults).toEqual([]));

  it.each([
    ['wan', 'opt1', 'tcp 198.51.100.7:40000 > 10.20.0.10:443', 'accept'],
    ['wan', 'opt1', 'tcp 198.51.100.7:40000 > 10.20.0.40:8005', 'accept'],
    ['wan', 'opt1', 'tcp 198.51.100.7:40000 > 10.20.0.11:443', 'drop'],
    // Private senders, and those without a lease.
    ['wan', 'opt1', 'tcp 172.16.0.7:40000 > 10.20.0.10:443', 'drop'],
    ['lan', 'wan', 'udp 169.254.3.3:40000 > 198.51.100.7:53', 'drop'],
    ['lan', 'opt1', 'tcp 192.168.1.50:40000 > 10.20.0.10:443', 'drop'],
    ['lan', 'wan', 'tcp 192.168.1.50:40000 > 198.51.100.7:443', 'accept'],
    ['lan', 'wan', 'tcp 192.168.2.50:40000 > 198.51.100.7:443', 'drop'],
    // Floating rules of what goes out.
    ['lan', 'wan', 'tcp 192.168.1.50:40000 > 198.51.100.7:25', 'drop'],
    ['lan', 'opt2', 'tcp 192.168.1.50:40000 > 198.51.100.7:25', 'accept'],
    ['lan', 'wan', 'tcp 192.168.1.50:40000 > 198.51.100.7:0', 'drop'],
    ['lan', 'wan', 'tcp [2001:db8:9::5]:40000 > [2001:db8::7]:443', 'accept'],
    // The firewall itself, where the text tells its addresses.
    ['lan', 'lan', 'tcp 10.9.9.9:40000 > 192.168.1.1:22', 'accept'],
    ['opt1', 'opt1', 'udp 10.20.0.10:40000 > 10.20.0.1:53', 'accept'],
    ['opt1', 'opt1', 'tcp 10.20.0.10:40000 > 10.20.0.1:22', 'drop'],
    ['wan', 'opt1', 'udp 198.51.100.7:40000 > 10.20.0.1:1194', 'accept'],
    ['opt1', 'wan', 'tcp 10.20.0.10:40000 > 198.51.100.7:443', 'accept'],
    ['opt1', 'lan', 'tcp 10.20.0.10:40000 > 192.168.1.50:443', 'drop'],
    // Groups hold for their members, made by a person or by the system.
    ['opt1', 'lan', 'icmp/8 10.20.0.10 > 192.168.1.50', 'accept'],
    ['opt2', 'lan', 'tcp 10.8.0.2:40000 > 192.168.1.50:443', 'accept'],
    ['openvpn', 'lan', 'tcp 10.8.0.2:40000 > 192.168.1.50:443', 'accept'],
    // What neighbours and paths need passes unasked.
    ['wan', 'lan', 'icmp/2 [2001:db8::7] > [2001:db8:9::5]', 'accept'],
    ['wan', 'lan', 'icmp/128 [2001:db8::7] > [2001:db8:9::5]', 'drop'],
    ['wan', 'lan', 'udp 198.51.100.1:67 > 192.168.1.50:68', 'drop'],
  ])('%s to %s, %s: %s', (from, to, written, verdict) => {
    expect(verdictOf(SENSE, from, to, written)).toBe(verdict);
  });

  it('tells what decides beside the rules', () => {
    expect(beside?.map(({ what }) => what).sort()).toEqual(
      ['blockbogons', 'nat outbound', 'nat rule', 'openvpn', 'rule gateway'].sort(),
    );
    expect(assumed).toEqual([
      'that what comes in by “lan” is of its own IPv6 network, which the text does not tell',
    ]);
  });

  it('tells translations that let pass by themselves, and switches', () => {
    const text = SENSE.replace('<disabled/><associated-rule-id>pass', '<associated-rule-id>pass');
    expect(parsePfsense(text).beside?.map(({ what }) => what)).toContain('nat rule “pass”');
    const off = SENSE.replace('<ipv6allow/>', '<disablefilter/>');
    expect(parsePfsense(off).faults).toEqual([]);
    expect(verdictOf(off, 'wan', 'lan', 'tcp 10.1.1.1:1 > 192.168.1.50:25')).toBe('accept');
    const six = SENSE.replace('<ipv6allow/>', '');
    expect(verdictOf(six, 'lan', 'wan', 'tcp [2001:db8:9::5]:40000 > [2001:db8::7]:443')).toBe(
      'drop',
    );
    const closed = SENSE.replace('<port/>', '<noantilockout/>');
    expect(verdictOf(closed, 'lan', 'lan', 'tcp 10.9.9.9:40000 > 192.168.1.1:22')).toBe('drop');
  });

  it('asks for first segments where it denies TCP, unless the rule says any flags', () => {
    const text = SENSE.replace(
      '<filter>',
      `<filter><rule><type>block</type><interface>lan</interface><protocol>tcp</protocol><source><any/></source><destination><address>198.51.100.9</address></destination></rule>
      <rule><type>pass</type><interface>lan</interface><protocol>tcp</protocol><tcpflags1>ack</tcpflags1><tcpflags2>syn,ack</tcpflags2><source><any/></source><destination><any/></destination></rule>`,
    );
    expect(parsePfsense(text).faults).toEqual([]);
    expect(verdictOf(text, 'lan', 'wan', 'tcp 192.168.1.5:40000 > 198.51.100.9:80')).toBe('drop');
    expect(verdictOf(text, 'lan', 'wan', 'tcp 192.168.1.5:40000 > 198.51.100.9:80 ack')).toBe(
      'accept',
    );
  });
});

describe('a whole config.xml of OPNsense', () => {
  const { faults, beside, assumed } = parsePfsense(OPN);

  it('is read whole', () => expect(faults).toEqual([]));

  it.each([
    ['opt1', 'lan', 'tcp 10.1.0.5:40000 > 10.1.0.25:443', 'accept'],
    ['opt1', 'lan', 'tcp 10.1.0.5:40000 > 192.168.1.1:443', 'accept'],
    ['opt1', 'lan', 'tcp 10.1.0.5:40000 > 192.168.1.2:443', 'drop'],
    // The lower sequence is asked first.
    ['opt1', 'lan', 'tcp 10.1.0.66:40000 > 10.1.0.25:443', 'drop'],
    ['opt1', 'lan', 'icmp/128 [2001:db8:2::1] > [2001:db8:1::9]', 'accept'],
    ['wan', 'lan', 'icmp/128 [2001:db8:2::1] > [2001:db8:1::9]', 'drop'],
    ['wan', 'lan', 'icmp/3 [2001:db8:2::1] > [2001:db8:1::9]', 'accept'],
    ['lan', 'wan', 'tcp [2001:db8:1::9]:40000 > [2001:db8:2::1]:443', 'accept'],
    ['lan', 'wan', 'tcp [2001:db8:3::9]:40000 > [2001:db8:2::1]:443', 'drop'],
    ['wan', 'lan', 'tcp 198.51.100.7:40000 > 192.168.1.50:443', 'drop'],
    ['lan', 'wan', 'tcp 10.5.5.5:40000 > 203.0.113.2:80', 'accept'],
    ['lan', 'wan', 'tcp 10.5.5.5:40000 > 203.0.113.3:80', 'drop'],
  ])('%s to %s, %s: %s', (from, to, written, verdict) => {
    expect(verdictOf(OPN, from, to, written)).toBe(verdict);
  });

  it('tells what decides beside the rules', () => {
    expect(beside?.map(({ what }) => what).sort()).toEqual(['IDS', 'blockbogons']);
    expect(assumed).toBeUndefined();
  });
});

describe('what nobody here knows is a fault with its line', () => {
  const lineOf = (text: string, word: string) =>
    text.split('\n').findIndex((line) => line.includes(word)) + 1;

  it.each([
    ['<shaper/>', '<shapers/>'],
    [
      '<source><any/></source><destination><any/>',
      '<source><any/></source><xyzzy/><destination><any/>',
    ],
    ['<type>match</type>', '<type>mach</type>'],
    ['<sched>work</sched>', '<schedule>work</schedule>'],
    [
      '<disabled/><ipprotocol>inet</ipprotocol><sched>',
      '<disable/><ipprotocol>inet</ipprotocol><sched>',
    ],
    ['<blockpriv/>', '<blokpriv/>'],
    ['<type>urltable</type>', '<type>urltabel</type>'],
    ['<direction>out</direction>', '<direction>outt</direction>'],
    ['<network>opt1ip</network>', '<network>opt9ip</network>'],
    ['<network>opt1ip</network>', '<network>wan</network>'],
    [
      '<mode>automatic</mode></outbound>',
      '<mode>automatic</mode></outbound><outbond><mode>x</mode></outbond>',
    ],
    ['<address>10.20.0.10 MORE</address>', '<address>10.20.0.10 www.example.org</address>'],
  ])('%s as %s', (from, to) => {
    const { faults } = parsePfsense(SENSE.replace(from, to));
    expect(faults.length).toBeGreaterThan(0);
    const isLate = to.includes('www');
    const line = isLate
      ? lineOf(SENSE, '<address>WEB</address>') - 2
      : lineOf(SENSE, from.split('\n')[0]!);
    expect(Math.abs(faults[0]!.line - line)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['<source_not>0</source_not>', '<source_nott>0</source_nott>'],
    ['<action>block</action>', '<action>blok</action>'],
    ['<Category ', '<Categories/><Category '],
    ['<IDS ', '<IDSS/><IDS '],
    ['<source_net>10.1.0.66</source_net>', '<source_net>countries</source_net>'],
    ['<enabled>0</enabled><action>', '<enabled>1</enabled><action>'],
    ['<sequence>10</sequence>', '<sequence>1o</sequence>'],
    ['<snatrules/>', '<snatrule/>'],
    ['<rules/><general>', '<rules/></IDS><DSI/><IDS><general>'],
  ])('%s as %s', (from, to) => {
    expect(parsePfsense(OPN.replace(from, to)).faults).toHaveLength(1);
  });
});
