export async function writeDifference(..._: unknown[]): Promise<void> {}
