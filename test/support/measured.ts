/**
 * Prints what a test has measured. The runner shows such lines whether or not the test passes.
 */
export function measured(text: string): void {
  // On a line of its own: uvu leaves the cursor anywhere.
  console.log(`\n# measured: ${text}`);
}
