/** What a policy learns from beside captures: logs of what was let through, saved sockets. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built, type Outcome, runCli } from './run-cli.ts';

const CAPTURE = fileURLToPath(new URL('../../examples/small-office.pcapng', import.meta.url));
const ZONES = ['dmz=10.0.1.0/24', 'servers=10.0.2.0/24', 'clients=10.0.3.0/24', 'internet=rest'];
const zones = ZONES.flatMap((zone) => ['--zone', zone]);

describe.skipIf(!built)('policy learn', () => {
  let folder = '';
  const portreeve = (...words: string[]): Promise<Outcome> => runCli(words, { cwd: folder });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'portreeve-learn-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('learns from logs what was let through, with the line of each', async () => {
    const lines = [
      'Oct 03 2026 10:00:00 asa : %ASA-6-302013: Built inbound TCP connection 7 for outside:198.51.100.7/50112 (198.51.100.7/50112) to dmz:10.0.1.10/443 (10.0.1.10/443)',
      'Oct 03 2026 10:00:09 asa : %ASA-6-302014: Teardown TCP connection 7 for outside:198.51.100.7/50112 to dmz:10.0.1.10/443 duration 0:00:09 bytes 4112 TCP FINs',
      'Oct 03 2026 10:01:00 asa : %ASA-6-302013: Built outbound TCP connection 8 for inside:10.0.2.20/1433 (10.0.2.20/1433) to dmz:10.0.1.10/50113 (10.0.1.10/50113)',
      'Oct 03 2026 10:02:00 asa : %ASA-4-106023: Deny tcp src outside:198.51.100.9/4000 dst dmz:10.0.1.10/22 by access-group "in" [0x0, 0x0]',
    ];
    writeFileSync(join(folder, 'asa.log'), `${lines.join('\n')}\n`);
    const words = ['policy', 'learn', '--log', 'asa.log', ...zones, '-o', 'logged.ndjson'];
    const { code, out, err } = await portreeve(...words, '--json');
    expect(code, err).toBe(0);
    const { candidates, asked, facts } = JSON.parse(out);
    const place = ({ client, server, service, connections, seen }: Record<string, unknown>) =>
      `${client} ${server} ${service} ${connections} ${seen}`;
    expect(candidates.map(place)).toEqual(['198.51.100.7 10.0.1.10 tcp/443 1 asa.log:1']);
    expect(candidates[0].direction).toEqual({ reason: 'log', confidence: 'certain' });
    expect(asked.map(place)).toEqual(['10.0.1.10 10.0.2.20 tcp/1433 1 asa.log:3']);
    expect(facts).toMatchObject({ logLines: 4, logAllowed: 3, logDenied: 1, logUndirected: 0 });
    const both = await portreeve(
      'policy',
      'learn',
      CAPTURE,
      '--log',
      'asa.log',
      ...zones,
      '--json',
    );
    expect(JSON.parse(both.out).facts).toMatchObject({ candidates: 22, logLines: 4 });
    const approve = ['--approve', 'internet -> 10.0.1.10 tcp/443', '--policy', 'logged.yaml'];
    expect(await portreeve('policy', 'review', 'logged.ndjson', ...approve)).toMatchObject({
      code: 0,
    });
    expect(readFileSync(join(folder, 'logged.yaml'), 'utf8')).toContain('asa.log:1');
  });

  it('learns from saved sockets who called, where listeners were shown', async () => {
    const lines = [
      'Netid State Recv-Q Send-Q Local Address:Port Peer Address:Port Process',
      'tcp LISTEN 0 128 0.0.0.0:443 0.0.0.0:*',
      'tcp ESTAB 0 0 10.0.1.10:443 198.51.100.7:51000',
      'tcp TIME-WAIT 0 0 10.0.1.10:40110 10.0.2.20:1433',
      'tcp ESTAB 0 0 10.0.1.10:40112 10.0.2.20:1433',
    ];
    const learn = (...words: string[]) =>
      portreeve('policy', 'learn', ...words, ...zones, '--json');
    writeFileSync(join(folder, 'ss.txt'), `${lines.join('\n')}\n`);
    const { code, out, err } = await learn('--sockets', 'ss.txt');
    expect(code, err).toBe(0);
    const told = JSON.parse(out).candidates.map(
      ({ client, server, service, connections, seen, sources }: Record<string, unknown>) =>
        `${client} ${server} ${service} ${connections} ${seen} ${sources}`,
    );
    expect(told).toEqual([
      '10.0.1.10 10.0.2.20 tcp/1433 2 ss.txt:4 sockets',
      '198.51.100.7 10.0.1.10 tcp/443 1 ss.txt:3 sockets',
    ]);
    writeFileSync(join(folder, 'half.txt'), `${lines.toSpliced(1, 1).join('\n')}\n`);
    const half = await learn('--sockets', 'half.txt', '--complete');
    expect(half.code).toBe(5);
    expect(JSON.parse(half.out).facts).toMatchObject({ candidates: 0, socketsUndirected: 3 });
    expect((await learn('--sockets', 'ss.txt', '--for', '5s')).err).toContain('end by themselves');
    expect((await learn(CAPTURE, '-i', 'lo')).code).toBe(2);
  });

  it('asks for a capture where none was named', async () => {
    const { code, err } = await portreeve('policy', 'learn', ...zones);
    expect(code).toBe(2);
    expect(err).toContain('there is nothing to learn from');
  });
});
