import { describe, expect, it } from 'vitest';
import type { Verdict } from '../model/verdict.ts';
import { AttemptLines } from './denied.ts';

const MINUTE = 60_000;

function line(more: Partial<Verdict>): Verdict {
  return {
    ...{ kind: 'verdict', format: 'netfilter', action: 'deny', event: 'packet', count: 1 },
    ...{ transport: 'tcp', source: '10.0.1.10', sourcePort: 50_000, destination: '10.0.2.20' },
    ...{ destinationPort: 1433, initiator: 'unknown', direction: 'none', tcpFlags: 2 },
    ...{ group: false, rule: null, inInterface: null, outInterface: null, inZone: null },
    ...{ outZone: null, device: null, application: null, reason: null, packets: null },
    ...{ bytes: null, packetsBack: null, bytesBack: null, timeMs: 0, locator: 'fw.log:1' },
    ...more,
  };
}

function told(...lines: readonly Partial<Verdict>[]) {
  const attempts = new AttemptLines(() => 7 * MINUTE);
  const found = lines.flatMap((more) => {
    const attempt = attempts.attemptOf(line(more));
    if (attempt === undefined) return [];
    const { flow, denied } = attempt;
    return `${denied ? '-' : '+'} ${flow.client} ${flow.server}:${flow.serverPort} ${flow.firstMs}`;
  });
  return { found, attempts };
}

const SQL = '- 10.0.1.10 10.0.2.20:1433';

describe('AttemptLines', () => {
  it.each<[string, readonly Partial<Verdict>[], readonly string[]]>([
    ['a denied SYN', [{}], [`${SQL} 0`]],
    [
      'its retries within five minutes',
      [{}, { timeMs: MINUTE }, { timeMs: 5 * MINUTE }],
      [`${SQL} 0`],
    ],
    ['a try after that', [{}, { timeMs: 6 * MINUTE }], [`${SQL} 0`, `${SQL} ${6 * MINUTE}`]],
    ['another port of the client', [{}, { sourcePort: 50_001 }], [`${SQL} 0`, `${SQL} 0`]],
    ['a segment that opens nothing', [{ tcpFlags: 16 }], []],
    ['no address', [{ source: null }], []],
    ['no time: that of the reading', [{ timeMs: null }], [`${SQL} ${7 * MINUTE}`]],
    ['a line without a verdict', [{ action: 'unknown' }], []],
    [
      'the destination began',
      [{ initiator: 'destination', tcpFlags: null }],
      ['- 10.0.2.20 10.0.1.10:50000 0'],
    ],
    [
      'let through, and who began is known',
      [{ action: 'allow', initiator: 'source' }],
      ['+ 10.0.1.10 10.0.2.20:1433 0'],
    ],
    ['let through, and who began is not known', [{ action: 'allow' }], []],
    [
      'an end of what was counted when it opened',
      [
        { action: 'allow', initiator: 'source', event: 'open' },
        { action: 'allow', initiator: 'source', event: 'end', timeMs: 60 * MINUTE },
      ],
      ['+ 10.0.1.10 10.0.2.20:1433 0'],
    ],
    [
      'ends alone',
      [{ action: 'allow', initiator: 'source', event: 'end', timeMs: 60 * MINUTE }],
      [`+ 10.0.1.10 10.0.2.20:1433 ${60 * MINUTE}`],
    ],
  ])('%s', (_, lines, expected) => {
    expect(told(...lines).found).toEqual(expected);
  });

  it('counts denials by second, where the kernel logs, and what opens nothing', () => {
    const { attempts } = told(
      ...[{ count: 3 }, {}, { timeMs: 999 }, { timeMs: 1000 }, { tcpFlags: 16, timeMs: 2000 }],
      ...[{ format: 'cisco-asa', count: 100, timeMs: 3000 }],
    );
    expect(attempts).toMatchObject({
      ...{ denials: 107, mostPerSecond: 5, unusable: 1, firstMs: 0, lastMs: 3000 },
    });
  });
});
