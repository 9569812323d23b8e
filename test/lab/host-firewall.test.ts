/** What the evaluator says of real rule sets, held against connections that are really tried. */

import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLab, Lab, listening, type Space } from './lab.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PORTS = [22, 80, 443, 8080, 9000] as const;

interface Verdict {
  readonly answer: string;
  readonly rules: readonly string[];
  readonly on: readonly string[];
}
interface Row {
  readonly port: number;
  readonly network: string | null;
  readonly firewall: { readonly ipv4?: Verdict; readonly ipv6?: Verdict } | null;
}

/** Answers by port, IPv4 then IPv6: `y`, `n`, `?` for “depends”. */
const NFT: readonly (readonly [name: string, rules: string, ipv4: string, ipv6: string])[] = [
  ['no rules', '', 'yyyyy', 'yyyyy'],
  [
    'a closed input',
    'table inet f { chain i { type filter hook input priority 0; policy drop; } }',
    'nnnnn',
    'nnnnn',
  ],
  [
    'what most people write',
    `table inet f { chain i { type filter hook input priority 0; policy drop;
      ct state established,related accept; ct state invalid drop; iif lo accept
      ip protocol icmp accept; ip6 nexthdr ipv6-icmp accept
      tcp dport { 22, 80-90, 443 } accept; reject with tcp reset; } }`,
    'yyynn',
    'yyynn',
  ],
  [
    'families apart',
    `table ip f { chain i { type filter hook input priority 0; tcp dport 80 drop; } }
     table ip6 f { chain i { type filter hook input priority 0; tcp dport 443 reject; } }`,
    'ynyyy',
    'yynyy',
  ],
  [
    'a source',
    'table inet f { chain i { type filter hook input priority 0; policy drop; ip saddr 10.9.0.0/24 tcp dport 22 accept; ip saddr 127.0.0.0/8 accept; tcp dport 80 accept; } }',
    '?ynnn',
    'nynnn',
  ],
  [
    'an interface',
    'table inet f { chain i { type filter hook input priority 0; policy drop; iifname "eth0" tcp dport 22 accept; iifname != "lo" tcp dport 80 accept; iifname "lo" accept; } }',
    '?ynnn',
    '?ynnn',
  ],
  [
    'jumps, returns and verdict maps',
    `table inet f { map m { type inet_service : verdict; elements = { 443 : accept, 8080 : drop }; }
      chain web { tcp dport 80 accept; return; }
      chain i { type filter hook input priority 0; policy drop; tcp dport { 80, 22 } jump web
        tcp dport vmap @m; tcp dport 9000 goto web; accept; } }`,
    'yyynn',
    'yyynn',
  ],
  [
    'a set and a limit',
    `table inet f { set open { type inet_service; elements = { 22, 443 }; }
      chain i { type filter hook input priority 0; policy accept; tcp dport @open accept
        tcp dport 80 limit rate 1000/second accept; tcp dport 80 drop
        tcp flags & (fin|syn|rst|ack) == syn tcp dport 8080 drop; tcp dport != 9000 counter log accept; meta l4proto udp drop; drop; } }`,
    'y?ynn',
    'y?ynn',
  ],
  [
    'two chains, and one before',
    `table inet a { chain i { type filter hook input priority -10; policy accept; tcp dport 22 drop; accept; } }
     table inet b { chain i { type filter hook input priority 10; policy accept; tcp dport 80 drop; } }
     table inet c { chain p { type filter hook prerouting priority -300; policy accept; tcp dport 443 drop; } }`,
    'nnnyy',
    'nnnyy',
  ],
  [
    'a redirection',
    'table inet n { chain p { type nat hook prerouting priority -100; tcp dport 80 redirect to :9999; } }',
    'y?yyy',
    'y?yyy',
  ],
  [
    'an address',
    'table inet f { chain i { type filter hook input priority 0; policy drop; ip daddr 10.9.0.1 tcp dport 22 accept; ip daddr 10.9.0.0/24 tcp dport 80 accept; } }',
    '??nnn',
    'nnnnn',
  ],
];

const IPTABLES: readonly (readonly [name: string, rules: string, ipv4: string])[] = [
  ['a closed input', ':INPUT DROP [0:0]', 'nnnnn'],
  [
    'what most people write',
    ':INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp -m multiport --dports 80,443 -m comment --comment "web -j DROP" -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable',
    'yyynn',
  ],
  [
    'chains, negation and a limit',
    ':INPUT ACCEPT [0:0]\n:web - [0:0]\n-A INPUT -p tcp ! --dport 22 -j web\n-A web -p tcp --dport 80 -j RETURN\n-A web -p tcp --dport 443 -m limit --limit 100/sec -j ACCEPT\n-A web -s 10.9.0.0/24 -p tcp --dport 8080 -j ACCEPT\n-A web -j DROP',
    'yy??n',
  ],
];

describeLab('the evaluator of host firewalls', ['ip', 'nft', 'socat', 'iptables-save'], () => {
  const lab = new Lab();
  let host: Space;
  let other: Space;

  beforeAll(async () => {
    host = lab.space('host');
    other = lab.space('other');
    lab.join(host, other, ['10.9.0.1/24', 'fd00:9::1/64'], ['10.9.0.2/24', 'fd00:9::2/64']);
    for (const port of PORTS)
      host.start('socat', [`TCP6-LISTEN:${port},fork,ipv6only=0`, 'EXEC:true']);
    listening(host, PORTS);
  });
  afterAll(() => lab.close());

  const said = (): { ipv4: string; ipv6: string } => {
    const { sockets } = JSON.parse(host.run(process.execPath, CLI, 'sockets', '--json')) as {
      sockets: Row[];
    };
    const letter = (verdict: Verdict | undefined): string =>
      verdict === undefined ? '-' : verdict.answer === 'depends' ? '?' : verdict.answer[0]!;
    const rows = PORTS.map((port) =>
      sockets.find((row) => row.port === port && row.network === null),
    );
    return {
      ipv4: rows.map((row) => letter(row?.firewall?.ipv4)).join(''),
      ipv6: rows.map((row) => letter(row?.firewall?.ipv6)).join(''),
    };
  };

  /** Tries each port from the other side, all at once: `y` connected, `n` not within the time. */
  const tried = (address: string, timeoutMs: number): string => {
    const script = `const{connect}=require('node:net');Promise.all(${JSON.stringify(PORTS)}.map(p=>new Promise(r=>{const s=connect({port:p,host:'${address}',timeout:${timeoutMs}});s.on('connect',()=>{s.destroy();r('y')});s.on('error',()=>r('n'));s.on('timeout',()=>{s.destroy();r('n')})}))).then(a=>console.log(a.join('')))`;
    return other.run(process.execPath, '-e', script).trim();
  };

  /** On a loaded machine an answer may take long: what does not agree is tried once more. */
  const expectTrue = (verdict: string, address: string): void => {
    const agrees = (truth: string) =>
      [...verdict].every((letter, index) => letter === '?' || letter === truth[index]);
    const truth = tried(address, 400);
    if (!agrees(truth)) expect(tried(address, 10_000)).toSatisfy(agrees);
  };

  const load = (program: string, words: string[], text: string): void => {
    const file = join(tmpdir(), `portreeve-rules-${host.name}`);
    writeFileSync(file, text);
    try {
      host.run(program, ...words, file);
    } finally {
      rmSync(file);
    }
  };

  describe('of nftables', () => {
    it.each(NFT)('%s', (_name, rules, ipv4, ipv6) => {
      load('nft', ['-f'], `flush ruleset\n${rules.replace(/; \}/g, ';\n}\n')}`);
      expect(said()).toEqual({ ipv4, ipv6 });
      expectTrue(ipv4, '10.9.0.1');
      expectTrue(ipv6, 'fd00:9::1');
    });
  });

  describe('of iptables', () => {
    it.each(IPTABLES)('%s', (_name, rules, ipv4) => {
      host.run('nft', 'flush', 'ruleset');
      load('iptables-restore', [], `*filter\n${rules}\nCOMMIT\n`);
      expect(said().ipv4).toBe(ipv4);
      expectTrue(ipv4, '10.9.0.1');
      host.run('nft', 'flush', 'ruleset');
    });
  });
});
