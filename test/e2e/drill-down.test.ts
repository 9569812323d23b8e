/** `assess` looks closer: one port, one host, some flows, one part of the answer. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { built, runCli } from './run-cli.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const cwd = { cwd: EXAMPLES };

async function answerTo(...options: readonly string[]) {
  const { code, out, err } = await runCli(['assess', ...options, '--json'], cwd);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

describe.runIf(built)('assess, closer', () => {
  it.each([
    ['--port 80', ['--port', '80'], [80]],
    ['--port 53/udp', ['--port', '53/udp'], [53]],
    ['--port 137-138', ['--port', '137-138'], [138, 137]],
    ['--host', ['--host', '10.0.2.21'], [80, 138, 137, 67, 53, 123]],
    ['--client', ['--client', '10.0.2.21', '--server', '10.0.2.10'], [67, 53, 123]],
    ['--server', ['--server', '203.0.113.0/24'], [80]],
    ['--where', ['--where', 'proto:udp status:answered host:10.0.2.21'], [67, 53, 123]],
    ['both', ['--port', '138', '--where', 'host:10.0.2.10 or host:10.0.2.11'], [138]],
    ['nothing', ['--port', '9'], []],
  ])('%s', async (_what, options, ports) => {
    const whole = await answerTo('evening-office.pcapng');
    const part = await answerTo('evening-office.pcapng', ...options);
    expect(part.ports.map(({ port }: { port: number }) => port)).toEqual(ports);
    expect(part.schema).toBe('portreeve/assess/1');
    expect(part.facts.filter).toEqual(expect.any(String));
    expect(part.facts.matchedFlows).toBeLessThan(whole.facts.flows);
    expect(part.facts.flows).toBe(whole.facts.flows);
    expect(part.remainder).toBeUndefined();
    const matched = part.ports.reduce(
      (sum: number, port: { flows: number }) => sum + port.flows,
      0,
    );
    expect(part.facts.matchedFlows).toBe(matched);
  });

  it('gives the same figures for a port as the whole answer has', async () => {
    const whole = await answerTo('small-office.pcapng');
    const part = await answerTo('small-office.pcapng', '--port', '445');
    const row = whole.ports.find(({ port }: { port: number }) => port === 445);
    expect(part.ports).toEqual([row]);
  });

  it.each<[capture: string, options: readonly string[], ids: readonly string[]]>([
    ['evening-office', ['--host', '10.0.2.22'], ['port-hopping', 'legacy-names']],
    ['evening-office', ['--host', '10.0.2.5'], []],
    ['evening-office', ['--port', '1041'], ['port-hopping']],
    ['evening-office', ['--port', '53'], []],
    // A host that the finding does not name, and a network of them.
    ['small-office', ['--host', '10.0.3.24'], ['legacy-names']],
    ['small-office', ['--client', '203.0.113.0/24', '--port', '3389'], ['equal-size-probes']],
    ['small-office', ['--where', 'service:rdp'], ['equal-size-probes']],
    ['small-office', ['--where', 'proto:udp'], ['legacy-names']],
    ['small-office', ['--port', '443'], []],
  ])('keeps the findings of %s that %j asks for', async (capture, options, ids) => {
    const { findings } = await answerTo(`${capture}.pcapng`, ...options);
    expect(findings.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it.each([
    ['--conversations', ['conversations']],
    ['--hosts', ['roles', 'hosts']],
    ['--over-time', ['overTime']],
  ])('%s is one part alone', async (option, keys) => {
    const answer = await answerTo('evening-office.pcapng', option);
    const lists = Object.keys(answer).filter((key) => Array.isArray(answer[key]));
    expect(lists).toEqual([...keys, 'notes', 'next']);
  });

  it('says what a packet filter left out, and judges no share of it', async () => {
    const { facts, notes, findings } = await answerTo('evening-office.pcapng', '--filter', 'udp');
    expect(facts).toMatchObject({ packets: 167, passedOver: 426 });
    expect(notes[0]).toMatchObject({ id: 'filter', what: '426 frames that do not match “udp”' });
    const ids = findings.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(['port-hopping', 'legacy-names']);
  });

  it('shows the lengths of packets beside the part that is asked for', async () => {
    const { sizes, hosts } = await answerTo('evening-office.pcapng', '--hosts', '--sizes');
    expect([sizes.length, hosts.length]).toEqual([20, 7]);
    const part = ['assess', 'evening-office.pcapng', '--port', '80', '--sizes'];
    expect((await runCli(part, cwd)).out).toMatch(/ON THE WIRE \(of the whole capture\)/);
  });

  it('says neither client nor server of a host where nobody can say', async () => {
    const { hosts } = await answerTo('evening-office.pcapng', '--where', 'status:unknown');
    for (const { flowsAsClient, flowsAsServer, packetsSent, packetsReceived } of hosts) {
      expect([flowsAsClient, flowsAsServer]).toEqual([0, 0]);
      expect(packetsSent + packetsReceived).toBe(12);
    }
  });

  it('speaks of unknown directions only where flows asked for have them', async () => {
    const ids = async (...options: string[]) =>
      (await answerTo('evening-office.pcapng', ...options)).notes.map(
        ({ id }: { id: string }) => id,
      );
    expect(await ids('--port', '80')).toEqual([]);
    expect(await ids('--host', '10.0.2.22')).toEqual(['direction-unknown']);
  });

  it('counts every packet and every flow over time', async () => {
    const { facts, overTime } = await answerTo('evening-office.pcapng', '--over-time');
    const sum = (key: string) =>
      overTime.reduce((total: number, slice: Record<string, number>) => total + slice[key]!, 0);
    expect(sum('packets')).toBe(facts.packets);
    expect(sum('flows')).toBe(facts.flows);
    expect(overTime.length).toBeLessThanOrEqual(32);
  });

  it('counts the packets of a port over time, and says when it cannot', async () => {
    const port = await answerTo('evening-office.pcapng', '--over-time', '--port', '80');
    const packets = port.overTime.reduce(
      (sum: number, slice: { packets: number }) => sum + slice.packets,
      0,
    );
    expect(packets).toBe(48);
    const state = await answerTo('evening-office.pcapng', '--over-time', '--where', 'state:SF');
    expect(state.overTime[0]).toMatchObject({ packets: null, bytes: null });
    const { out } = await runCli(
      ['assess', 'evening-office.pcapng', '--over-time', '--where', 'state:SF'],
      cwd,
    );
    expect(out).toMatch(/Packets are not counted: the filter asks/);
  });

  it('shows a chart of 80 columns', async () => {
    const { out } = await runCli(
      ['assess', 'evening-office.pcapng', '--over-time', '--port', '22', '--width', '80'],
      cwd,
    );
    await expect(out).toMatchFileSnapshot('golden/assess-over-time.txt');
  });

  it.each([
    [
      ['--where', 'sevrice:rdp'],
      /--where, character 1: there is no word “sevrice”\n {2}why {2}⟦sevrice⟧:rdp\n {2}do {3}did you mean service\?/,
    ],
    [
      ['--where', 'port:443 zone:outsde'],
      /character 15: there is no zone “outsde”[\s\S]*did you mean outside\?/,
    ],
    [['--where', '(port:1'], /character 1: this parenthesis is never closed/],
    [['--port', '80x'], /--port, character 6: a port is 443, 135-139 or 53\/udp/],
    [['--host', '10.0.0.0.1'], /--host, character 6: .*not an IPv4 or IPv6/],
    [['--threshold', 'scan-prts=3'], /no threshold scan-prts\. Did you mean scan-ports\?/],
    [['--threshold', 'scan-failed=7'], /scan-failed is a number from 0 to 1/],
    [['--threshold', 'scan-ports'], /It has the form scan-ports=15/],
    [['--dark', '10.0.0.1/8'], /write\s+10\.0\.0\.0\/8/],
    [['--fail-on', 'doom'], /Allowed choices are/],
  ])('refuses %j', async (options, message) => {
    const { code, out, err } = await runCli(['assess', 'evening-office.pcapng', ...options], cwd);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('takes other thresholds', async () => {
    const { findings } = await answerTo('evening-office.pcapng', '--threshold', 'hop-ports=13');
    expect(findings.map(({ id }: { id: string }) => id)).not.toContain('port-hopping');
  });
});

describe.runIf(built)('flows, fewer', () => {
  it.each([
    ['port:80', 4],
    ['status:unknown', 12],
    ['service:ssh', 2],
    ['port:9', 0],
  ])('--where %s', async (where, flows) => {
    const lines = await runCli(['flows', 'evening-office.pcapng', '--where', where], cwd);
    expect([lines.code, lines.err]).toEqual([0, '']);
    expect(lines.out.split('\n').filter((line) => line !== '')).toHaveLength(flows);
    const { out } = await runCli(
      ['flows', 'evening-office.pcapng', '--where', where, '--json'],
      cwd,
    );
    const answer = JSON.parse(out);
    expect(answer.flows).toHaveLength(flows);
    expect(answer.facts.flows).toBe(flows);
  });

  it('counts those that leave memory early', async () => {
    const args = ['flows', 'evening-office.pcapng', '--where', 'port:138', '--max-flows', '64'];
    const { out } = await runCli([...args, '--json'], cwd);
    expect(JSON.parse(out).facts.flows).toBe(75);
  });

  it('refuses what is no filter', async () => {
    const { code, err } = await runCli(['flows', 'evening-office.pcapng', '--where', 'prt:1'], cwd);
    expect(code).toBe(2);
    expect(err).toMatch(/--where, character 1: there is no word “prt”[\s\S]*did you mean port\?/);
  });
});
