/** Captures as the command `capture` wants them: frames in, lines and files out. */
import { writeAll } from '../sources/capture/file-writer.ts';
import type { FrameBatch, FrameSource } from '../wire/frame-batch.ts';
import { Printer, type PrinterOptions } from '../wire/print/printer.ts';

export { FileWriter, MixedLinkTypes } from '../sources/capture/file-writer.ts';
export { captureNotes } from '../sources/pcap/capture-notes.ts';
export { type CaptureReader, openCaptures } from '../sources/pcap/capture-reader.ts';
export type { FrameBatch, FrameSource, PrinterOptions };

/** Lines are written once there are this many octets of them. */
const WRITE_OCTETS = 64 * 1024;
const STANDARD_OUTPUT = 1;

/** Prints frames to standard output. */
export class LineOutput {
  private readonly printer: Printer;
  private readonly prompt: boolean;

  /** @param prompt write after every batch, not only when much came together */
  constructor(options: PrinterOptions, prompt: boolean) {
    this.printer = new Printer(options);
    this.prompt = prompt;
  }

  print(batch: FrameBatch, index: number, source: FrameSource): void {
    this.printer.print(batch, index, source.interfaces[batch.interface[index]!]!.linkType);
    if (this.printer.length >= WRITE_OCTETS) this.flush();
  }

  batchEnded(): void {
    if (this.prompt) this.flush();
  }

  /** Throws the system's error when standard output cannot be written. */
  flush(): void {
    writeAll(STANDARD_OUTPUT, this.printer.text, this.printer.length);
    this.printer.clear();
  }
}

/** Port names as tcpdump shows them: the system's, then the registry's. */
export async function portNames(): Promise<PrinterOptions['portName']> {
  const [{ readServicesFile }, { serviceName }] = await Promise.all([
    import('../sources/names/services-file.ts'),
    import('../catalog/services.ts'),
  ]);
  const known = new Map<string, string>();
  for (const [key, port] of readServicesFile()) {
    const [name = '', transport = ''] = key.split('/');
    if (!known.has(`${port}/${transport}`)) known.set(`${port}/${transport}`, name);
  }
  const cache = new Map<number, string | undefined>();
  return (port, transport) => {
    const key = port * 2 + (transport === 'tcp' ? 0 : 1);
    if (!cache.has(key)) {
      cache.set(key, known.get(`${port}/${transport}`) ?? serviceName(transport, port));
    }
    return cache.get(key);
  };
}
