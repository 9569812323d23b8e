/** Letters of the history, and the sequence arithmetic behind T, W and G. */
import { describe, expect, it } from 'vitest';
import { flowsOf, tcpTalk } from '../../test/builders/conversation.ts';

const OPEN = ['> S 100', '< SA 500 101', '> A 101 501'];
const times = (count: number, line: string) => Array.from({ length: count }, () => line);

function historyOf(lines: readonly string[]): string {
  const flows = flowsOf(tcpTalk(lines));
  expect(flows).toHaveLength(1);
  return flows[0]!.history;
}

describe('history', () => {
  it.each<[string, string, string[]]>([
    ['one retransmission', 'ShADT', [...OPEN, ...times(2, '> PA 101 501 +10')]],
    ['nine retransmissions', 'ShADT', [...OPEN, ...times(10, '> PA 101 501 +10')]],
    ['ten retransmissions', 'ShADTT', [...OPEN, ...times(11, '> PA 101 501 +10')]],
    ['a hundred retransmissions', 'ShADTTT', [...OPEN, ...times(101, '> PA 101 501 +10')]],
    ['retransmissions by the server', 'ShAdt', [...OPEN, ...times(2, '< PA 501 101 +10')]],
    [
      'an overlap that brings new octets is none',
      'ShAD',
      [...OPEN, '> PA 101 501 +10', '> PA 106 501 +10'],
    ],
    ['a zero window', 'ShAaw', [...OPEN, '< A 501 101 w0']],
    ['ten zero windows', 'ShAaww', [...OPEN, ...times(10, '< A 501 101 w0')]],
    ['a zero window with RST is none', 'ShAr', [...OPEN, '< R 501 0 w0']],
    [
      'a zero window after the FIN of the peer is none',
      'ShAFa',
      [...OPEN, '> FA 101 501', '< A 501 102 w0'],
    ],
    ['a zero window in a SYN', 'SW', ['> S 100 w0']],
    ['a gap', 'ShAaG', [...OPEN, '< A 501 201']],
    [
      'ten gaps',
      'ShAaGG',
      [...OPEN, ...Array.from({ length: 10 }, (_, i) => `< A 501 ${201 + 100 * i}`)],
    ],
    ['the rest of a gap is not counted again', 'ShAaG', [...OPEN, ...times(3, '< A 501 201')]],
    ['a gap of the server', 'ShAg', [...OPEN, '> A 101 900']],
    [
      'a SYN repeated',
      'ShA',
      ['> S 100', '> S 100', '< SA 500 101', '< SA 500 101', '> A 101 501'],
    ],
    ['a SYN with data', 'ShA', ['> S 100 0 +20', '< SA 500 121', '> A 121 501']],
    ['FIN with RST', 'ShAI', [...OPEN, '> FRA 101 501']],
    ['SYN with RST', 'Q', ['> SR 100']],
    ['SYN with FIN', 'Q', ['> SF 100']],
    ['all flags', 'I', ['> FSRPAU 100']],
    ['no flags', '', ['> - 100']],
    ['the SYN-ACK before the SYN', '^hSA', ['< SA 500 101', '> S 100', '> A 101 501']],
    [
      'both ends open',
      'SsHhA',
      ['> S 100', '< S 500', '> SA 100 501', '< SA 500 101', '> A 101 501'],
    ],
    ['an RST repeated', 'ShAr', [...OPEN, '< R 501', '< R 501']],
    ['data after RST', 'ShArd', [...OPEN, '< R 501', '< PA 501 101 +5']],
  ])('%s: %s', (_, history, lines) => {
    // The SYN-ACK-first rows turn the roles round: the mark says so.
    expect(historyOf(lines)).toBe(history);
  });

  it.each([0, 1, 50, 99, 100, 101])(
    'crosses the end of the sequence space after %i octets',
    (before) => {
      const isn = 2 ** 32 - 1 - before;
      const at = (offset: number) => (isn + 1 + offset) % 2 ** 32;
      const lines = [
        `> S ${isn}`,
        `< SA 500 ${at(0)}`,
        `> A ${at(0)} 501`,
        `> PA ${at(0)} 501 +60`,
        `> PA ${at(60)} 501 +60`,
        `< A 501 ${at(120)}`,
        `> FA ${at(120)} 501`,
        `< FA 501 ${at(121)}`,
        `> A ${at(121)} 502`,
      ];
      expect(historyOf(lines)).toBe('ShADaFf');
      expect(historyOf([...lines.slice(0, 4), lines[3]!])).toBe('ShADT');
      expect(historyOf([...lines.slice(0, 4), `< A 501 ${at(500)}`])).toBe('ShADaG');
    },
  );

  /** Every flag in turn, then T, W and G of both sides at 1, 10, 100 and 1000. */
  function longTalk(): string[] {
    const lines = [...OPEN, '> PA 101 501 +10', '< PA 501 111 +10', '> A 111 511'];
    for (let index = 0; index < 1000; index++) {
      lines.push('> PA 101 511 +10 w0', '< PA 501 111 +10 w0');
    }
    for (let index = 1; index <= 1000; index++) {
      lines.push(`> A 111 ${511 + 10 * index}`, `< A 501 ${111 + 10 * index}`);
    }
    return lines;
  }

  it('goes on beyond the 18 letters of a row', () => {
    const history = historyOf(longTalk());
    expect(history).toBe('ShADdTWtwTWtwTWtwTWtwgaGgGgGgG');
    expect(history.length).toBeGreaterThan(18);
  });

  it('stops at 42 letters', () => {
    const lines = longTalk();
    for (let index = 0; index < 9100; index++) {
      lines.push('> PA 101 511 +10 w0', '< PA 501 111 +10 w0');
    }
    for (let index = 1; index <= 9100; index++) {
      lines.push(`> A 111 ${10511 + 10 * index}`, `< A 501 ${10111 + 10 * index}`);
    }
    lines.push(
      '> FRA 111 1',
      '> SFA 9 1',
      '< FRA 9 1',
      '< FR 9 1',
      '> F 1',
      '< F 1',
      '> R 5',
      '< R 5',
    );
    const history = historyOf(lines);
    expect(history.slice(0, 30)).toBe('ShADdTWtwTWtwTWtwTWtwgaGgGgGgG');
    expect(history.length).toBeLessThanOrEqual(42);
    const [flow] = flowsOf(tcpTalk(lines));
    expect(flow!.retransmitted).toBeGreaterThan(20_000);
  });
});
