/** The live view in a real terminal (tmux), with traffic of a namespace, and without a terminal. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab, Lab, type Space } from './lab.ts';
import { Terminal } from './terminal.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const { tmux, shows, close } = new Terminal();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const SERVER = `
const http = require('node:http');
http.createServer((_, answer) => answer.end('x'.repeat(3000))).listen(Number(process.argv[1]));
`;

const CLIENT = `
const http = require('node:http');
const [port, host] = process.argv.slice(1);
setInterval(() => http.get({ host, port, agent: false }, (answer) => answer.resume()).on('error', () => {}), 60);
`;

describeLab('the live view', ['ip', 'tmux'], () => {
  let lab: Lab;
  let here: Space;
  let there: Space;
  let folder = '';

  beforeAll(() => {
    lab = new Lab();
    here = lab.space('here');
    there = lab.space('there');
    lab.join(here, there, ['10.9.2.1/24'], ['10.9.2.2/24']);
    folder = mkdtempSync(join(tmpdir(), 'portreeve-watch-'));
    here.start(process.execPath, ['-e', SERVER, '8080']);
    there.start(process.execPath, ['-e', CLIENT, '8080', '10.9.2.1']);
  });
  afterAll(async () => {
    close();
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows ports, answers keys, and leaves an assessment behind', async () => {
    const words = `cd ${folder} && exec ip netns exec ${here.name} env LC_ALL=C.UTF-8 ${process.execPath} ${CLI} watch -i eth0`;
    tmux('new-session', '-d', '-x', '80', '-y', '24', `sh -c '${words}'; sleep 20`);
    const first = await shows(/8080\/tcp +http-alt.+answered/);
    expect(first).toContain('0 drops');
    expect(first.trimEnd().split('\n')).toHaveLength(24);

    tmux('send-keys', 'Enter');
    expect(await shows(/ANSWERED/)).toMatch(/10\.9\.2\.1 {2}8080\/tcp {2}1 client /);
    tmux('send-keys', 'Escape', '2');
    await shows(/HOST +ZONE +BYTES[\s\S]*10\.9\.2\.2 +in/);
    tmux('send-keys', '1', '/');
    tmux('send-keys', 'nothing', 'Enter');
    await shows(/no row has “nothing”/);
    tmux('send-keys', 'Escape');
    await shows(/8080\/tcp/);
    tmux('send-keys', 'p');
    await shows(/eth0 paused/);
    tmux('send-keys', 'p', 'w');
    await shows(/portreeve-watch-.*json: \d+ ports?/);
    tmux('resize-window', '-x', '120', '-y', '30');
    expect((await shows(/FROM/)).trimEnd().split('\n')).toHaveLength(30);

    // A service that begins to answer is announced, once the view has run for a while.
    await pause(3000);
    here.start(process.execPath, ['-e', SERVER, '8081']);
    there.start(process.execPath, ['-e', CLIENT, '8081', '10.9.2.1']);
    await shows(/NEW {2}10\.9\.2\.1:8081 tcp/);
    tmux('send-keys', '?');
    await shows(/^Keys/m);
    tmux('send-keys', '?', 'q');
    expect(await shows(/SERVICES THAT ANSWERED/)).toContain('10.9.2.1');
    const [saved] = readdirSync(folder);
    expect(JSON.parse(readFileSync(join(folder, saved!), 'utf8'))).toMatchObject({
      schema: 'portreeve/watch/1',
      interfaces: [{ name: 'eth0', dropped: 0 }],
    });
  });

  it('writes a line of JSON each interval without a terminal', () => {
    const out = here.run(
      process.execPath,
      CLI,
      'watch',
      '-i',
      'eth0',
      '--ndjson',
      '--interval',
      '1s',
      '--count',
      '3',
      'tcp port 8080',
    );
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines[2].packets).toBeGreaterThan(lines[0].packets);
    expect(lines[2].ports).toMatchObject([{ port: 8080, status: 'answered' }]);
    expect(lines[2].services).toMatchObject([{ server: '10.9.2.1', confirmed: 'handshake' }]);
  });

  it('ends with a line of what passed since the last one', () => {
    const words = [CLI, 'watch', '-i', 'eth0', '--ndjson', '--interval', '60s', '--for', '1.5s'];
    const lines = here
      .run(process.execPath, ...words)
      .trim()
      .split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!).packets).toBeGreaterThan(0);
  });

  it('prints tables, then an assessment', () => {
    const words = [CLI, 'watch', '-i', 'eth0', '--interval', '0.5s', '--for', '3s'];
    const out = here.run(process.execPath, ...words);
    expect(out.match(/^ *PORT +SERVICE +RATE/gm)!.length).toBeGreaterThanOrEqual(2);
    expect(out).toMatch(/8080 +tcp +http-alt +answered/);
  });

  it('ends when its interface is removed, and says what it knew', async () => {
    lab.join(here, there, ['10.9.4.1/24'], ['10.9.4.2/24'], ['gone0', 'gone1']);
    const words = [CLI, 'watch', '-i', 'gone0', '--fanout', '2', '--interval', '0.3s', 'icmp'];
    const child = here.start(process.execPath, words);
    let [out, err] = ['', ''];
    child.stdout!.on('data', (piece) => {
      out += piece;
    });
    child.stderr!.on('data', (piece) => {
      err += piece;
    });
    const end = new Promise<number | null>((resolve) => child.once('close', resolve));
    while (!err.includes('capturing on')) await pause(20);
    there.run('ping', '-c3', '-i0.2', '10.9.4.1');
    here.run('ip', 'link', 'delete', 'gone0');
    expect(await end).toBe(0);
    expect(err.match(/gone0 was removed; its capture ends/g)).toHaveLength(1);
    // The assessment; how many a picture before it showed depends on when it was made.
    expect(out).toMatch(/^· 6 packets, 2 hosts/m);
  });
});
