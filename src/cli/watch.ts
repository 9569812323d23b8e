/** `portreeve watch`: ports, hosts and conversations as they pass, in a terminal or as lines. */
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import type { Filter } from '../pipeline/filters.ts';
import { type Picture, WatchSession } from '../pipeline/watch.ts';
import { safeJson } from '../report/escape.ts';
import { bytes, count } from '../report/numbers.ts';
import { terminalAbility } from '../report/terminal.ts';
import { wholeNumber } from './capture-options.ts';
import { DONE, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { filterOf } from './filter-option.ts';
import { addLiveOptions, type LiveOptions, parseDuration } from './interface-options.ts';
import { type OpenedLive, openInterfaces } from './open-interfaces.ts';
import { Screen } from './watch-screen.ts';
import { keysOf, newState, press, Rates, type WatchState } from './watch-state.ts';
import { summaryOf } from './watch-summary.ts';
import { rowKeys, type WatchFacts, watchLines } from './watch-view.ts';

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
    const made = await filterOf(filter.join(' '));
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
  private readonly opened: OpenedLive;
  private readonly session: WatchSession;
  private readonly rates = new Rates();
  private readonly startMs = Date.now();
  private readonly filterText: string;
  private picture: Picture;
  private readonly known = new Set<string>();
  private news: { text: string; atMs: number }[] = [];
  private ended = false;

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
    this.opened = openInterfaces(options, filter);
    this.session = new WatchSession(this.opened.source, {
      seed: Math.floor(Math.random() * 2 ** 32) | 0,
      ...(options.maxFlows === undefined ? {} : { maxFlows: options.maxFlows }),
    });
    this.picture = this.session.picture();
  }

  async run(): Promise<void> {
    const { live } = this.opened;
    const stop = (): void => live.stop();
    for (const signal of SIGNALS) process.on(signal, stop);
    const limit = this.options.for;
    const timer = limit === undefined ? undefined : setTimeout(stop, limit);
    try {
      if (process.stdout.isTTY && !this.options.ndjson) await this.onScreen();
      else await this.asTables();
    } finally {
      clearTimeout(timer);
      this.ended = true;
      for (const signal of SIGNALS) process.off(signal, stop);
      await live.close();
    }
    if (!this.options.ndjson) {
      await summaryOf(this.facts(), await this.session.judge(), this.options);
    }
    process.exitCode = DONE;
  }

  private facts(): WatchFacts {
    const { for: limit } = this.options;
    const elapsedMs = Date.now() - this.startMs;
    return {
      picture: this.picture,
      rates: this.rates,
      counts: this.opened.live.counts(),
      elapsedMs,
      ...(limit === undefined ? {} : { leftMs: Math.max(0, limit - elapsedMs) }),
      filterText: this.filterText,
      news: this.news.map(({ text }) => text),
      unicode: terminalAbility(process.stdout, process.env).unicode,
    };
  }

  /** Makes a new picture and notes services that were not in the one before. */
  private look(): void {
    const first = this.picture.packets === 0;
    this.picture = this.session.picture();
    const nowMs = Date.now();
    this.rates.take(this.picture, nowMs);
    this.news = this.news.filter(({ atMs }) => nowMs - atMs < NEWS_FOR_MS);
    for (const { server, port, transport, clients } of this.picture.services) {
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

  private async asTables(): Promise<void> {
    const every = this.options.interval ?? DEFAULT_INTERVAL_MS;
    let nextMs = this.startMs + every;
    let left = this.options.count ?? Number.POSITIVE_INFINITY;
    while (left > 0 && (await this.session.step())) {
      if (Date.now() < nextMs) continue;
      nextMs += every;
      left--;
      this.look();
      process.stdout.write(this.options.ndjson ? this.jsonLine() : this.tableText());
    }
    this.look();
  }

  private jsonLine(): string {
    const { picture, rates } = this;
    const { costMs: _cost, ports, ...rest } = picture;
    return `${safeJson({
      schema: 'portreeve/watch/1',
      timeMs: Date.now(),
      packetsPerSecond: rates.packets,
      bytesPerSecond: rates.bytes,
      interfaces: this.opened.live.counts(),
      ports: ports.map((use) => ({
        ...use,
        bytesPerSecond: rates.of(`${use.port}/${use.transport}`),
      })),
      ...rest,
    })}\n`;
  }

  private tableText(): string {
    const rows = (this.options.top ?? ROWS_OF_A_TABLE) + 5;
    const lines = watchLines(newState(), this.facts(), 1000, rows);
    const time = new Date().toISOString();
    const body = lines.slice(0, -1).map(({ text }) => text.trimEnd());
    return `${time}\n${body.filter((line) => line !== '').join('\n')}\n\n`;
  }

  private async onScreen(): Promise<void> {
    const state = newState();
    const screen = new Screen(process.stdout, terminalAbility(process.stdout, process.env).colour);
    const draw = (): void => {
      if (!this.ended) screen.draw(watchLines(state, this.facts(), screen.width, screen.height));
    };
    const resize = (): void => {
      screen.resize(process.stdout.columns ?? 80, process.stdout.rows ?? 24);
      draw();
    };
    const input = (text: string): void => {
      for (const key of keysOf(text))
        this.act(press(state, key, rowKeys(state, this.facts())), state);
      draw();
    };
    screen.enter();
    resize();
    process.stdout.on('resize', resize);
    process.stdin.setRawMode?.(true);
    process.stdin.setEncoding('utf8').on('data', input).resume();
    try {
      await this.drawWhileReading(state, draw);
    } finally {
      process.stdout.off('resize', resize);
      process.stdin.off('data', input).pause();
      process.stdin.setRawMode?.(false);
      screen.leave();
    }
  }

  private async drawWhileReading(state: WatchState, draw: () => void): Promise<void> {
    let drawnMs = 0;
    while (await this.session.step()) {
      const nowMs = Date.now();
      const pause = Math.max(REFRESH_MS, this.picture.costMs / PICTURE_SHARE);
      if (nowMs - drawnMs < pause) continue;
      drawnMs = nowMs;
      if (!state.paused) this.look();
      draw();
    }
    this.look();
  }

  private act(wish: ReturnType<typeof press>, state: WatchState): void {
    if (wish === 'quit') this.opened.live.stop();
    if (wish !== 'save') return;
    const path = `portreeve-watch-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.json`;
    try {
      writeFileSync(path, this.jsonLine(), { flag: 'wx' });
      const { ports, packets, bytes: octets } = this.picture;
      state.message = `${path}: ${count(ports.length)} ports, ${count(packets)} packets, ${bytes(octets)}`;
    } catch (error) {
      state.message = `cannot write ${path}: ${(error as NodeJS.ErrnoException).code}`;
    }
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
