/**
 * The first assessment of "Network Port Fundamentals, Part 2" (2005), made anew: whatever its
 * author worked out by hand, with a sniffer and a list of ports, the program says by itself.
 */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { examplePage } from './example-page.ts';
import { built, type Outcome, runCli } from './run-cli.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HOPPED = [1027, 1029, 1033, 1038, 1041, 1046, 1052, 1059, 1063, 1071, 1074, 1085];

describe.runIf(built)('the evening office', () => {
  let shown: Outcome;
  /** The same in lines of any length, which are easier to search. */
  let text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the schema is what is tested
  let answer: any;

  beforeAll(async () => {
    const args = ['assess', 'examples/evening-office.pcapng', '--sort', 'packets'];
    const cwd = { cwd: ROOT };
    shown = await runCli([...args, '--width', '80'], cwd);
    text = (await runCli([...args, '--width', '10000', '--top', '100'], cwd)).out;
    answer = JSON.parse((await runCli([...args, '--json'], cwd)).out);
  });

  it('gives the same answer as ever', async () => {
    expect([shown.code, shown.err]).toEqual([0, '']);
    await expect(shown.out).toMatchFileSnapshot('golden/assess-of-the-evening-office.txt');
    await expect(examplePage(shown.out)).toMatchFileSnapshot('../../docs/example.md');
    const longest = shown.out
      .split('\n')
      // Commands to copy are never folded.
      .filter((line) => !/^ {9}portreeve /.test(line))
      .map((line) => [...line].length);
    expect(Math.max(...longest)).toBeLessThanOrEqual(80);
  });

  it('lists the ports in the order of the article', () => {
    const ports = answer.ports.map(({ port }: { port: number }) => port);
    expect(ports.slice(0, 7)).toEqual([22, 138, 80, 137, 53, 67, 123]);
    expect(ports.slice(7)).toEqual(HOPPED);
    for (const { packets, meanLength } of answer.ports.slice(7)) {
      expect([packets, meanLength]).toEqual([1, 229]);
    }
  });

  it.each<[string, RegExp]>([
    [
      '22 is SSH, the program by which the sniffer is reached',
      /22\/tcp {2}SSH\n.*shell.*\n +here +\d+ packets: 10\.0\.2\.20 → 10\.0\.2\.5/,
    ],
    ['138 is the NetBIOS datagram service', /138\/udp {2}NetBIOS datagram service/],
    [
      'several services of Windows use it',
      /138\/udp.*\n.*computer browser, .*Net Logon, Messenger, the Server service, DFS and License Logging/,
    ],
    [
      'it will likely have to stay open',
      /138\/udp(?:.*\n)+?.*NT-era hosts or applications(?:.*\n)?.*may\s+have to keep it/,
    ],
    ['80 is HTTP, unencrypted', /80\/tcp {2}HTTP\n.*in the clear/],
    ['two computers use it: one inside asks a web server outside', / 80 +tcp +http .* in→out/],
    [
      'which asks which',
      /80\/tcp {2}HTTP(?:.*\n)+?.*here +48 packets: 10\.0\.2\.21 → 203\.0\.113\.80\n/,
    ],
    ['137 resolves names, by NetBIOS', /137\/udp {2}NetBIOS name service\n.*names/],
    ['53 resolves names, by DNS', /53\/udp {2}DNS\n.*Turns names into addresses/],
    [
      '67 and 68 give hosts their addresses',
      /67\/udp {2}DHCP\n.*Gives hosts their addresses; 67 is the server and relay, 68 the client/,
    ],
    [
      '123 sets clocks, from a domain controller',
      /123\/udp {2}NTP\n.*Sets clocks(?:.*\n)+?.*from members to domain controllers/,
    ],
    [
      'the remaining ports may be one application that hops',
      /medium {2}10\.0\.2\.22 → 10\.0\.2\.11: one application seems to hop over 12 udp ports, one packet on each: 1027, /,
    ],
    ['since each packet has 229 octets', /100 % of them have the same length, 229 octets/],
    [
      'to be sure, look at the packets: which, and how',
      /see +frames [\d, ]+ and \d+ more of examples\/evening-office\.pcapng\n +portreeve capture -r examples\/evening-office\.pcapng 'host 10\.0\.2\.22 and host 10\.0\.2\.11 and udp'/,
    ],
    ['nobody answered on them', /nothing answered/],
    [
      'old name services tell names to the segment',
      /NetBIOS names and datagrams \(137\/udp, 138\/udp\) in use: 5 hosts/,
    ],
    ['the controller serves names and time', /10\.0\.2\.10 {2}\(in\)(?:\n {2}.*)*DNS server/],
  ])('says that %s', (_what, statement) => {
    expect(text).toMatch(statement);
  });

  it('accuses nobody else', () => {
    const found = answer.findings.map(({ id }: { id: string }) => id);
    expect(found).toEqual(['port-hopping', 'legacy-names']);
    expect(answer.findings[0].subject).toMatchObject({ client: '10.0.2.22', server: '10.0.2.11' });
    expect(answer.findings[0].numbers).toMatchObject({ ports: 12, packets: 12, length: 229 });
  });

  it.each([
    ['medium', 1],
    ['high', 0],
  ])('ends with the right code under --fail-on %s', async (severity, code) => {
    const outcome = await runCli(
      ['assess', 'examples/evening-office.pcapng', '--fail-on', severity],
      {
        cwd: ROOT,
      },
    );
    expect(outcome.code).toBe(code);
  });
});
