/** How long reading one file may take. */
export const MAX_CASE_MS = 2_000;

/** How much memory a process may take that reads thousands of files, its runtime included. */
export const MAX_RSS_BYTES = 256 * 1024 * 1024;
