/**
 * Who looks around: clients that try many targets within minutes, most of which fail, and services
 * asked of many hosts none of which answers. Thresholds follow published practice for detectors of
 * failed connections: 20 different targets in ten minutes of which four fifths fail, or one service
 * of 15 hosts that all fail.
 */

const WINDOW_MS = 600_000;
const SCAN_TARGETS = 20;
const SCAN_FAILURES = 0.8;
const SWEEP_HOSTS = 15;
/** Different targets remembered for one client in one window; more change nothing. */
const MOST_TARGETS = 64;
/** Windows remembered of one client; then the one begun first is judged and let go. */
const MOST_WINDOWS = 8;

/** What one client tried within one window. */
interface Window {
  readonly number: number;
  readonly all: Set<object>;
  readonly failed: Set<object>;
}

/** What is remembered of one client. */
class Client {
  private readonly windows: Window[] = [];
  private scanned = false;
  /** Hosts that did not answer, by service. */
  readonly sweeps = new Map<string, Set<string>>();

  windowAt(atMs: number): Window {
    const number = Math.floor(atMs / WINDOW_MS);
    const { windows } = this;
    for (let at = windows.length - 1; at >= 0; at--) {
      if (windows[at]!.number === number) return windows[at]!;
    }
    const window = { number, all: new Set<object>(), failed: new Set<object>() };
    windows.push(window);
    if (windows.length > MOST_WINDOWS) this.scanned = isScan(windows.shift()!) || this.scanned;
    return window;
  }

  get scans(): boolean {
    return this.scanned || this.windows.some(isScan);
  }
}

function isScan({ all, failed }: Window): boolean {
  return all.size >= SCAN_TARGETS && failed.size >= SCAN_FAILURES * all.size;
}

/** One server's service as one client asks for it; the same object each time. */
export interface Target {
  readonly client: string;
  readonly server: string;
  readonly service: string;
}

/** Tries come roughly in the order of time: only the latest windows of a client stay open. */
export class ScanWatch {
  private readonly clients = new Map<string, Client>();

  add(target: Target, atMs: number, failed: boolean): void {
    let client = this.clients.get(target.client);
    if (client === undefined) {
      client = new Client();
      this.clients.set(target.client, client);
    }
    const window = client.windowAt(atMs);
    if (window.all.size < MOST_TARGETS) window.all.add(target);
    if (!failed) return;
    if (window.failed.size < MOST_TARGETS) window.failed.add(target);
    const hosts = client.sweeps.get(target.service);
    if (hosts === undefined) client.sweeps.set(target.service, new Set([target.server]));
    else if (hosts.size < MOST_TARGETS) hosts.add(target.server);
  }

  /** Why a conversation that nobody answered is noise, if it is. */
  noise({ client: name, service }: Target): string | undefined {
    const client = this.clients.get(name);
    const hosts = client?.sweeps.get(service)?.size ?? 0;
    if (hosts >= SWEEP_HOSTS) return `sweep: ${service} of ${hosts} hosts without an answer`;
    if (client?.scans === true) return 'scan: its client tried many targets without an answer';
    return undefined;
  }
}
