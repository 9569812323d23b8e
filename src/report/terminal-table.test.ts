import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostileText, unsafeIn } from './hostile.fixture.ts';
import { portTable, ROWS } from './report.fixture.ts';
import type { Column, Table } from './table.ts';
import { palette } from './terminal.ts';
import { tableLines } from './terminal-table.ts';
import { displayWidth } from './width.ts';

/** The lines, and the titles of columns that were left out. */
function drawAll(table: Table, width: number, unicode = true): [string[], readonly string[]] {
  const lines = tableLines(table, palette({ width, colour: false, unicode }));
  const drawn: string[] = [];
  for (let next = lines.next(); ; next = lines.next()) {
    if (next.done === true) return [drawn, next.value];
    drawn.push(...next.value.split('\n'));
  }
}

function draw(table: Table, width: number, unicode = true): string[] {
  return drawAll(table, width, unicode)[0];
}

describe('the port table', () => {
  it('shows all there is when it fits', () => {
    expect(draw(portTable(ROWS), 120)).toEqual([
      '     PORT  NAME     PACKETS   BYTES  CONFIRMED  PROCESS                       FIRST SEEN',
      '  443/tcp  https  1,204,331  1.4 GB  yes        nginx: worker process         2025-11-22T08:26:40.123Z',
      '49667/tcp  -              3   180 B  no         =évil\\x1b[2J, "quoted" | <b>  2025-11-22T08:26:40.999Z',
    ]);
  });

  it('drops by priority, then shortens only the growing column, and says what is missing', () => {
    expect(drawAll(portTable(ROWS), 72)).toEqual([
      [
        '     PORT  NAME     PACKETS   BYTES  CONFIRMED  PROCESS',
        '  443/tcp  https  1,204,331  1.4 GB  yes        nginx: worker process',
        '49667/tcp  -              3   180 B  no         =évil\\x1b[2J, "quoted" …',
      ],
      ['FIRST SEEN'],
    ]);
    expect(drawAll(portTable(ROWS), 50)).toEqual([
      [
        '     PORT  NAME   CONFIRMED  PROCESS',
        '  443/tcp  https  yes        nginx: worker process',
        '49667/tcp  -      no         =évil\\x1b[2J, "quote…',
      ],
      ['PACKETS', 'BYTES', 'FIRST SEEN'],
    ]);
  });

  it('asks once for what rows of the same subject say, and keeps each row’s own cells', () => {
    const [nginx, sshd] = [{ name: 'nginx' }, { name: 'sshd' }];
    const rows = [nginx, nginx, sshd, nginx, nginx].map((owner, at) => ({ owner, port: at % 2 }));
    type Row = (typeof rows)[number];
    const asked: Row[] = [];
    const columns: Column<Row>[] = [
      { key: 'port', title: 'PORT', value: ({ port }) => port },
      {
        ...{ key: 'owner', title: 'OWNER', about: ({ owner }) => owner },
        value: () => null,
        text: (row) => {
          asked.push(row);
          return row.owner.name;
        },
      },
    ];
    const table = { key: 'many', kind: 'one', heading: 'MANY', columns, rows } as Table;
    expect(draw(table, 40)).toEqual([
      'PORT  OWNER',
      '0     nginx',
      '1     nginx',
      '0     sshd',
      '1     nginx',
      '0     nginx',
    ]);
    expect(asked).toEqual([rows[0], rows[2], rows[3]]);
  });

  it('drops first what says nothing, whatever its priority', () => {
    const said = (key: string, text: string, priority: number): Column => ({
      ...{ key, title: key.toUpperCase(), value: () => null, text: () => text, priority },
    });
    const columns = [said('blank', '-', 1), said('rule', 'from the office', 9)];
    const table: Table = { key: 'many', kind: 'one', heading: 'MANY', columns, rows: [0] };
    expect(drawAll(table, 15)).toEqual([['RULE', 'from the office'], []]);
    expect(draw(table, 40)).toEqual(['BLANK  RULE', '-      from the office']);
  });

  it('keeps of a growing column what it asks for, before others', () => {
    const text = 'permit tcp any host 10.0.2.20 eq 443';
    const columns: Column[] = [
      { key: 'rule', title: 'RULE', value: () => text, grow: true, least: 24 },
      { key: 'last', title: 'LAST HIT', value: () => '2026-10-03 10:00:01', priority: 1 },
    ];
    const table: Table = { key: 'many', kind: 'one', heading: 'MANY', columns, rows: [0] };
    expect(drawAll(table, 40)).toEqual([['RULE', text], ['LAST HIT']]);
    expect(drawAll(table, 45)).toEqual([
      ['RULE                      LAST HIT', 'permit tcp any host 10.…  2026-10-03 10:00:01'],
      [],
    ]);
  });

  it('wraps a growing column that says so, the others beside its first line', () => {
    const columns: Column<readonly [string, string]>[] = [
      { key: 'kind', title: 'KIND', value: ([kind]) => kind },
      { key: 'why', title: 'WHY', value: ([, why]) => why, grow: true, wraps: true, least: 8 },
      { key: 'count', title: 'COUNT', value: () => 7, align: 'right' },
    ];
    const rows = [
      ['late', 'a segment that opens nothing'],
      ['scan', 'many targets'],
    ] as const;
    const table = { key: 'many', kind: 'one', heading: 'MANY', columns, rows } as unknown as Table;
    expect(drawAll(table, 28)).toEqual([
      [
        'KIND  WHY              COUNT',
        'late  a segment that       7',
        '      opens nothing',
        'scan  many targets         7',
      ],
      [],
    ]);
  });

  it('lets cells flow over several lines where the columns that must stay do not fit', () => {
    expect(drawAll(portTable(ROWS), 24, false)).toEqual([
      [
        'PORT  NAME  CONFIRMED',
        '  PROCESS',
        '443/tcp  https  yes',
        '  nginx: worker process',
        '49667/tcp  -  no',
        '  =\\xe9vil\\x1b[2J,',
        '  "quoted" | <b>',
      ],
      ['PACKETS', 'BYTES', 'FIRST SEEN'],
    ]);
  });

  it('shortens nothing without a limit', () => {
    const [, , line] = draw(portTable(ROWS), Number.POSITIVE_INFINITY);
    expect(line).toContain('=évil\\x1b[2J, "quoted" | <b>');
  });

  it('has every row once, however many there are', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => index);
    const columns: Column[] = [{ key: 'n', title: 'N', value: (row) => row as number }];
    const table: Table = { key: 'many', kind: 'one', heading: 'MANY', columns, rows };
    expect(draw(table, 80)).toEqual(['N', ...rows.map(String)]);
    expect(draw({ ...table, rows: rows.slice(0, 128) }, 80)).toHaveLength(129);
  });

  it('colours cells without moving them', () => {
    const style = palette({ width: 120, colour: true, unicode: true });
    const lines = [...tableLines(portTable(ROWS), style)].flatMap((piece) => piece.split('\n'));
    expect(lines[1]).toContain('\u001b[32myes\u001b[39m');
    expect(lines[2]).toContain('\u001b[33mno\u001b[39m');
    const plain = (line: string) => line.replaceAll('\u001b', '').replace(/\[\d+m/g, '');
    expect(lines.map(plain)).toEqual(draw(portTable(ROWS), 120));
  });
});

describe('which columns go first', () => {
  const column = (key: string, priority: number): Column => ({
    key,
    title: key,
    priority,
    value: () => 'xxxxxxxxx',
  });
  it.each([
    [64, 'a b c d e'],
    [53, 'a b c d e'],
    [52, 'a b c e'],
    [41, 'a b e'],
    [30, 'a e'],
    [20, 'a e'],
  ])('at %i columns there are %s', (width, kept) => {
    const columns = [
      column('a', 0),
      column('b', 1),
      column('c', 2),
      column('d', 2),
      column('e', 0),
    ];
    const table = { key: 'x', kind: 'x', heading: 'X', rows: [1], columns };
    expect(draw(table, width)[0]!.split(/ +/).join(' ')).toBe(kept);
  });
});

describe('for any content', () => {
  const cells = fc.array(fc.array(hostileText, { minLength: 4, maxLength: 4 }), { maxLength: 5 });
  const shape = fc.record({
    priorities: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    grow: fc.nat(4),
    right: fc.nat(4),
  });

  it('no line exceeds the width, none ends in a blank, nothing unsafe is shown', () => {
    fc.assert(
      fc.property(
        cells,
        shape,
        fc.integer({ min: 20, max: 160 }),
        fc.boolean(),
        (rows, { priorities, grow, right }, width, unicode) => {
          const columns = priorities.map(
            (priority, index): Column<string[]> => ({
              key: `c${index}`,
              title: `TITLE ${index}`,
              priority,
              grow: grow === index,
              align: right === index ? 'right' : 'left',
              value: (row) => row[index]!,
            }),
          );
          const table: Table<string[]> = { key: 'x', kind: 'x', heading: 'X', rows, columns };
          for (const line of draw(table, width, unicode)) {
            expect(displayWidth(line)).toBeLessThanOrEqual(width);
            expect(unsafeIn(line)).toEqual([]);
            expect(line).not.toMatch(/ $/);
            if (!unicode) expect(line).toMatch(/^[\x20-\x7e]*$/);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
