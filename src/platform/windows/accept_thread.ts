/** What the thread is given. */
export interface AcceptThreadData {
  readonly path: string;
  /** The pipe's first instance, which exists already. */
  readonly instance: bigint;
  /** An event that ends the thread. */
  readonly stop: bigint;
  /** SECURITY_ATTRIBUTES of further instances. */
  readonly attributes: Uint8Array;
}

/**
 * Waits for clients of a named pipe, which Windows can only do by stopping a thread, and posts the
 * handle of each connection. It runs in a thread of its own from the text of its source, so nothing
 * outside of this function is there.
 */
export function acceptOnThread(
  ffi: typeof import("node:ffi"),
  { parentPort, workerData }: typeof import("node:worker_threads"),
): void {
  const [ERROR_PIPE_CONNECTED, ERROR_IO_PENDING] = [535, 997];
  const [WAIT_OBJECT_0, INVALID_HANDLE] = [0, 0xffff_ffff_ffff_ffffn];
  const AFTER_FAILURE_MS = 100;
  // Only between two waits the thread can be ended from outside, as when the process exits.
  const LONGEST_WAIT_MS = 1_000;

  const { path, instance: first, stop, attributes }: AcceptThreadData = workerData;
  const { lib } = ffi.dlopen("kernel32.dll");
  const { CreateEventW, CreateNamedPipeW, ConnectNamedPipe, CloseHandle, GetLastError } = lib
    .getFunctions({
      CreateEventW: { arguments: ["pointer", "i32", "i32", "pointer"], return: "u64" },
      CreateNamedPipeW: {
        arguments: ["pointer", "u32", "u32", "u32", "u32", "u32", "u32", "pointer"],
        return: "u64",
      },
      ConnectNamedPipe: { arguments: ["u64", "pointer"], return: "i32" },
      CloseHandle: { arguments: ["u64"], return: "i32" },
      GetLastError: { arguments: [], return: "u32" },
    });
  const { WaitForMultipleObjects } = lib.getFunctions({
    WaitForMultipleObjects: { arguments: ["u32", "pointer", "i32", "u32"], return: "u32" },
  });
  const name = Buffer.from(`${path}\0`, "utf16le");
  const isConnected = CreateEventW(null, 1, 0, null);
  // Windows writes to it while the thread waits: it must be where V8 moves nothing.
  const overlapped = new BigUint64Array(new ArrayBuffer(128), 0, 4);
  const events = BigUint64Array.of(stop, isConnected);

  for (let instance: bigint | undefined = first;;) {
    const state = instance === undefined ? "failed" : connect(instance);
    if (state === "stopped") return;
    if (state === "failed") {
      if (instance !== undefined) CloseHandle(instance);
      if (isStopped(AFTER_FAILURE_MS)) return;
      instance = create();
      continue;
    }
    // The next one first: a name without an instance would be anybody's to take.
    const next = create();
    parentPort?.postMessage(instance);
    instance = next;
  }

  function connect(instance: bigint): "connected" | "failed" | "stopped" {
    overlapped.set([0n, 0n, 0n, isConnected]);
    if (ConnectNamedPipe(instance, overlapped) !== 0) return "connected";
    const error = GetLastError();
    if (error === ERROR_PIPE_CONNECTED) return "connected";
    if (error !== ERROR_IO_PENDING) return "failed";
    for (;;) {
      const event = WaitForMultipleObjects(2, events, 0, LONGEST_WAIT_MS);
      if (event === WAIT_OBJECT_0) return "stopped";
      // Whether somebody has connected shows when the connection is used.
      if (event === WAIT_OBJECT_0 + 1) return "connected";
    }
  }

  function isStopped(waitMs: number): boolean {
    return WaitForMultipleObjects(1, events, 0, waitMs) === WAIT_OBJECT_0;
  }

  function create(): bigint | undefined {
    // As in pipe_instance.ts, which made the first one.
    const instance = CreateNamedPipeW(name, 0x4000_0003, 8, 255, 65_536, 65_536, 0, attributes);
    return instance === INVALID_HANDLE ? undefined : instance;
  }
}
