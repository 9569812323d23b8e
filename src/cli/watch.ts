/** `portreeve watch`: ports, hosts and conversations as they pass, in a terminal or as lines. */
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { Filter } from '../pipeline/filters.ts';
import type { Picture } from '../pipeline/watch.ts';
import { type LastLook, type Look, WatchThread } from '../pipeline/watch-thread.ts';
import { printable, safeJson } from '../report/escape.ts';
import { bytes, counted } from '../report/numbers.ts';
import { terminalAbility } from '../report/terminal.ts';
import { wholeNumber } from './capture-options.ts';
import { DONE, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { filterOf } from './filter-option.ts';
import { addLiveOptions, type LiveOptions, parseDuration } from './interface-options.ts';
import { liveLines } from './live-page.ts';
import { type LiveState, newState, type Wish } from './live-state.ts';
import { LiveTerminal } from './live-terminal.ts';
import { announce, namesOf, type Opened, openLive } from './open-interfaces.ts';
import { Pauses } from './pause.ts';
import { Rates } from './watch-rates.ts';
import { summaryOf } from './watch-summary.ts';
import { WATCH_PAGE, type WatchFacts } from './watch-view.ts';

const EXAMPLES = `Examples:
  sudo portreeve watch                      what passes, in the terminal
  sudo portreeve watch -i eth1 tcp          a part of it
  sudo portreeve watch -i eth1 --for 15m    then stop, and assess the network
  portreeve watch -i eth1 --ndjson | jq .   a line each interval, for programs
`;

const NOTES = `
Exit codes: 0 done, 2 wrong usage, 4 capturing is not allowed.
`;

interface WatchCommandOptions extends LiveOptions {
  readonly interval?: number;
  readonly count?: number;
  readonly ndjson?: boolean;
  readonly maxFlows?: number;
  readonly top?: number;
}

const REFRESH_MS = 250;
/** Making pictures takes at most this share of the time. */
const PICTURE_SHARE = 0.2;
const DEFAULT_INTERVAL_MS = 5000;
const ROWS_OF_A_TABLE = 20;
const NEWS_FOR_MS = 15_000;

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('[filter...]', 'only packets that match, as for tcpdump')
    .option('--interval <time>', 'time between tables without a terminal (default: 5s)', interval)
    .option('--count <n>', 'stop after so many tables', wholeNumber(1, 1e9))
    .option('--ndjson', 'a JSON object each interval instead of a table')
    .option('--top <n>', 'rows of a table', wholeNumber(1, 1e6))
    .option('--max-flows <n>', 'flows in memory (default: 131072)', wholeNumber(64, 2 ** 24));
  addLiveOptions(command);
  command.action(async (filter: readonly string[], options: WatchCommandOptions) => {
    const made = await filterOf(filter.join(' '), namesOf(options));
    await new Watch(options, made).run();
  });
}

function interval(text: string): number {
  const ms = parseDuration(text);
  if (ms < 100) throw new InvalidArgumentError('It is 0.1s at least.');
  return ms;
}

class Watch {
  private readonly options: WatchCommandOptions;
  private readonly opened: Opened;
  private readonly thread: WatchThread;
  private readonly rates = new Rates();
  private startMs = Date.now();
  private readonly filterText: string;
  private latest: Look = NOTHING_YET;
  private readonly known = new Set<string>();
  private news: { text: string; atMs: number }[] = [];
  private eventMs = 0;
  /** The last look, once there is one. */
  private last: LastLook | undefined;

  constructor(options: WatchCommandOptions, filter: Filter | undefined) {
    const asTable = !process.stdout.isTTY || options.ndjson === true;
    if (!asTable && options.count !== undefined) {
      throw new Failure(USAGE, {
        what: '--count is for tables, not for the live view',
        ways: ['--for 15m ends the live view after a time'],
      });
    }
    this.options = options;
    this.filterText = filter?.parsed.text ?? '';
    this.opened = openLive(options, filter);
    const { rings, devices, names, filteredHere } = this.opened;
    const here = filteredHere === undefined ? {} : { filteredHere };
    this.thread = new WatchThread({
      interfaces: { rings, devices, names, ...here },
      filterText: filteredHere === undefined ? undefined : this.filterText,
      options: {
        seed: Math.floor(Math.random() * 2 ** 32) | 0,
        filtered: filter !== undefined,
        ...(options.maxFlows === undefined ? {} : { maxFlows: options.maxFlows }),
      },
    });
  }

  async run(): Promise<void> {
    await this.thread.ready;
    announce(this.opened, '');
    this.startMs = Date.now();
    this.rates.take(this.latest.picture, this.startMs);
    const stop = (): void => this.thread.stop();
    for (const signal of SIGNALS) process.on(signal, stop);
    const limit = this.options.for;
    const timer = limit === undefined ? undefined : setTimeout(stop, limit);
    const end = this.thread.end.then((last) => {
      this.last = last;
    });
    try {
      if (process.stdout.isTTY && !this.options.ndjson) await this.onScreen(end);
      else await this.asTables(end);
    } finally {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, stop);
    }
    await this.finish();
    process.exitCode = DONE;
  }

  /** Says what happened on the way, then the assessment. */
  private async finish(): Promise<void> {
    const last = this.last!;
    this.latest = last;
    for (const event of last.events) process.stderr.write(`${printable(event)}\n`);
    if (!this.options.ndjson) await summaryOf(this.facts(), last.judged, this.options);
  }

  private facts(): WatchFacts {
    const { for: limit } = this.options;
    const elapsedMs = Date.now() - this.startMs;
    const { picture, counts, events } = this.latest;
    const event = Date.now() - this.eventMs < NEWS_FOR_MS ? events.at(-1) : undefined;
    return {
      picture,
      rates: this.rates,
      counts,
      elapsedMs,
      ...(limit === undefined ? {} : { leftMs: Math.max(0, limit - elapsedMs) }),
      filterText: this.filterText,
      news: this.news.map(({ text }) => text),
      ...(event === undefined ? {} : { event }),
      unicode: terminalAbility(process.stdout, process.env).unicode,
    };
  }

  /** Takes a new look, and notes services that were not in the one before. */
  private take(look: Look): void {
    const nowMs = Date.now();
    const first = this.latest.picture.packets === 0;
    if (look.events.length > this.latest.events.length) this.eventMs = nowMs;
    this.latest = look;
    this.rates.take(look.picture, nowMs);
    this.news = this.news.filter(({ atMs }) => nowMs - atMs < NEWS_FOR_MS);
    for (const { server, port, transport, clients } of look.picture.services) {
      const key = `${server} ${port}/${transport}`;
      if (this.known.has(key)) continue;
      this.known.add(key);
      // What answers within the first seconds was there before.
      if (first || nowMs - this.startMs < 3000) continue;
      this.news.unshift({
        text: `${server}:${port} ${transport}  ${clients} ${clients === 1 ? 'client' : 'clients'}`,
        atMs: nowMs,
      });
    }
  }

  private async asTables(end: Promise<void>): Promise<void> {
    const every = this.options.interval ?? DEFAULT_INTERVAL_MS;
    const most = this.options.count ?? Number.POSITIVE_INFINITY;
    const pauses = new Pauses(end);
    for (let number = 1; number <= most; number++) {
      await pauses.pause(this.startMs + number * every - Date.now());
      // The assessment follows the tables; behind lines for programs comes what passed since.
      if (this.last !== undefined && !this.options.ndjson) return;
      this.take(this.last ?? (await this.thread.look()));
      process.stdout.write(this.options.ndjson ? this.jsonLine() : this.tableText());
      if (this.last !== undefined) return;
    }
    this.thread.stop();
    await end;
  }

  private jsonLine(): string {
    const { rates } = this;
    const { picture, counts } = this.latest;
    const { costMs: _cost, ports, ...rest } = picture;
    return `${safeJson({
      schema: 'portreeve/watch/1',
      timeMs: Date.now(),
      packetsPerSecond: rates.packets,
      bytesPerSecond: rates.bytes,
      interfaces: counts,
      ports: ports.map((use) => ({
        ...use,
        bytesPerSecond: rates.of(`${use.port}/${use.transport}`),
      })),
      ...rest,
    })}\n`;
  }

  private tableText(): string {
    const rows = (this.options.top ?? ROWS_OF_A_TABLE) + 5;
    const lines = liveLines(WATCH_PAGE, newState(), this.facts(), 1000, rows);
    const time = new Date().toISOString();
    const body = lines.slice(0, -1).map(({ text }) => printable(text.trimEnd()));
    return `${time}\n${body.filter((line) => line !== '').join('\n')}\n\n`;
  }

  private async onScreen(end: Promise<void>): Promise<void> {
    const view = new LiveTerminal(
      WATCH_PAGE,
      () => this.facts(),
      (wish) => this.act(wish, view.state),
    );
    const draw = (): void => {
      if (this.last === undefined) view.draw();
    };
    view.enter();
    try {
      await this.drawUntil(end, view.state, draw);
    } finally {
      view.leave();
    }
  }

  private async drawUntil(end: Promise<void>, state: LiveState, draw: () => void): Promise<void> {
    const pauses = new Pauses(end);
    while (this.last === undefined) {
      const look = await this.thread.look();
      // While the view stands still, drops are shown nevertheless.
      if (!state.paused) this.take(look);
      else this.latest = { ...look, picture: this.latest.picture };
      draw();
      await pauses.pause(Math.max(REFRESH_MS, look.picture.costMs / PICTURE_SHARE));
    }
  }

  private act(wish: Wish, state: LiveState): void {
    if (wish === 'quit') this.thread.stop();
    if (wish !== 'save') return;
    const path = `portreeve-watch-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.json`;
    try {
      writeFileSync(path, this.jsonLine(), { flag: 'wx' });
      const { ports, packets, bytes: octets } = this.latest.picture;
      state.message = `${path}: ${counted(ports.length, 'port')}, ${counted(packets, 'packet')}, ${bytes(octets)}`;
    } catch (error) {
      state.message = `cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`;
    }
  }
}

const NOTHING_YET: Look = {
  picture: {
    packets: 0,
    bytes: 0,
    flows: 0,
    evicted: 0,
    evictedLive: 0,
    ports: [],
    services: [],
    hosts: [],
    hostCount: 0,
    conversations: [],
    sizes: [],
    costMs: 0,
  } satisfies Picture,
  counts: [],
  events: [],
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
