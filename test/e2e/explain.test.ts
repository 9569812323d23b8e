import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

const FORMATS = ['table', 'plain', 'json', 'ndjson', 'csv', 'markdown'] as const;
/** A command to copy stays on one line; every other line fits. */
const COMMAND =
  /^(or block|windows|linux)?\s+([A-Z][a-z]+-[A-Z][A-Za-z]+|nft|systemctl|ss|tasklist) /;

async function json(...args: string[]): Promise<Record<string, unknown[]>> {
  const { code, out, err } = await runCli(['explain', ...args, '--json']);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

function ids(list: unknown): string[] {
  return (list as { id: string }[]).map(({ id }) => id);
}

describe.runIf(built)('explain', () => {
  it('helps, examples first', async () => {
    const { code, out } = await runCli(['explain', '--help']);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot('help/explain.txt');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('shows one service on one screen', async () => {
    const { code, out } = await runCli(['explain', '138/udp', '--width', '80']);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot('golden/explain-138.txt');
    expect(out.split('\n').length).toBeLessThanOrEqual(50);
  });

  it.each([
    ['1433', ['ms-sql']],
    ['rdp', ['rdp']],
    ['udp/138', ['netbios-datagram']],
    ['135-139/tcp', ['rpc-endpoint-mapper', 'netbios-session']],
    ['ms-wbt-server', ['rdp']],
    ['53,123/udp', ['dns', 'ntp']],
  ])('%s', async (query, expected) => {
    expect(ids((await json(query)).entries)).toEqual(expected);
  });

  it('asks the machine itself about what it would stop, and says what it can not know', async () => {
    const { out } = await runCli(['explain', 'redis', '--width', '80']);
    const lines = out.split('\n').map((line) => line.trim());
    const asks = lines.findIndex((line) => line.startsWith('systemctl show -p Id,LoadState,'));
    expect(lines[asks]).toMatch(/TriggeredBy,.*ConsistsOf.* redis-server\.service( |$)/);
    expect(lines.findIndex((line) => line.startsWith('systemctl stop'))).toBeGreaterThan(asks);
    expect(out).toMatch(/Get-Service \S.* -ErrorAction Ignore \| Format-List .*DependentServices/);
    expect(out).toMatch(/NOT SEEN\nwhat closing does on your machine\n/);
    // The table of many says nothing of closing, and a port without an entry has nothing to stop.
    for (const query of [['--risk', 'critical'], ['40001']]) {
      const other = await runCli(['explain', ...query]);
      expect(other.out).not.toContain('what closing does');
    }
  });

  it('says on demand which units this machine has for it', async () => {
    const [{ here }] = (await json('ssh', '--here')).entries as [{ here: object[] }];
    const has = existsSync('/usr/lib/systemd/system/ssh.service');
    expect(here[0]).toEqual(
      has
        ? { run: expect.stringMatching(/^systemctl stop .*; systemctl disable .*\bssh\.service$/) }
        : { say: expect.stringMatching(/^this machine has no unit file of .*ssh\.service/) },
    );
    expect((await json('ssh')).entries).toMatchObject([{ here: null }]);
    const { out } = await runCli(['explain', 'telnet', '--here', '--width', '80']);
    expect(out).toMatch(/\nhere /);
  });

  it('joins several arguments and says everything once', async () => {
    const document = await json('rdp', '3389/udp', '138');
    expect(ids(document.entries)).toEqual(['rdp', 'netbios-datagram']);
  });

  it('narrows by risk and words', async () => {
    const grave = (await json('--risk', 'critical')).entries as { risk: string }[];
    expect(new Set(grave.map(({ risk }) => risk))).toEqual(new Set(['critical']));
    const high = (await json('--risk', 'high')).entries;
    expect(high!.length).toBeGreaterThan(grave.length);
    expect(ids((await json('--search', 'eternalblue')).entries)).toEqual(['smb']);
    expect(ids((await json('445', '--risk', 'critical')).entries)).toEqual(['smb']);
  });

  it.each([
    ['138', '--risk', 'critical'],
    ['--search', 'nosuchword'],
  ])('answers %s %s with a no where no entry is left', async (...words) => {
    const { code, out, err } = await runCli(['explain', ...words, '--json']);
    expect([code, err, JSON.parse(out).entries]).toEqual([1, '', []]);
  });

  it('tells what a port without an entry is', async () => {
    const document = await json('40001');
    expect(document.entries).toEqual([]);
    expect(document.ports).toMatchObject([{ port: 40001, class: 'user', registered: [] }]);
    const { out } = await runCli(['explain', '50001/tcp', '--width', '80']);
    expect(out).toContain('dynamic port');
    expect(out).toContain('Get-NetTCPConnection -State Listen -LocalPort 50001');
    expect(out).toContain("ss -ltnp 'sport = :50001'");
    expect(out).not.toContain('Get-NetUDPEndpoint');
    const named = await runCli(['explain', '1234/tcp', '--width', '80']);
    expect(named.out).toMatch(/registered\s+search-agent for tcp/);
  });

  it('counts ports of long ranges instead of listing them', async () => {
    const { facts, ports } = await json('40000-40999/tcp');
    expect(ports).toEqual([]);
    expect(facts).toMatchObject({ unlisted: 0, passedOver: 1000 });
  });

  it('knows server roles', async () => {
    const { roles } = await json('--role', 'domain-controller');
    expect(roles).toMatchObject([
      { id: 'domain-controller', absent: { none: expect.any(String) } },
    ]);
    expect((await json('--roles')).roles!.length).toBeGreaterThan(80);
    const { out } = await runCli(['explain', '--role', 'dc', '--width', '80']);
    expect(out).toContain('certain     88/tcp+udp, 389/tcp, 445/tcp, 464/tcp+udp\n');
  });

  const asked = [
    ['445'],
    ['40001'],
    ['--risk', 'high'],
    ['--roles'],
    ['--role', 'esxi'],
    ['1-1000/tcp'],
  ];
  it.each(asked.map((args) => [args] as const))('answers %j in every format', async (args) => {
    for (const format of FORMATS) {
      const { code, out, err } = await runCli(['explain', ...args, '--format', format]);
      expect([code, err]).toEqual([0, '']);
      expect(out).toMatch(format === 'csv' ? /\r\n$/ : /\n$/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(out).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/);
    }
  });

  it('says that port 0 is none, and names no command for it', async () => {
    const { out } = await runCli(['explain', '0']);
    expect(out).toMatch(/no port to listen on/);
    expect(out).not.toMatch(/LocalPort|sport/);
  });

  it.each([40, 80, 120])('fits %i columns but for commands', async (width) => {
    for (const args of [['445'], ['dns'], ['--role', 'dc'], ['--risk', 'high'], ['40001']]) {
      const { out } = await runCli(['explain', ...args, '--width', String(width)]);
      const wide = out
        .split('\n')
        .filter((line) => [...line].length > width && !COMMAND.test(line));
      expect(wide).toEqual([]);
    }
  });

  it.each([
    ['nothing', [], /nothing to explain was named/],
    ['an unknown name', ['sambba'], /“sambba”\n.*portreeve explain samba, if/],
    ['a name like no other', ['zzzzzz'], /--search with a word/],
    ['a hostile name', ['\x1b[2J'], /“\\x1b\[2J”/],
    ['a port too high', ['70000'], /highest port is 65535/],
    ['a range backwards', ['139-135'], /write 135-139/],
    ['an unknown transport', ['53/icmp'], /transport is one of tcp, udp/],
    ['two slashes', ['tcp/53/udp'], /one slash at most/],
    ['an unknown risk', ['--risk', 'severe'], /'severe' is invalid/],
    ['an unknown role', ['--role', 'domain-controler'], /domain-controller, if that/],
    ['a role where a service belongs', ['domain-controller'], /is a server role/],
    ['a role and a port', ['80', '--role', 'dc'], /both about ports and about roles/],
  ])('refuses %s', async (_what, args, message) => {
    const { code, out, err } = await runCli(['explain', ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });
});
