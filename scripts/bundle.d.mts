export function bundleFile(entry: string, outfile: string): Promise<void>;
