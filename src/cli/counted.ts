/** `1 API key`, `2 API keys`, `0 other entries`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** What is in a keystore besides API keys. */
export function countedOthers(number: number): string {
  return counted(number, "other entry", "other entries");
}
