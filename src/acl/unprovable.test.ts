/**
 * Texts with something in them that no proof can rest on: each is a fault, at its line. What can be
 * read is in handwritten.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { platformNamed } from './platforms.ts';

function richRule(rule: string): string {
  return `firewall-cmd --permanent --new-policy a\nfirewall-cmd --permanent --policy a --add-rich-rule '${rule}'`;
}

function term(...asked: readonly string[]): string {
  return asked.map((words) => `set firewall family inet filter A term a from ${words}`).join('\n');
}

function cloudRule(fields: object): string {
  const rule = JSON.stringify({ name: 'a', network: 'n', ...fields });
  return `{"resource": {"google_compute_firewall": {\n"a": ${rule}}}}`;
}

function groupRule(fields: object): string {
  const any = { source_port_range: '*', destination_port_range: '*' };
  const sides = { source_address_prefix: '*', destination_address_prefix: '*' };
  const asked = { direction: 'Inbound', access: 'Deny', protocol: '*', ...any, ...sides };
  const rule = JSON.stringify({ name: 'a', priority: 100, ...asked, ...fields });
  return `{"resource": {"azurerm_network_security_group": {"a": {"name": "a", "location": "a", "resource_group_name": "a",
"security_rule": ${rule}}}}}`;
}

function panRule(asked: string, more = ''): string {
  return `set rulebase security rules a from any to any source any destination any ${asked} ${more} action allow`;
}

/** A policy for one application that wants its last line's end. */
function srxPolicy(application: string): string {
  const policy = 'set security policies global policy a';
  const asked = ['source-address any', 'destination-address any', `application ${application}`];
  return [...asked.map((words) => `${policy} match ${words}`), policy].join('\n');
}

describe('what cannot be proved is a fault', () => {
  it.each([
    ['cisco-ios', 'ip access-list extended A\n permit tcp any any eq 80 time-range WORK', 2],
    ['cisco-ios', 'ip access-list standard A\n permit any', 1],
    ['cisco-ios', 'ip access-list extended A\n 10 permit tcp any any\n 10 permit udp any any', 3],
    [
      'cisco-asa',
      'access-list A extended deny ip any any\naccess-list A line 1 extended permit ip any any',
      2,
    ],
    ['cisco-ios', 'ip access-list extended A\n permit tcp any object-group NONE', 2],
    ['cisco-ios', 'ip access-list extended A\n permit ip any any\nip access-list extended B', 3],
    ['cisco-asa', 'access-list A extended permit tcp any any time-range WORK', 1],
    ['cisco-asa', 'access-list A extended deny tcp 10.0.1.10 host 10.0.2.20 eq 22', 1],
    ['cisco-asa', 'access-list A extended deny ip host 10.0.1.10 2001:db8::1', 1],
    ['fortios', 'config firewall address\nedit a\nset subnet 10.0.0.1\nnext\nend', 4],
    ['cisco-asa', 'access-list A extended permit ip any any\naccess-group A control-plane', 2],
    ['cisco-asa', 'access-list A extended permit ip any any\naccess-group B global', 2],
    [
      'cisco-asa',
      'access-list A extended permit ip any any\naccess-list B extended deny ip any any',
      2,
    ],
    ['cisco-asa', 'access-list A extended permit tcp ifc inside any any eq 80', 1],
    ['mikrotik', '/ip firewall filter\nadd chain=forward action=fasttrack-connection p2p=warez', 2],
    ['mikrotik', '/ip firewall filter\nadd chain=forward action=accept limit=10,5', 2],
    ['mikrotik', '/ip firewall xyzzy\nadd chain=srcnat action=masquerade', 1],
    ['pf', 'pass in on wan all', 1],
    ['pf', 'pass in on em0 from em0:network', 1],
    ['pf', 'anchor "ftp" {', 1],
    ['pf', 'include "more"', 1],
    ['pf', 'pass from $nobody', 1],
    ['pf', 'table <t> persist file "/etc/t"', 1],
    ['fortios', 'config firewall policy\nedit 1\nset srcintf "port1"\nnext\nend', 2],
    ['fortios', 'config vpm ipsec phase1\nend', 1],
    [
      'fortios',
      'config firewall service custom\nedit a\nset protocol ICMP\nset icmpcode 4\nend',
      5,
    ],
    ['fortios', 'config firewall policy\nedit 1\nset action accept deny\nnext\nend', 3],
    ['fortios', 'config firewall address\nedit 1\nnext xyzzy\nend', 3],
    ['fortios', 'config firewall policy\nedit web\nnext\nend', 2],
    [
      'fortios',
      'config firewall address\nedit a\nset subnet 10.0.0.0/8\nnext\nedit a\nset subnet 10.1.0.0/16\nend',
      5,
    ],
    ['mikrotik', '/ip firewall filter\nadd chain=forward action=accept log=maybe', 2],
    ['firewalld', richRule('rule log prefix="a" level="loud" accept'), 2],
    ['firewalld', richRule('rule log prefix="a" limit value="9/x" accept'), 2],
    ['firewalld', 'firewall-cmd --zone=dmz --permanent --add-service=http', 1],
    [
      'firewalld',
      'firewall-cmd --permanent --direct --add-rule ipv4 filter FORWARD 0 -j ACCEPT',
      1,
    ],
    ['firewalld', richRule('rule service name="http" accept'), 2],
    ['firewalld', richRule('rule family="ipv4" source ipset="bad" drop'), 2],
    ['firewalld', richRule('rule family="ipv4" source NOT address="192.0.2.1" accept'), 2],
    ['firewalld', richRule('rule protocol value="gre" accept limit value="1/m"'), 2],
    ['firewalld', richRule('rule icmp-type name="my-own" accept'), 2],
    ['firewalld', richRule('rule source address="192.0.2.1" accept'), 2],
    ['firewalld', richRule('rule port port="80" protocol="tcp"'), 2],
    ['firewalld', richRule('rule masquerade'), 2],
    ['junos-filter', term('source-port 22'), 1],
    ['junos-filter', term('protocol tcp', 'next-header tcp'), 1],
    ['junos-filter', term('payload-protocol tcp'), 1],
    [
      'junos-filter',
      'set firewall family inet6 filter A term a from payload-protocol tcp\n' +
        'set firewall family inet6 filter A term a from destination-port 22',
      1,
    ],
    ['junos-filter', term('tcp-flags "syn & (ack"', 'protocol tcp'), 1],
    ['junos-filter', term('tcp-flags syn'), 1],
    ['junos-filter', term('source-address 10.0.0.0/8 expect'), 1],
    ['junos-filter', term('port 22', 'source-port 23', 'protocol tcp'), 1],
    ['junos-filter', term('packet-length 100-200'), 1],
    ['junos-filter', term('source-prefix-list none'), 1],
    ['junos-filter', term('protocol icmp', 'icmp-code 4'), 1],
    ['junos-filter', 'set firewall family inet filter A term a then policer slow', 1],
    ['junos-filter', 'set firewall family inet filter A interface-specific', 1],
    ['junos-filter', 'set firewall family ethernet-switching filter A term a then accept', 1],
    ['junos-filter', `${term('protocol udp')}\nset firewall filter B term a then accept`, 2],
    ['gcp', cloudRule({ target_tags: ['web'], allow: { protocol: 'tcp' } }), 2],
    ['gcp', cloudRule({ source_tags: ['web'], allow: { protocol: 'tcp' } }), 2],
    ['gcp', cloudRule({ direction: 'EGRESS', allow: { protocol: 'tcp' } }), 2],
    ['gcp', cloudRule({ allow: { protocol: 'icmp', ports: ['8'] } }), 2],
    ['gcp', cloudRule({ source_ranges: ['%{ if a }'], allow: { protocol: 'all' } }), 2],
    ['gcp', cloudRule({ allow: { protocol: 'all' }, log_config: { filter: 'x' } }), 2],
    ['gcp', cloudRule({}), 2],
    ['gcp', '{"resource": {"google_compute_firewall": {\n"a": {},\n"a": {}}}}', 3],
    ['gcp', '{"resource": {"google_compute_firewall": {}},', 1],
    ['gcp', '{"provider": {}}', 1],
    ['azure-nsg', groupRule({ source_address_prefix: 'VirtualNetwork' }), 2],
    ['azure-nsg', groupRule({ direction: 'Outbound' }), 2],
    ['azure-nsg', groupRule({ protocol: 'Icmp' }), 2],
    ['azure-nsg', groupRule({ source_application_security_group_ids: ['a'] }), 2],
    // Azure's own rules would come after it.
    ['azure-nsg', groupRule({ access: 'Allow' }), 2],
    ['azure-nsg', groupRule({ protocol: 'Tcp' }), 2],
    ['pan-os', panRule('application web-browsing service application-default'), 1],
    ['pan-os', panRule('application any service application-default'), 1],
    ['pan-os', panRule('application ping service service-http'), 1],
    ['pan-os', panRule('application ping service any'), 1],
    ['pan-os', panRule('application any service any', 'source-user alice'), 1],
    ['pan-os', panRule('application any service any', 'negate-source maybe'), 1],
    ['pan-os', panRule('application any service any', 'schedule nights'), 1],
    ['pan-os', panRule('application any service any', 'profile-setting groups strict'), 1],
    // Without a last rule that drops everything, what stays within a zone passes.
    ['pan-os', panRule('application any service service-https'), 1],
    [
      'pan-os',
      panRule('application any service any').replace('source any', 'source a') +
        '\nset address a fqdn www.example.com',
      1,
    ],
    [
      'pan-os',
      panRule('application any service any').replace('source any', 'source a') +
        '\nset address-group a dynamic filter web',
      1,
    ],
    ['pan-os', `${panRule('application any service a')}\nset service a protocol sctp port 80`, 1],
    ['pan-os', 'delete rulebase security rules a', 1],
    ['pan-os', 'set rulebase nats rules a', 1],
    ['junos-srx', 'deactivate security policies global policy a', 1],
    ['junos-srx', 'insert security policies global policy a before policy b', 1],
    ['junos-srx', `${srxPolicy('junos-ms-rpc-empty')} then permit`, 1],
    ['junos-srx', `${srxPolicy('junos-http-alt')} then permit`, 1],
    ['junos-srx', `${srxPolicy('any')} then permit application-services ipd`, 4],
    ['junos-srx', `${srxPolicy('any')} then permit firewall-authentication pass-through`, 4],
    ['junos-srx', `${srxPolicy('any')} then permit destination-address drop-translated`, 4],
    ['junos-srx', `${srxPolicy('any')} match dynamic-application junos:FACEBOOK`, 4],
    ['junos-srx', `${srxPolicy('any')} then count`, 1],
    ['junos-srx', `${srxPolicy('any')} match source-identity alice`, 4],
    ['junos-srx', `${srxPolicy('any')} scheduler-name nights`, 4],
    ['junos-srx', 'set applications application a term t protocol', 1],
    ['junos-srx', 'set applications application a term t alg ftq', 1],
    [
      'junos-srx',
      `${srxPolicy('any')} match source-address a
set security policies global policy a then permit
set security address-book global address a dns-name www.example.com`,
      1,
    ],
    [
      'junos-srx',
      `${srxPolicy('a')} then permit
set applications application a term t protocol tcp ttl-threshold 64`,
      1,
    ],
    ['junos-srx', 'set security natt source rule-set a', 1],
    ['junos-srx', 'set security forwarding-options family mpls mode packet-based', 1],
    ['junos-srx', 'set logical-systems A security policies default-policy permit-all', 1],
  ])('%s: %s', (name, text, line) => {
    const { faults } = platformNamed(name)!.parse(text);
    expect(faults[0]).toMatchObject({ line });
  });
});
