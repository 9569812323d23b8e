/** What the real ufw 0.36.2 printed of one set of rules, in all its ways, means the same. */
import { describe, expect, it } from 'vitest';
import { compareFilters } from '../policy/compare.ts';
import { verdictSpaces } from '../policy/evaluate.ts';
import { parseUfw } from './ufw-parse.ts';

const ADDED = `Added user rules (see 'ufw status' for running firewall):
ufw allow 22/tcp comment 'ssh # that is me'
ufw deny from 203.0.113.0/24
ufw allow 53
ufw allow in on eth1 to any port 9100 proto tcp
ufw allow log from 198.51.100.0/24 to 10.0.1.10 port 80,443,8000:8010 proto tcp
ufw route allow in on eth0 out on eth1 to 10.0.1.20 port 25 proto tcp
ufw allow out from 192.0.2.1 to 192.0.2.2 proto gre
ufw allow to any proto esp
ufw allow from 10.0.0.1 port 67 to any port 68 proto udp
ufw allow out 123/udp
ufw reject out on eth2 log-all to 2001:db8::/32 port 25 proto tcp
ufw route deny log from 2001:db8::1
`;
const PLAIN = `Status: active

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW       Anywhere                   # ssh # that is me
Anywhere                   DENY        203.0.113.0/24            
53                         ALLOW       Anywhere                  
9100/tcp on eth1           ALLOW       Anywhere                  
10.0.1.10 80,443,8000:8010/tcp ALLOW       198.51.100.0/24            (log)
Anywhere/esp               ALLOW       Anywhere/esp              
68/udp                     ALLOW       10.0.0.1 67/udp           
22/tcp (v6)                ALLOW       Anywhere (v6)              # ssh # that is me
53 (v6)                    ALLOW       Anywhere (v6)             
9100/tcp (v6) on eth1      ALLOW       Anywhere (v6)             
Anywhere/esp (v6)          ALLOW       Anywhere/esp (v6)         

192.0.2.2/gre              ALLOW OUT   192.0.2.1/gre             
123/udp                    ALLOW OUT   Anywhere                  
2001:db8::/32 25/tcp       REJECT OUT  Anywhere (v6) on eth2      (log-all)
123/udp (v6)               ALLOW OUT   Anywhere (v6)             

10.0.1.20 25/tcp on eth1   ALLOW FWD   Anywhere on eth0          
Anywhere (v6)              DENY FWD    2001:db8::1                (log)
`;
const VERBOSE = `Status: active
Logging: on (low)
Default: deny (incoming), deny (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere                   # ssh # that is me
Anywhere                   DENY IN     203.0.113.0/24            
53                         ALLOW IN    Anywhere                  
9100/tcp on eth1           ALLOW IN    Anywhere                  
10.0.1.10 80,443,8000:8010/tcp ALLOW IN    198.51.100.0/24            (log)
Anywhere/esp               ALLOW IN    Anywhere/esp              
68/udp                     ALLOW IN    10.0.0.1 67/udp           
22/tcp (v6)                ALLOW IN    Anywhere (v6)              # ssh # that is me
53 (v6)                    ALLOW IN    Anywhere (v6)             
9100/tcp (v6) on eth1      ALLOW IN    Anywhere (v6)             
Anywhere/esp (v6)          ALLOW IN    Anywhere/esp (v6)         

192.0.2.2/gre              ALLOW OUT   192.0.2.1/gre             
123/udp                    ALLOW OUT   Anywhere                  
2001:db8::/32 25/tcp       REJECT OUT  Anywhere (v6) on eth2      (log-all)
123/udp (v6)               ALLOW OUT   Anywhere (v6)             

10.0.1.20 25/tcp on eth1   ALLOW FWD   Anywhere on eth0          
Anywhere (v6)              DENY FWD    2001:db8::1                (log)
`;
const NUMBERED = `Status: active

     To                         Action      From
     --                         ------      ----
[ 1] 22/tcp                     ALLOW IN    Anywhere                   # ssh # that is me
[ 2] Anywhere                   DENY IN     203.0.113.0/24            
[ 3] 53                         ALLOW IN    Anywhere                  
[ 4] 9100/tcp on eth1           ALLOW IN    Anywhere                  
[ 5] 10.0.1.10 80,443,8000:8010/tcp ALLOW IN    198.51.100.0/24            (log)
[ 6] 10.0.1.20 25/tcp on eth1   ALLOW FWD   Anywhere on eth0          
[ 7] 192.0.2.2/gre              ALLOW OUT   192.0.2.1/gre              (out)
[ 8] Anywhere/esp               ALLOW IN    Anywhere/esp              
[ 9] 68/udp                     ALLOW IN    10.0.0.1 67/udp           
[10] 123/udp                    ALLOW OUT   Anywhere                   (out)
[11] 22/tcp (v6)                ALLOW IN    Anywhere (v6)              # ssh # that is me
[12] 53 (v6)                    ALLOW IN    Anywhere (v6)             
[13] 9100/tcp (v6) on eth1      ALLOW IN    Anywhere (v6)             
[14] 2001:db8::/32 25/tcp       REJECT OUT  Anywhere (v6) on eth2      (log-all, out)
[15] Anywhere (v6)              DENY FWD    2001:db8::1                (log)
[16] Anywhere/esp (v6)          ALLOW IN    Anywhere/esp (v6)         
[17] 123/udp (v6)               ALLOW OUT   Anywhere (v6)              (out)
`;

const WITH_DEFAULTS = `ufw default deny incoming
ufw default deny outgoing
ufw default deny routed
${ADDED}`;

describe('ufw status', () => {
  it.each([
    ['plain', PLAIN, ADDED],
    ['verbose', VERBOSE, WITH_DEFAULTS],
    ['numbered', NUMBERED, ADDED],
    ['numbered, with Windows line ends', NUMBERED.replaceAll('\n', '\r\n'), ADDED],
  ])('reads it %s as the commands it came from', (_, status, commands) => {
    const [one, two] = [parseUfw(status), parseUfw(commands)];
    expect([...one.faults, ...two.faults]).toEqual([]);
    const rules = ({ filter }: typeof one) =>
      filter.chains.map(({ rules }) => rules.filter(({ line }) => line > 0).length);
    expect(rules(one)).toEqual(rules(two));
    const hooks = ['input', 'output', 'forward'] as const;
    expect(compareFilters(verdictSpaces(), one.filter, two.filter, [], { hooks })).toEqual([]);
  });

  it('keeps comments, and what is logged', () => {
    const rules = parseUfw(NUMBERED).filter.chains.flatMap(({ rules }) => rules);
    expect(rules.filter(({ comment }) => comment === 'ssh # that is me')).toHaveLength(2);
    expect(rules.flatMap(({ log, line }) => (log === undefined ? [] : [line]))).toEqual([
      9, 18, 19,
    ]);
  });

  it('says what it does not tell', () => {
    const files = 'that the files /etc/ufw/before*.rules are as they were shipped';
    expect(parseUfw(VERBOSE).assumed).toEqual([files]);
    expect(parseUfw(NUMBERED).assumed).toHaveLength(4);
    expect(parseUfw(ADDED).assumed).toEqual([
      'that what is incoming is denied by default',
      'that what is outgoing is allowed by default',
      'that what is routed is denied by default',
    ]);
    expect(parseUfw(WITH_DEFAULTS).assumed).toEqual([]);
  });

  it('lets all pass where ufw is off', () => {
    const { filter, faults } = parseUfw('Status: inactive\n');
    expect(faults).toEqual([]);
    expect(filter.chains.map(({ otherwise }) => otherwise)).toEqual(Array(3).fill('accept'));
  });

  it('takes ports of an application where verbose shows them', () => {
    const { filter, faults } = parseUfw(
      'Status: active\n22/tcp (OpenSSH)           ALLOW IN    192.0.2.0/24\n' +
        '80,443/tcp (Nginx Full (v6)) ALLOW IN    Anywhere (v6)\n',
    );
    expect(faults).toEqual([]);
    const ports = filter.chains[0]!.rules.flatMap(({ line, match }) =>
      line > 0 ? [[match.family, match.destinationPorts?.map(({ first }) => first)]] : [],
    );
    expect(ports).toEqual([
      [4, [22]],
      [6, [80, 443]],
    ]);
  });

  it.each([
    'OpenSSH                    ALLOW IN    Anywhere',
    'Nginx Full (v6)            ALLOW IN    Anywhere (v6)',
    '22/tcp                     LIMIT IN    Anywhere',
    '22/tcp                     ALLOW IN    Anywhere on eth0',
    '22/tcp                     ALLOW IN    192.0.2.1 53/udp',
    '22/tcp                     ALLOW IN    2001:db8::1 on',
    '192.0.2.1                  ALLOW IN    2001:db8::1',
    '22/tcp                     ALLOW IN',
    '22/tcp                     PERMIT IN   Anywhere',
    '22-23/tcp                  ALLOW IN    Anywhere',
    '99999/tcp                  ALLOW IN    Anywhere',
    '22/tcp/udp                 ALLOW IN    Anywhere',
    '22/tcp x                   ALLOW IN    Anywhere',
    'Default: allow (incoming), deny (outgoing)',
    'Status: active',
    'xyzzy',
  ])('is not silent about %s', (row) => {
    const { faults } = parseUfw(`Status: active\n\n${row}\n`);
    expect(faults).toMatchObject([{ line: 3, what: expect.stringMatching(/^[A-Z“].*\.$/s) }]);
  });
});
