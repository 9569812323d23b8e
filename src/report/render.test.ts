import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow, renderCsv } from './csv.ts';
import { hostileText, unsafeIn } from './hostile.fixture.ts';
import { renderJson } from './json.ts';
import { FORMATS, type Format, renderReport } from './render.ts';
import { cardReport, ROWS, type Row, report } from './report.fixture.ts';
import type { Report } from './report.ts';
import type { Plain, Table } from './table.ts';
import { renderProblem } from './text.ts';
import { displayWidth } from './width.ts';

const ability = { width: 80, colour: false, unicode: true };

function render(subject: Report, format: Format): string {
  return [...renderReport(subject, format, { ability })].join('');
}

describe('text', () => {
  it('has the verdict first, then facts, tables, what was not seen, what to do next', () => {
    expect(render(report(), 'text')).toBe(`! 1 of 2 ports was only tried, never answered
1,204,334 packets · from tried

PORTS
     PORT  NAME     PACKETS   BYTES  CONFIRMED  PROCESS
  443/tcp  https  1,204,331  1.4 GB  yes        nginx: worker process
49667/tcp  -              3   180 B  no         =évil\\x1b[2J, "quoted" | <b>

NOT SEEN
processes of tried
  why  tried needs root
  do   sudo tried

next  portreeve flows tried   every flow

1 column left out to fit 80: FIRST SEEN (--wide shows all)
`);
  });

  it('says in one line at the end what several tables lack', () => {
    const { tables } = report();
    const [ports] = tables as [Table];
    const both = { ...report(), tables: [ports, { ...ports, key: 'more', heading: 'MORE' }] };
    const narrow = [...renderReport(both, 'text', { ability: { ...ability, width: 50 } })];
    expect(narrow.join('').trimEnd().split('\n').slice(-2).join(' ')).toBe(
      '6 columns left out to fit 50: 3 of PORTS, 3 of   MORE (--wide shows all)',
    );
  });

  it('shows compact cards under the heading of their table', () => {
    const card = () => ({
      heading: 'high  a scan of everything',
      mark: 'error' as const,
      lead: '',
      parts: [
        { label: 'why', lines: [{ say: 'word '.repeat(20) }] },
        { label: 'do', lines: [{ run: 'portreeve flows x' }] },
      ],
    });
    const [ports] = report([]).tables as [Table];
    const table: Table = { ...ports, heading: 'FINDINGS', rows: [1], compact: true, card };
    const drawn = render({ ...report(), tables: [table] }, 'text');
    expect(drawn).toContain(`
FINDINGS
✖ high  a scan of everything
  why  word word word word word word word word word word word word word word
       word word word word word word
  do     portreeve flows x
`);
    expect(render({ ...report(), tables: [table] }, 'markdown')).toContain(
      '\n## FINDINGS\n\n### ✖ high  a scan of everything\n\n* **why**\n',
    );
  });

  it('says that a table is empty, or leaves it out', () => {
    expect(render(report([]), 'text')).toContain('\nPORTS\nno port was seen\n');
    expect(render(report([]), 'text')).not.toContain('HOSTS');
  });

  it('tells problems as what, why, do', () => {
    const problem = {
      what: 'cannot capture on eth0\u001b[2J: permission denied',
      why: 'raw capture needs CAP_NET_RAW',
      ways: ['sudo portreeve setup-capture', 'read a file'],
    };
    expect(
      renderProblem(problem, ability),
    ).toBe(`✖ cannot capture on eth0\\x1b[2J: permission denied
  why  raw capture needs CAP_NET_RAW
  do   sudo portreeve setup-capture
  or   read a file
`);
  });

  it.each([
    ['a word', 'x'.repeat(5000)],
    ['words', 'x '.repeat(2500)],
    ['characters of two units', '\u{1f600}'.repeat(5000)],
    ['control characters', '\0'.repeat(5000)],
  ])('shows the ends of %s that nobody can have meant', (_, value) => {
    const text = renderProblem({ what: `no “${value}”`, why: value, ways: [value] }, ability);
    expect(text.length).toBeLessThan(8000);
    expect(text).toContain('…');
    expect(text).not.toContain('\ufffd');
    expect(text).toMatch(/^✖ no/);
  });

  it('shows names of files whole, and every line of a trace', () => {
    const name = `/${'folder/'.repeat(40)}lan.pcap`;
    const trace = Array.from({ length: 100 }, (_, line) => `at line ${line} of it`).join('\n');
    const text = renderProblem({ what: name, why: trace }, { ...ability, width: 400 });
    expect(text).toContain(name);
    expect(text).not.toContain('…');
  });
});

it('plain: one header line a table, tabs, exact values, nothing left out', () => {
  expect(render(report(), 'plain')).toBe(`# warning: 1 of 2 ports was only tried, never answered
# 1,204,334 packets
# from tried
# PORTS
port\tname\tpackets\tbytes\tconfirmed\tprocess\tfirstMs
443\thttps\t1204331\t1400000000\ttrue\tnginx: worker process\t1763800000123
49667\t\t3\t180\tfalse\t=évil\\x1b[2J, "quoted" | <b>\t1763800000999

# HOSTS
address
# not seen: processes of tried; why: tried needs root; do: sudo tried
# next: portreeve flows tried (every flow)
`);
});

describe('json', () => {
  it('is one document with a schema name and all sections', () => {
    const text = render(report(), 'json');
    expect(text.split('\n')[1]).toBe('  "schema": "portreeve/assess/1",');
    expect(JSON.parse(text)).toEqual({
      schema: 'portreeve/assess/1',
      verdict: { severity: 'warning', text: '1 of 2 ports was only tried, never answered' },
      facts: { packets: 1_204_334, source: 'tried', durationMs: 2_280_000 },
      ports: ROWS.map(({ octets, reason, ...row }) => ({
        ...row,
        bytes: octets,
        direction: { reason },
      })),
      hosts: [],
      notes: report().notes,
      next: report().next,
    });
  });

  it('refuses two parts of one name', () => {
    const twice = { ...report(), tables: [...report().tables, ...report().tables] };
    expect(() => [...renderJson(twice)]).toThrow(TypeError);
    const taken = { ...report(), tables: [{ ...report().tables[0]!, key: 'notes' }] };
    expect(() => [...renderJson(taken)]).toThrow(TypeError);
  });
});

it('ndjson: every line is an object that says its kind', () => {
  const lines = render(report(), 'ndjson').trimEnd().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map(({ kind }) => kind)).toEqual(['report', 'port', 'port', 'note', 'next']);
  expect(objects[0]).toMatchObject({ schema: 'portreeve/assess/1', facts: { source: 'tried' } });
  expect(objects[2]).toMatchObject({ process: ROWS[1]!.process, name: null, port: 49_667 });
});

describe('csv', () => {
  it('is one table', () => {
    expect(render(report(), 'csv')).toBe(
      [
        'port,name,packets,bytes,confirmed,process,firstMs,direction',
        '443,https,1204331,1400000000,true,nginx: worker process,1763800000123,"{""reason"":""syn""}"',
        '49667,,3,180,false,"\'=évil\\x1b[2J, ""quoted"" | <b>",1763800000999,"{""reason"":""port class""}"',
        '',
      ].join('\r\n'),
    );
  });

  it('takes the table asked for, and names those there are', () => {
    expect([...renderCsv(report(), 'hosts')].join('')).toBe('address\r\n');
    expect(() => [...renderCsv(report(), 'flows')]).toThrow('there is: ports, hosts');
  });

  it.each<[Plain, string]>([
    ['=1+1', "'=1+1"],
    ['+49', "'+49"],
    ['-x', "'-x"],
    ['@sum', "'@sum"],
    ['\t=1', "'\\x09=1"],
    ['\r=1', "'\\x0d=1"],
    ['＝1', "'＝1"],
    ['a=1', 'a=1'],
    [-5, '-5'],
    [1e21, '1e+21'],
    [Number.NaN, ''],
    [null, ''],
    [false, 'false'],
    ['', ''],
    ['a,b', '"a,b"'],
    ['a"b', '"a""b"'],
    ['a\nb', 'a\\x0ab'],
    [[1, 'x'], '"[1,""x""]"'],
  ])('%j is the cell %s', (value, cell) => {
    const columns = [{ key: 'x', title: 'X', value: () => value }];
    expect(csvRow(columns, {})).toBe(`${cell}\r\n`);
  });

  it('is read back by a parser of RFC 4180', () => {
    // Carriage return, line feed and other unsafe characters are escaped before; see escape.test.ts.
    const safe = hostileText.filter(
      (text) => unsafeIn(text).length === 0 && !/^[=+\-@＝＋－＠]/.test(text),
    );
    fc.assert(
      fc.property(fc.array(fc.array(safe, { minLength: 3, maxLength: 3 })), (rows) => {
        const columns = [0, 1, 2].map((index) => ({
          key: `c${index}`,
          title: '',
          value: (row: string[]) => row[index]!,
        }));
        expect(parseCsv(rows.map((row) => csvRow(columns, row)).join(''))).toEqual(rows);
      }),
    );
  });
});

/** A strict reader of RFC 4180 with CRLF; throws on quotes out of place. */
function parseCsv(text: string): string[][] {
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  const rows: string[][] = [];
  let row: string[] = [];
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (match === null) throw new Error(`no field in ${JSON.stringify(text)}`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('markdown', () => {
  it('has headings, tables, lists', () => {
    expect(render(report(), 'markdown')).toBe(`**\\! 1 of 2 ports was only tried, never answered**

1,204,334 packets · from tried

## PORTS

| PORT | NAME | PACKETS | BYTES | CONFIRMED | PROCESS | FIRST SEEN |
| --: | --- | --: | --: | --- | --- | --- |
| 443/tcp | https | 1,204,331 | 1.4 GB | yes | nginx: worker process | 2025-11-22T08:26:40.123Z |
| 49667/tcp | - | 3 | 180 B | no | =évil\\\\x1b\\[2J, "quoted" \\| &lt;b&gt; | 2025-11-22T08:26:40.999Z |

## Not seen

* processes of tried
  * why: tried needs root
  * do: sudo tried

## Next

* \`portreeve flows tried\`: every flow
`);
  });

  it.each([
    ['a`b', '``portreeve flows a`b``'],
    ['`', '`` portreeve flows ` ``'],
    ['@team www.x.example http://x', '&#64;team www&#46;x.example http&#58;//x'],
    ['$x$ ~~y~~ *z* _u_ [v](w)', '\\$x\\$ \\~\\~y\\~\\~ \\*z\\* \\_u\\_ \\[v\\](w)'],
    ['\n# x', 'from \\\\x0a# x'],
  ])('makes %j harmless', (text, expected) => {
    expect(render(report(ROWS, text), 'markdown')).toContain(expected);
  });

  it.each([
    ['# x', '\\# x'],
    ['- x', '\\- x'],
    ['1. x', '1\\. x'],
    ['192.0.2.1', '192.0.2.1'],
    ['---', '\\---'],
  ])('begins no block with %s', (text, expected) => {
    const notes = [{ what: text }];
    expect(render({ ...report(), notes }, 'markdown')).toContain(`* ${expected}\n`);
  });
});

describe('cards', () => {
  const one = cardReport(
    [{ ...ROWS[0]!, process: 'web | <b>', reason: 'on `80`' }],
    'Serves pages.',
  );

  it('are headings, labelled lines and whole commands at a terminal', () => {
    const cards = render({ ...one, facts: [], notes: [], next: [] }, 'text');
    expect(cards).toBe(`! 1 of 2 ports was only Serves pages., never answered

port web | <b>
Serves pages.

name     https
         on \`80\`
on \`80\`    stop web | <b>
`);
  });

  it('are headings and lists in Markdown', () => {
    const cards = render({ ...one, facts: [], notes: [], next: [] }, 'markdown');
    expect(cards.slice(cards.indexOf('\n'))).toBe(`

## port web \\| &lt;b&gt;

Serves pages.

* **name**
  * https
  * on \\\`80\\\`
* **on \\\`80\\\`**
  * \`stop web | <b>\`
`);
  });

  it.each(['json', 'ndjson', 'csv', 'plain'] as const)('change nothing in %s', (format) => {
    const { tables, ...rest } = report();
    expect(render(cardReport(), format)).toBe(render({ ...rest, tables: [tables[0]!] }, format));
  });
});

describe('for any content', () => {
  const row = fc.record({
    port: fc.nat(65535),
    name: fc.option(hostileText),
    packets: fc.nat(),
    octets: fc.double(),
    confirmed: fc.boolean(),
    process: hostileText,
    firstMs: fc.double(),
    reason: hostileText,
  });

  it.each(FORMATS)('%s lets nothing unsafe through', (format) => {
    const allowed = { plain: '\t\n', csv: '\r\n' }[format as string] ?? '\n';
    fc.assert(
      fc.property(fc.array<Row>(row, { maxLength: 4 }), hostileText, (rows, text) => {
        const output = render(report(rows, text), format);
        expect(unsafeIn(output, allowed)).toEqual([]);
        if (format === 'text') {
          for (const line of output.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each(['text', 'markdown'] as const)('%s lets nothing unsafe out of cards', (format) => {
    fc.assert(
      fc.property(fc.array<Row>(row, { maxLength: 4 }), hostileText, (rows, text) => {
        const output = render(cardReport(rows, text), format);
        expect(unsafeIn(output, '\n')).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('plain, ndjson, csv and markdown keep to one line a row', () => {
    fc.assert(
      fc.property(fc.array<Row>(row, { maxLength: 4 }), hostileText, (rows, text) => {
        const lines = (format: Format) => render(report(rows, text), format).split(/\r?\n/);
        const data = lines('plain').filter((line) => line !== '' && !line.startsWith('# '));
        expect(data.map((line) => line.split('\t').length)).toEqual([7, ...rows.map(() => 7), 1]);
        expect(lines('ndjson')).toHaveLength(1 + rows.length + 2 + 1);
        expect(lines('csv')).toHaveLength(1 + rows.length + 1);
        const cells = lines('markdown').filter((line) => line.startsWith('|'));
        expect(cells).toHaveLength(rows.length === 0 ? 0 : rows.length + 2);
        for (const line of cells) {
          expect(line.replace(/\\./g, '').split('|')).toHaveLength(9);
          expect(line).not.toMatch(/[<>]/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('json and ndjson are exact', () => {
    fc.assert(
      fc.property(fc.array<Row>(row, { maxLength: 4 }), hostileText, (rows, text) => {
        const document = JSON.parse(render(report(rows, text), 'json'));
        const exact = rows.map(({ name, process }) => ({ name, process }));
        expect(document.ports).toMatchObject(exact);
        expect(document.facts.source).toBe(text);
        const lines = render(report(rows, text), 'ndjson').trimEnd().split('\n');
        const objects = lines.map((line) => JSON.parse(line));
        expect(objects.filter(({ kind }) => kind === 'port')).toMatchObject(exact);
      }),
      { numRuns: 300 },
    );
  });
});
