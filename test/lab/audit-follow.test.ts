/** `audit --follow` in a real terminal (tmux): keys, size, rotation of the log, and what is left at the end. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, expect, it } from 'vitest';
import { describeLab } from './lab.ts';
import { Terminal } from './terminal.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const { tmux, shows, close } = new Terminal();

const line = (client: string, port: number, prefix = 'FW-DROP'): string =>
  `${new Date().toISOString()} gw kernel: ${prefix} IN=eth1 OUT=eth0 SRC=${client} DST=192.0.2.25 LEN=60 TOS=0x00 PREC=0x00 TTL=63 ID=1 DF PROTO=TCP SPT=50112 DPT=${port} WINDOW=64240 RES=0x00 SYN URGP=0\n`;

describeLab('a log that is followed in a terminal', ['tmux'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'portreeve-audit-follow-'));
  const log = join(folder, 'fw.log');
  afterEach(close);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = (command: string): void => {
    const words = `cd ${folder} && export LC_ALL=C.UTF-8; ${command}; echo code $?; sleep 20`;
    tmux('new-session', '-d', '-x', '80', '-y', '24', words);
  };
  const program = `${process.execPath} ${CLI} audit --follow`;

  it('answers keys, goes on across rotation, and leaves the answer behind', async () => {
    writeFileSync(log, line('10.0.0.5', 25) + line('10.0.0.6', 443, 'FW-ACCEPT'));
    start(`${program} fw.log`);
    const first = await shows(/10\.0\.0\.5 +192\.0\.2\.25 +25\/tcp/);
    expect(first.trimEnd().split('\n')).toHaveLength(24);
    expect(first).toMatch(/^fw\.log ● live .* 2 lines/);
    expect(first).toContain('1 inside host refused outward');

    appendFileSync(log, line('10.0.0.7', 26, 'FW-\x1b[31mDROP'));
    const more = await shows(/NEW {2}10\.0\.0\.7 192\.0\.2\.25 26\/tcp/);
    expect(more).toContain('3 lines');
    tmux('send-keys', 'Enter');
    expect(await shows(/REFUSED AND NO NOISE/)).toMatch(/10\.0\.0\.\d to .* {2}1 time .*fw\.log:/);
    tmux('send-keys', 'Escape', '4');
    await shows(/FW-\\x1b\[31mDROP +deny/);
    tmux('send-keys', '2', 's');
    await shows(/\[s\] clients[\s\S]*/);
    await shows(/443\/tcp +https +outward +allow/);
    tmux('send-keys', '3', '/');
    tmux('send-keys', '0.6', 'Enter');
    expect(await shows(/showing: 0\.6/)).not.toContain('10.0.0.5');
    tmux('send-keys', 'Escape', '1', 'p');
    await shows(/fw\.log paused/);
    renameSync(log, `${log}.1`);
    writeFileSync(log, line('10.0.0.8', 27));
    tmux('send-keys', 'w');
    await shows(/portreeve-audit-.*json: 3 lines/);
    tmux('send-keys', 'p');
    await shows(/10\.0\.0\.8 +192\.0\.2\.25 +27\/tcp/);
    tmux('resize-window', '-x', '120', '-y', '30');
    expect((await shows(/outward +FW-DROP/)).trimEnd().split('\n')).toHaveLength(30);
    tmux('send-keys', '?');
    await shows(/^Keys/m);
    tmux('send-keys', '?', 'q');
    expect(await shows(/code 0/)).not.toContain('● live');
    expect(tmux('capture-pane', '-p', '-S', '-100')).toContain('4 lines');
    const saved = readdirSync(folder).find((name) => name.endsWith('.json'))!;
    expect(JSON.parse(readFileSync(join(folder, saved), 'utf8'))).toMatchObject({
      schema: 'portreeve/audit/1',
      facts: { lines: 3 },
    });
  });

  it('takes keys from the terminal where lines come by a pipe, and ends by Ctrl-C', async () => {
    writeFileSync(log, line('10.0.0.5', 25));
    start(`tail -f fw.log | ${program} -`);
    await shows(/standard input ● live/);
    tmux('send-keys', '4');
    await shows(/FW-DROP +deny +1/);
    tmux('send-keys', 'C-c');
    expect(await shows(/code 0/)).toMatch(/PREFIXES|RULES/);
  });
});
