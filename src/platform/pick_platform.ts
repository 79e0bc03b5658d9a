import { AppError } from "../errors.ts";
import { darwinPlatform } from "./darwin.ts";
import { linuxPlatform } from "./linux.ts";
import type { NativeLibrary } from "./native_library.ts";
import type { Platform } from "./platform.ts";
import type { PosixProcess } from "./posix_process.ts";

/**
 * The platform of this process. The one place that asks which runtime and system this is.
 *
 * @throws AppError ERR_INTERNAL on a system that is none of Linux, macOS and Windows
 */
export async function pickPlatform(
  process: PosixProcess & { readonly platform: string; readonly execPath: string },
): Promise<Platform> {
  switch (process.platform) {
    case "linux":
      return linuxPlatform(process, await openLibrary());
    case "darwin":
      return darwinPlatform(process, await openLibrary());
    case "win32":
      return await pickWindows(process);
    default:
      throw new AppError("ERR_INTERNAL", `unsupported system ${process.platform}`);
  }
}

async function pickWindows(process: PosixProcess & { execPath: string }): Promise<Platform> {
  if ("Deno" in globalThis) {
    // It has no libuv, which makes a file descriptor of what Windows opens.
    throw new AppError("ERR_INTERNAL", "apikey needs Node on Windows");
  }
  const { addressOf, openNodeLibrary, readMemory } = await import("./node.ts");
  const { windowsPlatform } = await import("./windows/platform.ts");
  return windowsPlatform(process, {
    kernel32: openNodeLibrary("kernel32.dll"),
    advapi32: openNodeLibrary("advapi32.dll"),
    runtime: openNodeLibrary(process.execPath),
    readMemory,
    addressOf,
  });
}

async function openLibrary(): Promise<NativeLibrary> {
  if ("Deno" in globalThis) return (await import("./deno.ts")).openDenoLibrary();
  return (await import("./node.ts")).openNodeLibrary();
}
